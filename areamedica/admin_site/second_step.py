"""Between the password and the back office: the page of the second step.

Nobody is signed in here. The session only remembers, for five minutes, whose password
was right; it gets a new key when that begins and when it ends.
"""

import json
import time
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services.second_factor import Kind, factors_of
from accounts.services.second_step import (
    Proof,
    answer,
    by_code,
    by_passkey,
    is_enrolled,
    passkey_question,
)
from accounts.tokens import STEP_LIFETIME
from areamedica.admin_site.confirmation import note_confirmed
from areamedica.errors import Refusal

WAITING = "second_step"


class PasswordStep(LoginView):
    """Django's own, which signs in whoever has no second factor."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        assert isinstance(user, User)  # noqa: S101 (we have no other kind)
        if is_enrolled(user):
            _wait(self.request, user, next_page=self.get_success_url())
            return redirect("admin:second_step")
        signed_in = super().form_valid(form)
        # It was just typed: the first factor may be added without asking again.
        note_confirmed(self.request)
        return signed_in


def _wait(request: HttpRequest, user: User, *, next_page: str) -> None:
    request.session.cycle_key()
    request.session[WAITING] = {
        "user": str(user.pk),
        "version": user.token_version,
        "since": time.time(),
        "next": next_page,
    }


def _waiting(request: HttpRequest) -> User | None:
    """Whose second step this session waits for, if it is not too late."""
    waiting = request.session.get(WAITING)
    if not waiting or time.time() - waiting["since"] > STEP_LIFETIME.total_seconds():
        return None
    people = User.objects.with_rights().filter(is_active=True)
    found: User | None = people.filter(
        pk=waiting["user"], token_version=waiting["version"]
    ).first()
    return found


class ProofForm(forms.Form):
    """A code, or what a passkey answered."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=32,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "autofocus": True,
            }
        ),
    )
    passkey = forms.JSONField(required=False, widget=forms.HiddenInput)

    def proof(self, request: HttpRequest) -> Proof:
        response, now = self.cleaned_data["passkey"], timezone.now()
        if isinstance(response, dict):
            return by_passkey(request, response, now=now)
        return by_code(self.cleaned_data["code"], now=now)


def passkey_asked(request: HttpRequest, user: User) -> str:
    """The question to the person's passkeys as JSON; empty when there are none."""
    if not factors_of(user).filter(type=Kind.WEBAUTHN).exists():
        return ""
    return json.dumps(passkey_question(request, user))


def problems_of(form: forms.Form) -> list[str]:
    return [str(problem) for problems in form.errors.values() for problem in problems]


def second_step(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The page that takes a code or a passkey, and then signs in."""
    user = _waiting(request)
    if user is None:
        return redirect("admin:login")
    form = ProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            proved = answer(user=user, proof=form.proof(request))
        except Refusal as refusal:
            form.add_error(None, refusal.message)
        else:
            request.proved_by = proved  # type: ignore[attr-defined]
            return _let_in(request, user)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": _("Second step"),
        # Always empty: a passkey's old answer must not be sent again.
        "form": ProofForm(),
        "problems": problems_of(form),
        "passkey_asked": passkey_asked(request, user),
    }
    return TemplateResponse(request, "back_office/second_step.html", context)


def _let_in(request: HttpRequest, user: User) -> HttpResponse:
    waiting = request.session.pop(WAITING)
    login(request, user, backend="accounts.authentication.EmailBackend")
    return redirect(waiting["next"])
