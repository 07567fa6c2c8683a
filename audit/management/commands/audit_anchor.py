from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from audit.seal import publishing


class Command(BaseCommand):
    help = "Prints the cosigned head of the journal, and lays it down in a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", default=settings.AUDIT_ANCHOR_FOLDER)

    def handle(self, *, folder: str, **_: Any) -> None:
        now = timezone.now()
        said = publishing.signed_twice(publishing.newest(), now=now)
        self.stdout.write(said.note, ending="")
        if folder:
            self.stderr.write(str(publishing.anchor(Path(folder), said, now=now)))
