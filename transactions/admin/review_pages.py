"""The queue and the page a reviewer decides on."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import page
from areamedica.permissions import Permission as P
from transactions.admin import detail, queue, reasons
from transactions.admin.booking import bookings
from transactions.admin.buttons import TransactionButtons
from transactions.admin.correcting import CorrectionForm
from transactions.states import State


class ReviewPages(TransactionButtons):
    """Shown by GET; what they decide goes to the buttons."""

    @page(P.TRANSACTION_REVIEW)
    def queue(self, request: HttpRequest) -> HttpResponse:
        return self._show(
            request, "queue", title=_("Review queue"), **self._waiting(request)
        )

    @page(P.TRANSACTION_REVIEW)
    def queue_rows(self, request: HttpRequest) -> HttpResponse:
        """The rows alone, for the page that refreshes itself."""
        return TemplateResponse(
            request, "transactions/_queue_rows.html", self._waiting(request)
        )

    def _waiting(self, request: HttpRequest) -> dict[str, Any]:
        actor = actor_of(request)
        rows = list(queue.waiting()[: queue.SHOWN + 1])
        return {
            "rows": rows[: queue.SHOWN],
            "has_more": len(rows) > queue.SHOWN,
            "actor": actor,
        }

    @page(P.TRANSACTION_REVIEW)
    def review(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Claim and bank side by side; one that is decided shows its page instead."""
        actor = actor_of(request)
        transaction = detail.look_at(pk, actor=actor)
        if transaction.status != State.TO_REVIEW:
            return redirect("admin:transactions_transaction_change", pk)
        context = detail.context_of(transaction, actor=actor)
        return self._show(
            request,
            "review",
            title=_("In review"),
            **context,
            place=queue.place_of(transaction),
            cannot_approve=not context["credits"]
            or (context["can"].was_first and context["can"].needs_second),
            following=queue.next_after(transaction, actor=actor),
            previous=queue.previous_before(transaction, actor=actor),
            bookings=bookings(transaction),
            correction=CorrectionForm(transaction),
            reasons=reasons,
            actor=actor,
        )
