"""Rings Celery after a commit. The row is the intent; a lost ring costs seconds."""

import time
from uuid import UUID

import structlog
from celery import current_app
from django.db.transaction import on_commit
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

log = structlog.get_logger("transactions.outbox")


# Whoever rings has a cashier waiting; a worker that listens has more patience.
_PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0}
# One ring serves every row committed before the sweep looks; a message for each of a
# burst would cost the web more than writing the rows does.
_QUIET_SECONDS = 0.2
_last_rung = 0.0


def ring(*transaction_ids: UUID) -> bool:
    """Tell a worker to look at these inquiries now; False when nobody can be told.

    With Redis gone the row is still there and the sweep rings again, so nothing rises
    into a request that has already committed (facts/reliability, section 0.4).
    """
    return _send("transactions.ask_bank", transaction_ids=[*map(str, transaction_ids)])


def ring_soon() -> None:
    """Once the open database transaction commits, have a worker sweep what is due."""
    on_commit(_ring_for_all)


def _ring_for_all() -> None:
    global _last_rung
    now = time.monotonic()
    if now - _last_rung >= _QUIET_SECONDS:
        _last_rung = now
        _send("transactions.sweep")


def _send(task: str, **arguments: list[str]) -> bool:
    line = current_app.connection_for_write(transport_options=_PATIENCE)
    try:
        with producers[line].acquire(block=True, timeout=1) as producer:
            current_app.send_task(task, kwargs=arguments, producer=producer)
    except (OperationalError, LimitExceeded, RedisError, OSError):
        log.warning("nobody_to_ring")
        return False
    return True
