"""What is done to a service client: a POST each, through the services."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from accounts.admin.forms import ReasonedForm
from accounts.admin.machine_forms import KeyForm, LimitsForm, RotateForm, ScopeForm
from accounts.admin.rights_buttons import given_to
from accounts.models import ServiceClient
from accounts.services import machines, rights
from accounts.visitors import actor_of
from areamedica.back_office import (
    CHANGES,
    OwnPages,
    superusers_page,
    telling,
    typed,
)

Deed = Callable[[ServiceClient], None]


def client_of(pk: UUID) -> ServiceClient:
    """:raises Http404: there is no such client."""
    everyone = ServiceClient.objects.select_related("user", "created_by")
    return get_object_or_404(everyone, pk=pk)


class MachineButtons(OwnPages):
    """Keys, limits, scopes, closing; a new key is shown in the answer and never again.

    No redirect then: a secret in a session, a cookie or an address would be kept.
    """

    folder = "accounts"

    def _carry_out(
        self, request: HttpRequest, pk: UUID, do: Deed, done: str
    ) -> HttpResponse:
        client = client_of(pk)
        with telling(request):
            do(client)
            messages.success(request, done)
        return redirect("admin:accounts_serviceclient_change", pk)

    def _show_key(
        self, request: HttpRequest, pk: UUID, make: Callable[[], machines.Issued]
    ) -> HttpResponse:
        with telling(request):
            issued = make()
            return self._show(
                request,
                "machine_key",
                title=_("The new key"),
                client=issued.key.client,
                key=issued.key,
                text=issued.text,
            )
        return redirect("admin:accounts_serviceclient_change", pk)

    @superusers_page(methods=CHANGES)
    def issue(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        client, actor, form = client_of(pk), actor_of(request), KeyForm(request.POST)
        return self._show_key(
            request,
            pk,
            lambda: machines.issue_key(actor=actor, client=client, **form.facts()),
        )

    @superusers_page(methods=CHANGES)
    def rotate(self, request: HttpRequest, pk: UUID, key_id: UUID) -> HttpResponse:
        key = get_object_or_404(client_of(pk).keys, pk=key_id)
        actor, form = actor_of(request), RotateForm(request.POST)
        return self._show_key(
            request,
            pk,
            lambda: machines.rotate(actor=actor, key=key, **form.facts()),
        )

    @superusers_page(methods=CHANGES)
    def revoke_key(self, request: HttpRequest, pk: UUID, key_id: UUID) -> HttpResponse:
        key = get_object_or_404(client_of(pk).keys, pk=key_id)
        actor, form = actor_of(request), ReasonedForm(request.POST)
        return self._carry_out(
            request,
            pk,
            lambda _client: machines.revoke_key(actor=actor, key=key, **typed(form)),
            _("The key no longer opens anything."),
        )

    @superusers_page(methods=CHANGES)
    def limits(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor, form = actor_of(request), LimitsForm(request.POST)
        return self._carry_out(
            request,
            pk,
            lambda client: machines.set_limits(
                actor=actor, client=client, **typed(form)
            ),
            _("It was changed."),
        )

    @superusers_page(methods=CHANGES)
    def close(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor, form = actor_of(request), ReasonedForm(request.POST)
        return self._carry_out(
            request,
            pk,
            lambda client: machines.close(actor=actor, client=client, **typed(form)),
            _("The client is closed and its keys have ended."),
        )

    @superusers_page(methods=CHANGES)
    def reopen(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor, form = actor_of(request), ReasonedForm(request.POST)
        return self._carry_out(
            request,
            pk,
            lambda client: machines.reopen(actor=actor, client=client, **typed(form)),
            _("The client is open again; give it a key."),
        )

    @superusers_page(methods=CHANGES)
    def grant(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor, form = actor_of(request), ScopeForm(request.POST)

        def give(client: ServiceClient) -> None:
            rights.grant(actor=actor, user=client.user, **typed(form))

        return self._carry_out(request, pk, give, _("The permission was granted."))

    @superusers_page(methods=CHANGES)
    def revoke(self, request: HttpRequest, pk: UUID, grant_id: int) -> HttpResponse:
        actor, form = actor_of(request), ReasonedForm(request.POST)

        def take(client: ServiceClient) -> None:
            why = typed(form)
            rights.revoke(actor=actor, given=given_to(client.pk, grant_id), **why)

        return self._carry_out(request, pk, take, _("The permission was revoked."))
