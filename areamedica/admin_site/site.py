"""The back office's own admin site: refusals read well and are journaled."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.i18n import set_language
from unfold.forms import AuthenticationForm
from unfold.sites import UnfoldAdminSite

from accounts.errors import InvalidCredentials
from accounts.services.access import note_refusal
from accounts.services.second_step import must_enrol
from accounts.visitors import actor_of
from areamedica import metrics
from areamedica.admin_site import by_link, own_security
from areamedica.admin_site.own_password import own_password
from areamedica.admin_site.second_step import PasswordStep, second_step
from areamedica.back_office import NotAllowed, can, person_of, tell_of
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
        pages = {
            "my-security/": ("my_security", own_security.overview),
            "my-security/confirm/": ("my_security_confirm", own_security.confirmation),
            "my-security/app/": ("my_security_app", own_security.add_totp),
            "my-security/passkey/": ("my_security_passkey", own_security.add_passkey),
            "my-security/codes/": (
                "my_security_codes",
                own_security.new_recovery_codes,
            ),
            "my-security/remove/<int:pk>/": (
                "my_security_remove",
                own_security.remove_factor,
            ),
        }
        return [
            path("language/", set_language, name="language"),
            *by_link.urls,
            path("second-step/", self.second_step, name="second_step"),
            *(
                path(address, self.admin_view(self._page(page)), name=name)
                for address, (name, page) in pages.items()
            ),
        ]

    def _page(self, page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, **kwargs: object) -> HttpResponse:
            return page(request, self, **kwargs)

        return view

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own, but for the view, which may lead to the second step."""
        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        context = {
            **self.each_context(request),
            "title": _("Sign in"),
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **(extra_context or {}),
        }
        return PasswordStep.as_view(
            extra_context=context,
            authentication_form=self.login_form,
            template_name="admin/login.html",
        )(request)

    @method_decorator(never_cache)
    def second_step(self, request: HttpRequest) -> HttpResponse:
        return second_step(request, self)

    def admin_view(
        self,
        view: Callable[..., HttpResponseBase],
        cacheable: bool = False,  # noqa: FBT001, FBT002 (Django's signature)
    ) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def inside(
            request: HttpRequest, *args: object, **kwargs: object
        ) -> HttpResponseBase:
            if self._must_enrol_first(request):
                return redirect("admin:my_security")
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
                tell_of(request, refusal)
                return self.refuse(request, refusal)

        guarded: Callable[..., HttpResponseBase] = super().admin_view(inside, cacheable)
        return guarded

    def _must_enrol_first(self, request: HttpRequest) -> bool:
        """Whether the person lacks a factor and this is not where one is added."""
        lacks_one = must_enrol(actor_of(request))
        # The menu reads it too: what does not open is not shown.
        request.must_enrol = lacks_one  # type: ignore[attr-defined]
        here = request.resolver_match.url_name if request.resolver_match else ""
        return lacks_one and not str(here).startswith(("my_security", "logout"))

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
