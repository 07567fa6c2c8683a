"""`manage.py wrap_privacy_keys`: after a new PRIVACY_KEY came first in the list."""

from django.core.management.base import BaseCommand

from audit.law.shredding import wrap_anew


class Command(BaseCommand):
    help = "Puts every key of personal words under today's PRIVACY_KEY."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{wrap_anew()} keys wrapped anew.")
