from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from audit.rights import grant, wrong


class Command(BaseCommand):
    help = (
        "Gives a database role what the application needs and no more: what is written "
        "once it may only add to. Run as the tables' owner, after every migration."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role")

    def handle(self, *, role: str, **_: Any) -> None:
        try:
            grant(role)
        except DatabaseError as problem:
            raise CommandError(str(problem)) from problem
        if left := wrong(role):
            named = "; ".join(map(str, left))
            raise CommandError(f"Granted elsewhere, or not to be granted: {named}.")
        self.stdout.write(f"{role} may do what the application needs.")
