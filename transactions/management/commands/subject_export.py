"""`manage.py subject_export --document V12345678 --by aldo@clinica.test FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from accounts.models import User, same_mailbox
from areamedica.errors import Refusal
from transactions.formats import normal_document, normal_phone
from transactions.services.subject_access import export_subject


class Command(BaseCommand):
    help = "Writes a zip of everything held about a person; journaled."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--document", default="")
        parser.add_argument("--phone", default="")
        parser.add_argument("--by", required=True, help="e-mail of who hands it out")

    def handle(
        self, *, file: Path, document: str, phone: str, by: str, **_: Any
    ) -> None:
        actor = User.objects.filter(email=same_mailbox(by)).first()
        if actor is None:
            raise CommandError("Nobody has this e-mail.")
        try:
            packed = export_subject(
                actor=actor,
                document=normal_document(document) if document else "",
                phone=normal_phone(phone) if phone else "",
                now=timezone.now(),
            )
        except ValueError as error:
            raise CommandError("The document or the phone is none.") from error
        except Refusal as refusal:
            with translation.override("en"):
                raise CommandError(refusal.message) from refusal
        file.write_bytes(packed)
        self.stdout.write(f"Written: {file}")
