"""Rings Celery after a commit. The row is the intent; a lost ring costs seconds."""

from functools import partial
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


def ring(transaction_id: UUID) -> bool:
    """Tell a worker to look at one inquiry now; False when nobody can be told.

    With Redis gone the row is still there and the sweep rings again, so nothing rises
    into a request that has already committed (facts/reliability, section 0.4).
    """
    line = current_app.connection_for_write(transport_options=_PATIENCE)
    try:
        with producers[line].acquire(block=True, timeout=1) as producer:
            current_app.send_task(
                "transactions.ask_bank",
                kwargs={"transaction_id": str(transaction_id)},
                producer=producer,
            )
    except (OperationalError, LimitExceeded, RedisError, OSError):
        log.warning("nobody_to_ring")
        return False
    return True


def ring_later(transaction_id: UUID) -> None:
    """Ring once the open database transaction commits."""
    on_commit(partial(ring, transaction_id))
