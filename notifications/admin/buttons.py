"""What is done to a webhook: a POST each, through the services."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, OwnPages, page, telling, typed
from areamedica.permissions import Permission as P
from audit import consumers
from notifications.admin.forms import WebhookForm
from notifications.services import deliveries, endpoints

_LIST = "admin:notifications_endpoint_changelist"
_ONE = "admin:notifications_endpoint_change"


class WebhookButtons(OwnPages):
    """A new secret is shown in the answer and never again; no redirect then."""

    opens_with = (P.WEBHOOK_MANAGE,)
    folder = "notifications"

    def _carry_out(
        self, request: HttpRequest, pk: UUID, do: Callable[[], str]
    ) -> HttpResponse:
        """Do it and say what was done, or why not."""
        with telling(request):
            messages.success(request, do())
        return redirect(_ONE, pk)

    def _show_secret(
        self, request: HttpRequest, issued: endpoints.Issued
    ) -> HttpResponse:
        return self._show(
            request,
            "secret",
            title=_("The new secret"),
            webhook=issued.endpoint,
            secret=issued.secret,
            until=issued.endpoint.old_secret_until,
        )

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def edit(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        form = WebhookForm(request.POST)

        def do() -> str:
            endpoints.change(actor=actor_of(request), pk=pk, **typed(form))
            return _("It was changed.")

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def rotate(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        issued = endpoints.rotate(actor=actor_of(request), pk=pk)
        return self._show_secret(request, issued)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def test(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        def do() -> str:
            deliveries.send_test(actor=actor_of(request), pk=pk, now=timezone.now())
            return _("A test is on its way; its answer will stand below.")

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def disable(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        def do() -> str:
            endpoints.disable(actor=actor_of(request), pk=pk)
            return _("It is told nothing any more.")

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def enable(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        def do() -> str:
            endpoints.enable(actor=actor_of(request), pk=pk)
            return _("It is told of what happens from now on.")

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def replay_all(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        def do() -> str:
            number = deliveries.replay_all(actor=actor_of(request), pk=pk)
            return ngettext(
                "%(n)d delivery is sent again.",
                "%(n)d deliveries are sent again.",
                number,
            ) % {"n": number}

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def replay(self, request: HttpRequest, pk: UUID, delivery_id: int) -> HttpResponse:
        def do() -> str:
            deliveries.replay(actor=actor_of(request), pk=pk, delivery_id=delivery_id)
            return _("It is sent again.")

        return self._carry_out(request, pk, do)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def remove(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        endpoints.delete(actor=actor_of(request), pk=pk)
        messages.success(request, _("The webhook was deleted."))
        return redirect(_LIST)

    @page(P.WEBHOOK_MANAGE, methods=CHANGES)
    def replay_event(self, request: HttpRequest, held_id: int) -> HttpResponse:
        consumers.replay(held_id=held_id, actor_id=actor_of(request).pk)
        messages.success(request, _("It is tried again."))
        return redirect("admin:webhook_given_up")
