"""My security: one's own second factors, through the services like everything."""

import json
from base64 import b64encode
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import InvalidSecondFactor, SecondStepLocked
from accounts.services import second_factor
from accounts.services.second_step import confirm, is_enrolled, must_enrol
from accounts.visitors import actor_of
from areamedica.admin_site.confirmation import (
    confirmed,
    forget_confirmed,
    note_confirmed,
)
from areamedica.admin_site.second_step import ProofForm, passkey_asked, problems_of

# Encrypted there as well: a session is a row that anybody with the database reads.
_SECRET = "second_factor_secret"  # noqa: S105 (a name)


class ConfirmForm(ProofForm):
    password = forms.CharField(
        label=gettext_lazy("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "autofocus": True}
        ),
    )
    field_order = ("password", "code")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code that the app shows"),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )


class PasskeyForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=40)
    passkey = forms.JSONField(widget=forms.HiddenInput)


def _show(
    request: HttpRequest, site: AdminSite, name: str, **context: Any
) -> HttpResponse:
    whole = {**site.each_context(request), **context}
    return TemplateResponse(request, f"back_office/{name}.html", whole)


def _done(
    request: HttpRequest, site: AdminSite, said: str, codes: list[str]
) -> HttpResponse:
    """Say what was done; recovery codes are shown here and never again.

    The confirmation was for this one change.
    """
    forget_confirmed(request)
    messages.success(request, said)
    if not codes:
        return redirect("admin:my_security")
    title = _("Recovery codes")
    halves = [f"{code[:4]} {code[4:]}" for code in codes]
    return _show(request, site, "recovery_codes", title=title, codes=halves)


def overview(request: HttpRequest, site: AdminSite) -> HttpResponse:
    user = actor_of(request)
    factors = second_factor.factors_of(user)
    return _show(
        request,
        site,
        "own_security",
        title=_("My security"),
        factors=factors,
        has_totp=any(each.type == second_factor.Kind.TOTP for each in factors),
        codes_left=second_factor.unused_recovery_codes(user),
        must_enrol=must_enrol(user),
    )


def confirmation(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Ask for the password and, of whoever has one, the second factor."""
    user = actor_of(request)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            confirm(
                user=user,
                password=form.cleaned_data["password"],
                proof=form.proof(request),
            )
        except InvalidSecondFactor:
            form.add_error(None, _("The password or the code is wrong."))
        except SecondStepLocked as refusal:
            form.add_error(None, refusal.message)
        else:
            note_confirmed(request)
            return redirect(_back_to(request))
    return _show(
        request,
        site,
        "confirm_oneself",
        title=_("Confirm that it is you"),
        form=ConfirmForm(),
        problems=problems_of(form),
        is_enrolled=is_enrolled(user),
        passkey_asked=passkey_asked(request, user),
    )


def _back_to(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return "admin:my_security"


@confirmed
def add_totp(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """Show a new secret until a code of it comes back."""
    user, form = actor_of(request), CodeForm(request.POST or None)
    if _SECRET not in request.session:
        request.session[_SECRET] = encrypt(generate_totp_secret())
    secret: str = decrypt(request.session[_SECRET])
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.add_totp(
                user=user,
                secret=secret,
                code=form.cleaned_data["code"],
                now=timezone.now(),
            )
        except InvalidSecondFactor as refusal:
            form.add_error("code", refusal.message)
        else:
            del request.session[_SECRET]
            return _done(request, site, _("The app was added."), codes)
    adapter = get_adapter()
    drawing: str = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    return _show(
        request,
        site,
        "add_totp",
        title=_("Add an authenticator app"),
        form=form,
        drawing=f"data:image/svg+xml;base64,{b64encode(drawing.encode()).decode()}",
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
    )


@confirmed
def add_passkey(request: HttpRequest, site: AdminSite) -> HttpResponse:
    user, form = actor_of(request), PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.add_passkey(
                request=request,
                user=user,
                name=form.cleaned_data["name"],
                response=form.cleaned_data["passkey"],
            )
        except InvalidSecondFactor:
            form.add_error("name", _("This passkey could not be added; try again."))
        else:
            return _done(request, site, _("The passkey was added."), codes)
    return _show(
        request,
        site,
        "add_passkey",
        title=_("Add a passkey"),
        form=form,
        offer=json.dumps(second_factor.passkey_offer(request, user)),
    )


@confirmed
def new_recovery_codes(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if request.method == "POST":
        codes = second_factor.renew_recovery_codes(user=actor_of(request))
        return _done(request, site, _("The old codes are worth nothing now."), codes)
    return _show(
        request,
        site,
        "own_security_question",
        title=_("New recovery codes"),
        question=_("Make ten new codes? The old ones will be worth nothing."),
        button=_("Make new codes"),
    )


@confirmed
def remove_factor(request: HttpRequest, site: AdminSite, *, pk: int) -> HttpResponse:
    user = actor_of(request)
    factor: Authenticator = get_object_or_404(second_factor.factors_of(user), pk=pk)
    if request.method == "POST":
        second_factor.remove(user=user, factor=factor)
        return _done(request, site, _("The second factor was removed."), [])
    return _show(
        request,
        site,
        "own_security_question",
        title=_("Remove a second factor"),
        question=_("Remove “{factor}”?").format(factor=factor),
        button=_("Remove"),
    )
