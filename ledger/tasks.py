"""What Celery runs for the books."""

import structlog
from celery import shared_task

from ledger.services import proof

log = structlog.get_logger("ledger.tasks")


@shared_task(name="ledger.prove", time_limit=3600)
def prove() -> None:
    """Prove the books; each thing that is wrong is logged by kind and id."""
    _, found = proof.prove()
    for each in found:
        log.error("books_wrong", kind=each.kind, subject=each.subject)
