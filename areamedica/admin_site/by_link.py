"""Pages for who cannot sign in: ask for a link, set a password, confirm an e-mail.

A link's token stands behind the "#" of its address, which no browser sends; the page's
script moves it into the form. So it is in no log, and whatever merely opens links (mail
scanners) uses none up.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.services import mailbox
from areamedica.api.throttling import limit_sign_ins
from areamedica.errors import Refusal

_NEW = {"autocomplete": "new-password"}


class Ask(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=255,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


class ByLink(forms.Form):
    token = forms.CharField(max_length=1024, widget=forms.HiddenInput, required=False)


class NewPassword(ByLink):
    password = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={**_NEW, "autofocus": True}),
    )
    confirmation = forms.CharField(
        label=_("The new password once more"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs=_NEW),
    )

    def clean(self) -> None:
        told = self.cleaned_data
        if told.get("password") != told.get("confirmation"):
            self.add_error("confirmation", _("The two are not the same."))


def _set_password(told: dict[str, Any]) -> None:
    mailbox.reset_password(token=told["token"], password=told["password"])


def _page(
    request: HttpRequest,
    name: str,
    title: str | Promise,
    form: forms.Form,
    act: Callable[[dict[str, Any]], object],
) -> HttpResponse:
    """Ask; then say that it was done, or why it was not."""
    moment, refusal = "asks", None
    if request.method == "POST" and form.is_valid():
        try:
            limit_sign_ins(request)
            act(form.cleaned_data)
            moment = "done"
        except ValidationError as error:
            form.add_error("password", error)
        except Refusal as raised:
            moment, refusal = "refused", raised
    context = {
        **admin.site.each_context(request),
        "title": title,
        "form": form,
        "moment": moment,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 200
    return TemplateResponse(request, f"accounts/{name}.html", context, status=status)


def forgotten(request: HttpRequest) -> HttpResponse:
    form = Ask(request.POST or None)
    title = _("Forgot your password?")
    return _page(
        request,
        "forgotten",
        title,
        form,
        lambda told: mailbox.ask_for_new_password(**told),
    )


def set_password(request: HttpRequest) -> HttpResponse:
    form = NewPassword(request.POST or None)
    return _page(request, "set_password", _("Set a new password"), form, _set_password)


def verify_email(request: HttpRequest) -> HttpResponse:
    form, title = ByLink(request.POST or None), _("Confirm your e-mail")
    return _page(
        request, "verify_email", title, form, lambda told: mailbox.verify_email(**told)
    )


def _door(view: Callable[[HttpRequest], HttpResponse]) -> Any:  # noqa: ANN401 (Django's)
    """Open to everybody; nothing typed there is kept or shown in an error's report."""
    hidden = sensitive_post_parameters()(view)
    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(hidden))


urls = [
    path("forgotten/", _door(forgotten), name="forgotten"),
    path("set-password/", _door(set_password), name="set_password"),
    path("verify-email/", _door(verify_email), name="verify_email"),
]
