from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from areamedica.clock import caracas_day
from audit import publishing


class Command(BaseCommand):
    help = "Prints the cosigned head of the journal, and lays it down in a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", default=settings.AUDIT_ANCHOR_FOLDER)

    def handle(self, *, folder: str, **_: Any) -> None:
        self.stdout.write(publishing.newest().note, ending="")
        if folder:
            day = caracas_day(timezone.now())
            path = publishing.anchor(Path(folder), day=day)
            self.stderr.write(str(path))
