"""`manage.py import_books FILE`: look at a CSV of transfers, and book it if told to."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from areamedica.clock import caracas_day
from areamedica.errors import Refusal
from ledger.import_file import DecimalMark, Fault
from ledger.models import Import, ImportState
from ledger.services import imports

_MARKS = {"comma": DecimalMark.COMMA, "point": DecimalMark.POINT}


class Command(BaseCommand):
    help = "Preview a CSV of transfers; with --confirm book it, whole or not at all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the columns: docs/books.md")
        parser.add_argument("--by", required=True, metavar="E-MAIL", help="who imports")
        parser.add_argument("--decimal", required=True, choices=_MARKS)
        parser.add_argument("--confirm", action="store_true", help="book it at once")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 (Django's)
        actor = User.objects.filter(email=options["by"], is_active=True).first()
        if actor is None:
            raise CommandError("Nobody has this e-mail address.")
        try:
            found = self._upload(options, actor)
            if options["confirm"] and found.state == ImportState.READY:
                found = self._book(found, actor)
        except (Refusal, OSError) as error:
            raise CommandError(getattr(error, "message", str(error))) from error
        self.stdout.write(f"{found.get_state_display()}: {found.rows_booked} booked.")
        if found.state in {ImportState.FAULTY, ImportState.FAILED}:
            raise CommandError("Nothing was booked.")

    def _upload(self, options: dict[str, Any], actor: User) -> Import:
        found = imports.upload(
            content=options["file"].read_bytes(),
            file_name=options["file"].name,
            mark=_MARKS[options["decimal"]],
            actor=actor,
            today=caracas_day(timezone.now()),
        )
        told = found.preview
        for wrong in told["wrongs"]:
            place = f"line {wrong['line']} {wrong['column']}".rstrip()
            words = f"{Fault(wrong['fault']).label} {wrong['cell']}".rstrip()
            self.stdout.write(f"{place}: {words}")
        for each in told["accounts"]:
            self.stdout.write(f"{each['code']}: {each['before']} -> {each['after']}")
        sums = ", ".join(f"{total} {name}" for name, total in told["sums"].items())
        self.stdout.write(
            f"{found.rows_total} rows: {told['new']} new ({sums or '0'}), "
            f"{told['already']} booked before, {told['wrongs_total']} wrong."
        )
        return found

    def _book(self, found: Import, actor: User) -> Import:
        imports.confirm(import_id=found.pk, actor=actor)
        today = caracas_day(timezone.now())
        return imports.book_now(import_id=found.pk, today=today)
