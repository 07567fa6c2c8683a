import signal
import threading
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from audit.errors import NotSealed
from audit.sealing import XidsWentBack, seal

log = structlog.get_logger("audit.seal")


class Command(BaseCommand):
    help = "Seals what was committed; with --forever until SIGTERM."

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
