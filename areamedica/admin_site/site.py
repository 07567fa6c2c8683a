"""The back office's own admin site: refusals read well and are journaled."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy
from django.views.i18n import set_language
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.errors import InvalidCredentials
from accounts.services.access import note_refusal
from areamedica import metrics
from areamedica.admin_site.own_password import own_password
from areamedica.back_office import NotAllowed, can, person_of
from areamedica.errors import Forbidden, Refusal


class SignIn(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """Says the same whatever is wrong, and in a clerk's words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **AuthenticationForm.error_messages,
        "invalid_login": InvalidCredentials.sentence,
    }


class BackOffice(UnfoldAdminSite):  # type: ignore[misc]  # unfold has no types
    """Unfold's site, with our doors."""

    index_title = gettext_lazy("Home")
    login_form = SignIn

    def extra_urls(self) -> list[URLPattern]:
        return [path("language/", set_language, name="language")]

    def admin_view(
        self,
        view: Callable[..., HttpResponseBase],
        cacheable: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def inside(
            request: HttpRequest, *args: object, **kwargs: object
        ) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except NotAllowed as error:
                return self.forbid(request, error)
            except PermissionDenied:
                # Django's own pages do not say what is lacking; their owner does.
                owner = getattr(view, "__self__", None)
                lacking = getattr(owner, "opens_with", ())
                if not lacking or can(request, *lacking):
                    # A form of Django's that we do not offer to anybody.
                    return self.refuse(request, Forbidden())
                return self.forbid(request, NotAllowed(*lacking))
            except Refusal as refusal:
                return self.refuse(request, refusal)

        guarded: Callable[..., HttpResponseBase] = super().admin_view(inside, cacheable)
        return guarded

    def refuse(self, request: HttpRequest, refusal: Refusal) -> HttpResponseBase:
        """A page that says the refusal's sentence, inside the house."""
        context = {
            **self.each_context(request),
            "title": refusal.message,
            "refusal": refusal,
        }
        return TemplateResponse(
            request,
            "back_office/refused.html",
            context,
            status=refusal.status,
        )

    def forbid(self, request: HttpRequest, error: NotAllowed) -> HttpResponseBase:
        """Journal that somebody knocked on a door that is not his."""
        lacking = error.lacking[0].value if error.lacking else ""
        note_refusal(
            actor_id=person_of(request).pk,
            route=metrics.route_of(request),
            facts={"permission": lacking},
        )
        return self.refuse(request, Forbidden(permission=lacking))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return own_password(request, self)
