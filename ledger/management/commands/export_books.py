"""`manage.py export_books`: the books to stdout, as CSV or for Beancount."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import SYSTEM_ID
from areamedica.errors import Refusal
from ledger.services.exporting import Format, Period, export


class Command(BaseCommand):
    help = "Write the books of a period; without days, all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", required=True, choices=Format.values)
        for name in ("--first", "--last"):
            parser.add_argument(name, type=date.fromisoformat, metavar="YYYY-MM-DD")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 (Django's)
        period = Period(first=options["first"], last=options["last"])
        form = Format(options["format"])
        try:
            pieces = export(form=form, period=period, actor_id=SYSTEM_ID)
        except Refusal as refusal:
            raise CommandError(refusal.message) from refusal
        for piece in pieces:
            self.stdout.write(piece, ending="")
