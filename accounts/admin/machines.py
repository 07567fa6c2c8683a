"""Service clients: the list, the page of one, and a new one. Superusers only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.admin.forms import ReasonedForm
from accounts.admin.machine_buttons import MachineButtons, client_of
from accounts.admin.machine_forms import (
    KeyForm,
    LimitsForm,
    NewClient,
    RotateForm,
    ScopeForm,
)
from accounts.errors import UnreadableNetwork
from accounts.models import ClientKey, Grant, ServiceClient
from accounts.services.machines import register
from accounts.visitors import actor_of
from areamedica.back_office import (
    ASKS_AND_CHANGES,
    is_superuser,
    superusers_page,
)
from areamedica.errors import Refusal
from areamedica.templatetags.back_office import at

_ADDRESSES = {
    "issue": "<uuid:pk>/issue/",
    "rotate": "<uuid:pk>/rotate/<uuid:key_id>/",
    "revoke_key": "<uuid:pk>/revoke-key/<uuid:key_id>/",
    "limits": "<uuid:pk>/limits/",
    "close": "<uuid:pk>/close/",
    "reopen": "<uuid:pk>/reopen/",
    "grant": "<uuid:pk>/grant/",
    "revoke": "<uuid:pk>/revoke/<int:grant_id>/",
}
_LIVING = Q(keys__revoked_at=None, keys__expires_at__gt=Now())


def state_of(key: ClientKey, now: datetime) -> str:
    """Why a key no longer opens, in words; empty while it does."""
    if key.revoked_at is not None:
        return _("revoked")
    return _("ended") if key.expires_at <= now else ""


@admin.register(ServiceClient)
class Machines(MachineButtons):
    """Keys and limits are written by services alone; no form of Django's saves one."""

    list_display = ("name", "active", "living_keys", "used")
    sortable_by = ()
    search_fields = ("name",)
    list_before_template = "accounts/machines_before.html"

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_superuser(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceClient]:
        everyone = ServiceClient.objects.select_related("user")
        return everyone.annotate(
            last_used_at=Max("keys__last_used_at"),
            number_living=Count("keys", filter=_LIVING),
        ).order_by("name")

    @display(
        description=gettext_lazy("account"), label={True: "success", False: "danger"}
    )
    def active(self, client: ServiceClient) -> tuple[bool, str]:
        is_open = client.user.is_active
        return is_open, _("open") if is_open else _("closed")

    @display(description=gettext_lazy("living keys"))
    def living_keys(self, client: ServiceClient) -> int:
        return getattr(client, "number_living", 0)

    @display(description=gettext_lazy("last use"))
    def used(self, client: ServiceClient) -> str:
        return at(getattr(client, "last_used_at", None))

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view

        return [
            path("new/", door(self.new), name="client_new"),
            *(
                path(address, door(getattr(self, verb)), name=f"client_{verb}")
                for verb, address in _ADDRESSES.items()
            ),
            *super().get_urls(),
        ]

    @superusers_page()
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's list; the guard journals whoever else knocks."""
        listed: HttpResponse = super().changelist_view(request, extra_context)
        return listed

    @superusers_page(methods=ASKS_AND_CHANGES)
    def new(self, request: HttpRequest) -> HttpResponse:
        form = NewClient(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                client = register(actor=actor_of(request), **form.cleaned_data)
                messages.success(request, _("The client was registered."))
                return redirect("admin:accounts_serviceclient_change", client.pk)
            except Refusal as refusal:
                is_network = isinstance(refusal, UnreadableNetwork)
                field = "allowed_addresses" if is_network else "name"
                form.add_error(field, refusal.message)
        return self._show(
            request, "machine_new", title=_("New service client"), form=form
        )

    @superusers_page()
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        client, now = client_of(pk), timezone.now()
        grants = Grant.objects.filter(user=client.pk)
        written = "\n".join(client.allowed_addresses)
        return self._show(
            request,
            "machine",
            title=client.name,
            client=client,
            is_open=client.user.is_active,
            keys=[
                (key, state_of(key, now), RotateForm(auto_id=f"{key.prefix}_%s"))
                for key in client.keys.all()
            ],
            grants=grants.select_related("permission", "granted_by"),
            key_form=KeyForm(auto_id="key_%s"),
            limits_form=LimitsForm(
                auto_id="limits_%s",
                initial={
                    "allowed_addresses": written,
                    "requests_per_minute": client.requests_per_minute,
                },
            ),
            grant_form=ScopeForm(auto_id="grant_%s"),
            reason_form=ReasonedForm(auto_id="state_%s"),
        )
