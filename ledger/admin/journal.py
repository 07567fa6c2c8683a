"""What the journal says, on the pages of the books: who it was, when, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from areamedica.back_office import can
from areamedica.permissions import Permission as P
from audit.canonical import facts_of
from audit.evidence.story import who_is
from audit.evidence.words import names_of
from audit.models import Record

MOST_SHOWN = 30
# What is done to the books themselves, whoever's records they are.
_OURS = "ledger."
Subject = tuple[str, str]


@dataclass(frozen=True)
class Note:
    """A record as it is read aloud; `why` is what was typed, if that was asked."""

    record: Record
    who: str
    why: str


def notes_of(request: HttpRequest, subjects: Iterable[Subject]) -> list[Note]:
    """What the journal says of them, oldest first.

    Of what was done to the books whoever reads them is told. Other rooms' records may
    tell of somebody's health: they are for who may read the journal.
    """
    records = list(_records(request, _by_kind(subjects)))
    people = ((each.actor_id, each.on_behalf_of) for each in records)
    names = names_of(pk for each in people for pk in each)
    return [
        Note(each, _who(each, names), str(facts_of(each.facts).get("reason", "")))
        for each in records
    ]


def _by_kind(subjects: Iterable[Subject]) -> list[Q]:
    wanted: dict[str, set[str]] = {}
    for kind, pk in subjects:
        wanted.setdefault(kind, set()).add(pk)
    return [Q(subject_type=kind, subject_id__in=pks) for kind, pks in wanted.items()]


def _records(request: HttpRequest, about: list[Q]) -> Iterable[Record]:
    if not about:
        return ()
    found = Record.objects.filter(reduce(or_, about)).order_by("id")
    if can(request, P.AUDIT_READ):
        return found
    return found.filter(action__startswith=_OURS)


def _who(record: Record, names: dict[str, str]) -> str:
    who = who_is(record.actor_id, names)
    if record.on_behalf_of is None:
        return who
    whom = who_is(record.on_behalf_of, names)
    return _("%(who)s, on behalf of %(whom)s") % {"who": who, "whom": whom}
