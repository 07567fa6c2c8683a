"""Has Celery look at a row now. The row is the intent; a lost ring costs seconds."""

import structlog
from celery import current_app
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

log = structlog.get_logger("areamedica.doorbell")

# Whoever rings has a person waiting; a worker that listens has more patience.
_PATIENCE = {"socket_connect_timeout": 0.5, "socket_timeout": 1.0}


def ring(task: str, **arguments: list[str]) -> bool:
    """Have a worker run the task of this name; False when nobody can be told.

    With Redis gone the row is still there and beat rings again, so nothing rises into a
    request that has already committed (facts/reliability, section 0.4).
    """
    line = current_app.connection_for_write(transport_options=_PATIENCE)
    try:
        with producers[line].acquire(block=True, timeout=1) as producer:
            current_app.send_task(task, kwargs=arguments, producer=producer)
    except (OperationalError, LimitExceeded, RedisError, OSError):
        log.warning("nobody_to_ring")
        return False
    return True
