"""What Celery runs; each translates ids into service calls."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from celery import shared_task

from banking.gateways.base import Patience
from transactions.models import Inquiry
from transactions.services import sweep as sweeping
from transactions.services import verify

log = structlog.get_logger("transactions.tasks")


@shared_task(name="transactions.ask_bank")
def ask_bank(*, transaction_ids: Sequence[str]) -> None:
    """Ask the bank about each in turn, if that is due.

    One that fails does not stop the others: the class of its failure is noted beside
    the row, and the end of its lease brings the next try.
    """
    for transaction_id in map(UUID, transaction_ids):
        try:
            verify.ask_bank(transaction_id=transaction_id, patience=Patience.WORKER)
        except Exception as failure:
            log.exception("ask_failed", transaction=str(transaction_id))
            Inquiry.objects.filter(pk=transaction_id).update(
                last_error=type(failure).__name__
            )


@shared_task(name="transactions.sweep")
def sweep() -> None:
    """Ring for whatever is due; beat calls it every few seconds."""
    sweeping.sweep()
