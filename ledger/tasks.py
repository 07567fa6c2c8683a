"""What Celery runs for the books."""

import structlog
from celery import shared_task

from areamedica.clock import caracas_day
from areamedica.database import database_now
from ledger.errors import ProofUnderWay
from ledger.services import holds, imports, proof

log = structlog.get_logger("ledger.tasks")


@shared_task(name="ledger.prove", time_limit=3600)
def prove() -> None:
    """Prove the books; each thing that is wrong is logged by kind and id."""
    try:
        _, found = proof.prove()
    except ProofUnderWay:
        return
    for each in found:
        log.error("books_wrong", kind=each.kind, subject=each.subject)


@shared_task(name="ledger.expire_holds")
def expire_holds() -> None:
    """Release what has been held too long, by the database's clock."""
    holds.expire_holds(database_now())


@shared_task(name="ledger.book_imports", time_limit=3600)
def book_imports() -> None:
    """Book the files that were confirmed; the rows of `Import` are the queue.

    And forget those that nobody has confirmed in time.
    """
    now = database_now()
    imports.book_confirmed(today=caracas_day(now))
    imports.forget_unconfirmed(now)
