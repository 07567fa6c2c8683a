from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, ProgrammingError

from audit.seal.epoch import raise_epoch


class Command(BaseCommand):
    help = "After a dump was restored: begin the journal's next epoch, journaled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="which restore, and why")

    def handle(self, *, reason: str, **_: Any) -> None:
        if not reason.strip():
            raise CommandError("A reason is wanted.")
        try:
            epoch = raise_epoch(reason=reason.strip())
        except ProgrammingError as error:
            raise CommandError("Only the owner of the tables may do this.") from error
        except OperationalError as error:
            raise CommandError("Somebody is writing. Stop web and workers.") from error
        self.stdout.write(f"The journal's epoch is {epoch} from now on.")
