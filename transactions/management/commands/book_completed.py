"""`manage.py book_completed`: once after the upgrade that brought the books."""

from django.core.management.base import BaseCommand

from transactions.services.books import book_completed


class Command(BaseCommand):
    help = "Book every completed transaction that has no entry. Harmless to repeat."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{book_completed()} transactions booked.")
