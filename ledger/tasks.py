"""What Celery runs for the books."""

from datetime import datetime

import structlog
from celery import shared_task
from django.db import connection

from areamedica.clock import caracas_day
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
    holds.expire_holds(_now())


@shared_task(name="ledger.book_imports", time_limit=3600)
def book_imports() -> None:
    """Book the files that were confirmed; the rows of `Import` are the queue.

    And forget those that nobody has confirmed in time.
    """
    now = _now()
    imports.book_confirmed(today=caracas_day(now))
    imports.forget_unconfirmed(now)


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [now] = cursor.fetchone()
    assert isinstance(now, datetime)  # noqa: S101 (what PostgreSQL says)
    return now
