"""Rings Celery after a commit. The row is the intent; a lost ring costs seconds."""

import time
from uuid import UUID

from django.db.transaction import on_commit

from areamedica import doorbell

# One ring serves every row committed before the sweep looks; a message for each of a
# burst would cost the web more than writing the rows does.
_QUIET_SECONDS = 0.2
_last_rung = 0.0


def ring(*transaction_ids: UUID) -> bool:
    """Tell a worker to look at these inquiries now; False when nobody can be told."""
    ids = [*map(str, transaction_ids)]
    return doorbell.ring("transactions.ask_bank", transaction_ids=ids)


def ring_soon() -> None:
    """Once the open database transaction commits, have a worker sweep what is due."""
    on_commit(_ring_for_all)


def _ring_for_all() -> None:
    global _last_rung
    now = time.monotonic()
    if now - _last_rung >= _QUIET_SECONDS:
        _last_rung = now
        doorbell.ring("transactions.sweep")
