"""What is done to a service client: a POST each, through the services."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.admin.forms import ReasonedForm, first_problem
from accounts.admin.machine_forms import KeyForm, LimitsForm, RotateForm, ScopeForm
from accounts.models import Grant, ServiceClient
from accounts.services import machines, rights
from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, ReadOnlyAdmin, say, superusers_page
from areamedica.errors import Refusal

Deed = Callable[[ServiceClient, dict[str, Any]], None]


def client_of(pk: UUID) -> ServiceClient:
    """:raises Http404: there is no such client."""
    everyone = ServiceClient.objects.select_related("user", "created_by")
    return get_object_or_404(everyone, pk=pk)


class MachineButtons(ReadOnlyAdmin):
    """Keys, limits, scopes, closing; a new key is shown in the answer and never again.

    No redirect then: a secret in a session, a cookie or an address would be kept.
    """

    def _carry_out(
        self, request: HttpRequest, pk: UUID, form: forms.Form, do: Deed, done: str
    ) -> HttpResponse:
        client = client_of(pk)
        if not form.is_valid():
            messages.error(request, first_problem(form))
            return redirect("admin:accounts_serviceclient_change", pk)
        try:
            do(client, form.cleaned_data)
            messages.success(request, done)
        except Refusal as refusal:
            say(request, refusal)
        return redirect("admin:accounts_serviceclient_change", pk)

    def _show_key(
        self,
        request: HttpRequest,
        pk: UUID,
        form: KeyForm,
        make: Callable[[dict[str, Any]], machines.Issued],
    ) -> HttpResponse:
        if not form.is_valid():
            messages.error(request, first_problem(form))
            return redirect("admin:accounts_serviceclient_change", pk)
        try:
            issued = make(form.facts())
        except Refusal as refusal:
            say(request, refusal)
            return redirect("admin:accounts_serviceclient_change", pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("The new key"),
            "client": issued.key.client,
            "key": issued.key,
            "text": issued.text,
        }
        return TemplateResponse(request, "accounts/machine_key.html", context)

    @superusers_page(methods=CHANGES)
    def issue(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        client, actor = client_of(pk), actor_of(request)
        return self._show_key(
            request,
            pk,
            KeyForm(request.POST),
            lambda facts: machines.issue_key(actor=actor, client=client, **facts),
        )

    @superusers_page(methods=CHANGES)
    def rotate(self, request: HttpRequest, pk: UUID, key_id: UUID) -> HttpResponse:
        key = get_object_or_404(client_of(pk).keys, pk=key_id)
        actor = actor_of(request)
        return self._show_key(
            request,
            pk,
            RotateForm(request.POST),
            lambda facts: machines.rotate(actor=actor, key=key, **facts),
        )

    @superusers_page(methods=CHANGES)
    def revoke_key(self, request: HttpRequest, pk: UUID, key_id: UUID) -> HttpResponse:
        key = get_object_or_404(client_of(pk).keys, pk=key_id)
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            ReasonedForm(request.POST),
            lambda client, told: machines.revoke_key(actor=actor, key=key, **told),
            _("The key no longer opens anything."),
        )

    @superusers_page(methods=CHANGES)
    def limits(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            LimitsForm(request.POST),
            lambda client, told: machines.set_limits(
                actor=actor, client=client, **told
            ),
            _("It was changed."),
        )

    @superusers_page(methods=CHANGES)
    def close(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            ReasonedForm(request.POST),
            lambda client, told: machines.close(actor=actor, client=client, **told),
            _("The client is closed and its keys have ended."),
        )

    @superusers_page(methods=CHANGES)
    def reopen(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        return self._carry_out(
            request,
            pk,
            ReasonedForm(request.POST),
            lambda client, told: machines.reopen(actor=actor, client=client, **told),
            _("The client is open again; give it a key."),
        )

    @superusers_page(methods=CHANGES)
    def grant(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)

        def give(client: ServiceClient, told: dict[str, Any]) -> None:
            rights.grant(actor=actor, user=client.user, **told)

        form, done = ScopeForm(request.POST), _("The permission was granted.")
        return self._carry_out(request, pk, form, give, done)

    @superusers_page(methods=CHANGES)
    def revoke(self, request: HttpRequest, pk: UUID, grant_id: int) -> HttpResponse:
        actor = actor_of(request)

        def take(client: ServiceClient, told: dict[str, Any]) -> None:
            given = get_object_or_404(
                Grant.objects.select_related("user", "permission"),
                pk=grant_id,
                user=client.pk,
            )
            rights.revoke(actor=actor, given=given, **told)

        form, done = ReasonedForm(request.POST), _("The permission was revoked.")
        return self._carry_out(request, pk, form, take, done)
