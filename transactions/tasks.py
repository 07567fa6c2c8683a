"""What Celery runs; each translates an id into one service call."""

from typing import Any
from uuid import UUID

from celery import Task, shared_task

from banking.gateways.base import Patience
from transactions.models import Inquiry
from transactions.services import sweep as sweeping
from transactions.services import verify


class AskTask(Task):
    """Notes the class of a failure beside the row; the lease brings the next try."""

    def on_failure(
        self,
        exc: BaseException,
        task_id: str,
        args: Any,
        kwargs: Any,
        einfo: Any,
    ) -> None:
        Inquiry.objects.filter(pk=kwargs["transaction_id"]).update(
            last_error=type(exc).__name__
        )


@shared_task(base=AskTask, name="transactions.ask_bank")
def ask_bank(*, transaction_id: str) -> None:
    """Ask the bank about one transaction, if that is due."""
    verify.ask_bank(transaction_id=UUID(transaction_id), patience=Patience.WORKER)


@shared_task(name="transactions.sweep")
def sweep() -> None:
    """Ring for whatever is due; beat calls it every few seconds."""
    sweeping.sweep()
