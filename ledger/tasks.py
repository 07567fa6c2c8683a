"""What Celery runs for the books."""

import structlog
from celery import shared_task
from django.db import connection

from ledger.services import holds, proof

log = structlog.get_logger("ledger.tasks")


@shared_task(name="ledger.prove", time_limit=3600)
def prove() -> None:
    """Prove the books; each thing that is wrong is logged by kind and id."""
    _, found = proof.prove()
    for each in found:
        log.error("books_wrong", kind=each.kind, subject=each.subject)


@shared_task(name="ledger.expire_holds")
def expire_holds() -> None:
    """Release what has been held too long, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [now] = cursor.fetchone()
    holds.expire_holds(now)
