"""`manage.py ledger_partition DAY`: what is booked from then on gets its own tables."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from ledger.services.partitioning import CannotPartition, begin_partition


class Command(BaseCommand):
    help = (
        "Begins a partition of the transfers from a Caracas day on, while others post. "
        "Run as the tables' owner; see docs/scaling.md for when it is worth it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("first", type=date.fromisoformat, metavar="YYYY-MM-DD")

    def handle(self, *, first: date, **_: object) -> None:
        try:
            name = begin_partition(first=first, now=timezone.now())
        except CannotPartition as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(f"From {first} on, transfers go to {name}.")
