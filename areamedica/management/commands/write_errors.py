"""`manage.py write_errors`: write `docs/errors.md` from the code."""

from django.conf import settings
from django.core.management.base import BaseCommand

from areamedica.catalogue import as_page


class Command(BaseCommand):
    help = "Write docs/errors.md from the classes of refusals."

    def handle(self, *args: object, **options: object) -> None:
        page = settings.BASE_DIR / "docs" / "errors.md"
        page.write_text(as_page(), encoding="utf-8")
        self.stdout.write(str(page.name))
