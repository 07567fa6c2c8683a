"""Webhooks: the list, the page of one with its deliveries, what was given up."""

from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from accounts.visitors import actor_of
from areamedica.back_office import ASKS_AND_CHANGES, page
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import at
from audit import consumers
from notifications.admin.buttons import WebhookButtons
from notifications.admin.forms import WebhookForm
from notifications.lines import parse
from notifications.models import Delivery, Endpoint
from notifications.services import endpoints

_SHOWN = 100
_ADDRESSES = {
    "edit": "<uuid:pk>/edit/",
    "rotate": "<uuid:pk>/rotate/",
    "test": "<uuid:pk>/test/",
    "disable": "<uuid:pk>/disable/",
    "enable": "<uuid:pk>/enable/",
    "remove": "<uuid:pk>/remove/",
    "replay_all": "<uuid:pk>/replay/",
    "replay": "<uuid:pk>/replay/<int:delivery_id>/",
    "new": "new/",
    "given_up": "given-up/",
    "replay_event": "given-up/<int:held_id>/replay/",
}
_WAITING = Q(deliveries__delivered_at=None, deliveries__dead_at=None)


@admin.register(Endpoint)
class Webhooks(WebhookButtons):
    """Written by services alone; no form of Django's saves one."""

    list_display = ("named", "host", "state", "waiting", "dead", "delivered")
    list_display_links = ("named",)
    sortable_by = ()
    search_fields = ("name",)
    list_before_template = "notifications/list_before.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        some = Q(deliveries__pk__isnull=False)
        return Endpoint.objects.annotate(
            number_waiting=Count("deliveries", filter=_WAITING & some),
            number_dead=Count(
                "deliveries", filter=Q(deliveries__dead_at__isnull=False)
            ),
            delivered_at=Max("deliveries__delivered_at"),
        ).order_by("name")

    @display(description=gettext_lazy("name"))
    def named(self, webhook: Endpoint) -> str:
        return webhook.name

    @display(description=gettext_lazy("host"))
    def host(self, webhook: Endpoint) -> str:
        return parse(webhook.url).host

    @display(
        description=gettext_lazy("state"),
        label={"on": "success", "failing": "warning", "off": "danger"},
    )
    def state(self, webhook: Endpoint) -> tuple[str, str]:
        if not webhook.is_enabled:
            return "off", _("disabled")
        if webhook.failing_since:
            return "failing", _("failing")
        return "on", _("in order")

    @display(description=gettext_lazy("waiting"))
    def waiting(self, webhook: Endpoint) -> int:
        return getattr(webhook, "number_waiting", 0)

    @display(description=gettext_lazy("given up"))
    def dead(self, webhook: Endpoint) -> int:
        return getattr(webhook, "number_dead", 0)

    @display(description=gettext_lazy("last delivery"))
    def delivered(self, webhook: Endpoint) -> str:
        return at(getattr(webhook, "delivered_at", None))

    def get_urls(self) -> list[URLPattern]:
        door = self.admin_site.admin_view
        return [
            *(
                path(address, door(getattr(self, verb)), name=f"webhook_{verb}")
                for verb, address in _ADDRESSES.items()
            ),
            *super().get_urls(),
        ]

    @page(P.WEBHOOK_MANAGE, methods=ASKS_AND_CHANGES)
    def new(self, request: HttpRequest) -> HttpResponse:
        form = WebhookForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            issued = endpoints.create(actor=actor_of(request), **form.cleaned_data)
            return self._show_secret(request, issued)
        return self._show(request, "new", title=_("New webhook"), form=form)

    @page(P.WEBHOOK_MANAGE)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        found = get_object_or_404(Endpoint.objects.select_related("created_by"), pk=pk)
        rows = Delivery.objects.filter(endpoint=found)
        is_dead = request.GET.get("state") == "dead"
        return self._show(
            request,
            "one",
            title=found.name,
            webhook=found,
            host=parse(found.url).host,
            form=WebhookForm(
                auto_id="edit_%s",
                initial={
                    "name": found.name,
                    "url": found.url,
                    "event_types": found.event_types,
                },
            ),
            deliveries=(rows.dead() if is_dead else rows)[:_SHOWN],
            is_dead=is_dead,
            number_dead=rows.dead().count(),
        )

    @page(P.WEBHOOK_MANAGE)
    def given_up(self, request: HttpRequest) -> HttpResponse:
        """Dead letters of both kinds: not delivered, and not even written down."""
        rows = Delivery.objects.dead().select_related("endpoint")
        return self._show(
            request,
            "given_up",
            title=_("What was given up"),
            deliveries=rows.order_by("-dead_at")[:_SHOWN],
            events=consumers.dead_letters()[:_SHOWN],
        )
