from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from accounts.errors import SecondFactorMissing
from accounts.models import User, same_mailbox
from accounts.services.second_factor import reset


class Command(BaseCommand):
    help = "Removes every second factor of somebody who lost them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--reason", required=True, help="for the journal")

    def handle(self, *, email: str, reason: str, **_: Any) -> None:
        user = User.objects.filter(email=same_mailbox(email)).first()
        if user is None:
            raise CommandError("Nobody has this e-mail.")
        try:
            reset(actor=None, user=user, reason=reason)
        except SecondFactorMissing as refusal:
            with translation.override("en"):
                raise CommandError(refusal.message) from refusal
        self.stdout.write("Removed; the person adds new ones after signing in.")
