from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from areamedica.errors import Refusal
from audit.evidence.whole import export_whole


class Command(BaseCommand):
    help = (
        "Writes the whole sealed journal into a new folder, with a program that checks "
        "it without us. Everything ever journaled is in it: for who may see all of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *, folder: Path, **_: Any) -> None:
        try:
            number = export_whole(folder)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"{number} records. Check: python3 -I {folder}/verify.py")
