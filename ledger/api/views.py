"""What the addresses of the books have in common."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from areamedica.api.views import Api, needs
from areamedica.errors import Refusal
from areamedica.permissions import Permission


def named(raw: str, missing: type[Refusal]) -> UUID:
    """What is no UUID names nothing: `missing` is raised."""
    try:
        return UUID(raw)
    except ValueError as error:
        raise missing from error


class Read(Api):
    permission_classes = (needs(Permission.LEDGER_READ),)
    lookup_says = "the UUID"


class ReadOrPost(Read):
    """Read by whoever may read the books, posted to by whoever may post."""

    def get_permissions(self) -> Sequence[Any]:
        if self.request.method == "POST":
            return [needs(Permission.LEDGER_POST)()]
        return super().get_permissions()
