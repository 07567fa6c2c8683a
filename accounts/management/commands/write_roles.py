"""`manage.py write_roles`: write `docs/roles.md` from the matrix and the routes."""

from collections.abc import Iterable, Iterator

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from accounts.roles import MATRIX
from areamedica.permissions import Permission

_INTRODUCTION = """# Roles

Roles are bundles of permissions. This is the matrix a new installation starts with;
from then on the rows in the database are the truth, and a superuser changes them in
the back office. A grant gives one person one permission more, for a reason that the
journal keeps. Nobody grants to himself, and the last superuser cannot be removed.

This page is written by `manage.py write_roles`; a test compares it with the code.
"""


class Command(BaseCommand):
    help = "Write docs/roles.md from the starting matrix and the API's operations."

    def handle(self, *args: object, **options: object) -> None:
        page = settings.BASE_DIR / "docs" / "roles.md"
        page.write_text(as_page(), encoding="utf-8")
        self.stdout.write(str(page.name))


def as_page() -> str:
    """`docs/roles.md`, whole."""
    with translation.override("en"):
        permissions = [
            f"| `{each.value}` | {each.label} | {_marks({each})} |"
            for each in Permission
        ]
    operations = [
        f"| `{name}` | {', '.join(f'`{each}`' for each in needed)} "
        f"| {_marks(map(Permission, needed))} |"
        for name, needed in _operations()
    ]
    return "\n".join(
        [
            _INTRODUCTION,
            "## What each role may",
            "",
            *_table("permission", "what it allows", permissions),
            "",
            "## Which operation needs what",
            "",
            "Operations without a permission are for whoever is signed in, or for "
            "everybody (`/auth`).",
            "",
            *_table("operation", "needs", operations),
            "",
        ]
    )


def _table(what: str, says: str, rows: list[str]) -> list[str]:
    return [
        f"| {what} | {says} | {' | '.join(MATRIX)} |",
        "|---" * (2 + len(MATRIX)) + "|",
        *rows,
    ]


def _marks(needed: Iterable[Permission]) -> str:
    wanted = set(needed)
    return " | ".join("✓" if wanted <= held else "·" for held in MATRIX.values())


def _operations() -> Iterator[tuple[str, list[str]]]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if operation["x-permissions"]:
                name = f"{method.upper()} {path.removeprefix('/api/v1')}"
                yield name, operation["x-permissions"]
