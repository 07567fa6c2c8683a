"""What a transfer stands for, in the words of the room that caused it.

The books know no claim: rooms above enter here what they cause, on which page it is
shown, to whom, and how a person who owns an account is found and called.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

from areamedica.back_office import can
from areamedica.permissions import Permission
from ledger.models import Transfer
from ledger.services.batches import BATCH

Key = tuple[str, str]
"""Type and id of a cause. The id may go on with a place in it: `<import>/<line>`."""
IMPORT = "import"
# What an import, or a client of the API, calls the words it writes beside a transfer.
DESCRIPTION = "description"


@dataclass(frozen=True, kw_only=True)
class Cause:
    """`names` gives the words of many ids at once; `codes`, those of what it books;
    `facts`, those of what it writes beside; `faults`, those of what the nightly proof
    may find wrong with one. Without a `route` it has no page of its own."""

    permission: Permission
    names: Callable[[Iterable[str]], Mapping[str, str]]
    route: str = ""
    codes: Mapping[str, str | Promise] = field(default_factory=dict)
    facts: Mapping[str, str | Promise] = field(default_factory=dict)
    faults: Mapping[str, str | Promise] = field(default_factory=dict)


CAUSES: dict[str, Cause] = {}
OWNERS: list[Callable[[HttpRequest, str], Iterable[UUID]]] = []
"""Each finds the owners whom this visitor may mean: by a document, a phone, a name."""

NAMES: list[Callable[[HttpRequest, Collection[UUID]], Mapping[UUID, str]]] = []
"""Each tells whose these accounts are, as far as this visitor may know; none asks more
for many than for one."""


@dataclass(frozen=True)
class Told:
    """A cause as this visitor may see it; without `url` it is named only."""

    words: str
    url: str = ""


def cause_of(transfer: Transfer) -> Key:
    """What it stands for; of what a file brought its line, and not the batch.

    Clients write texts into metadata: a line that is a number is an import's.
    """
    file, line = (transfer.metadata.get(name) for name in ("import", "line"))
    if transfer.cause_type == BATCH and type(line) is int:
        return IMPORT, f"{file}/{line}"
    return transfer.cause_type, transfer.cause_id


def told(request: HttpRequest, causes: Iterable[Key]) -> dict[Key, Told]:
    """What to say of each, with as many questions for all of a kind as for one."""
    wanted: dict[str, set[str]] = {}
    for kind, pk in causes:
        wanted.setdefault(kind, set()).add(pk)
    return {
        (kind, pk): each
        for kind, pks in wanted.items()
        for pk, each in _told(request, CAUSES.get(kind), kind, pks).items()
    }


def ids(texts: Iterable[str]) -> Iterator[UUID]:
    """Those that are UUIDs: the books keep whatever text a cause was given."""
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue


def _told(
    request: HttpRequest, cause: Cause | None, kind: str, pks: set[str]
) -> dict[str, Told]:
    if cause is None or not can(request, cause.permission):
        return {pk: Told(f"{kind} {pk[:8]}") for pk in pks}
    names = cause.names(pks)
    return {
        pk: Told(names[pk], _page_of(cause, pk))
        if pk in names
        else Told(f"{kind} {pk[:8]}")
        for pk in pks
    }


def _page_of(cause: Cause, pk: str) -> str:
    row = pk.partition("/")[0]
    return reverse(f"admin:{cause.route}", args=[row]) if cause.route else ""


def words_of(code: str) -> str:
    """What a person calls a transfer of this code."""
    for cause in CAUSES.values():
        if code in cause.codes:
            return str(cause.codes[code])
    return code


def owners_called(request: HttpRequest, text: str) -> set[UUID]:
    return {owner for find in OWNERS for owner in find(request, text)}


def names_of_owners(
    request: HttpRequest, accounts: Collection[UUID]
) -> dict[UUID, str]:
    """Of those accounts whose owner's name is known."""
    return {pk: name for tell in NAMES for pk, name in tell(request, accounts).items()}
