import signal
import threading
import time
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from audit.errors import NotSealed
from audit.seal import witnesses
from audit.seal.publishing import publish_everywhere
from audit.seal.sealing import XidsWentBack, seal

log = structlog.get_logger("audit.seal")

_BETWEEN_PUBLICATIONS = 1.0
_A_WITNESS_RESTS = 30.0


class Command(BaseCommand):
    help = "Seals what was committed; with --forever until SIGTERM, and publishes it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true")
        parser.add_argument("--seconds", type=float, default=0.2, help="between looks")

    def handle(self, *, forever: bool, seconds: float, **_: Any) -> None:
        if not forever:
            self.stdout.write(f"{seal()} records sealed.")
            return
        told = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told.set())
        # Beside the sealing, which waits for nobody's machine.
        threading.Thread(target=_publish, args=[told], daemon=True).start()
        while not told.wait(seconds):
            _once()


def _once() -> None:
    """What fails stays unsealed, and the lag tells: a database that is away, or rows of
    the tree that are gone, which a person must see to."""
    close_old_connections()
    try:
        seal()
    except (DatabaseError, NotSealed, XidsWentBack) as problem:
        log.error("not_sealed", why=type(problem).__name__)


def _publish(told: threading.Event) -> None:
    """About once a second; a witness that failed us is left alone for a while."""
    rests: dict[str, float] = {}
    while not told.wait(_BETWEEN_PUBLICATIONS):
        close_old_connections()
        begun = time.monotonic()
        awake = [each for each in witnesses.named() if rests.get(each.name, 0) <= begun]
        try:
            failed = publish_everywhere(awake, now=timezone.now())
        except DatabaseError as problem:
            log.error("not_published", why=type(problem).__name__)
            continue
        rests |= {each.name: begun + _A_WITNESS_RESTS for each in failed}
    connection.close()
