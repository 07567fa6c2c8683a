"""Who posted what came from outside: a batch, or an entry of many legs."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.clock import CARACAS
from areamedica.permissions import Permission as P
from audit.evidence.story import who_is
from audit.evidence.words import names_of
from audit.models import Record
from ledger.admin.causes import CAUSES, Cause
from ledger.services.batches import BATCH, ENTRY


def _by_and_when(
    kind: str, words: Promise
) -> Callable[[Iterable[str]], Mapping[str, str]]:
    """Of a batch and of an entry the journal has one record; the books, no row."""

    def names(pks: Iterable[str]) -> Mapping[str, str]:
        records = Record.objects.filter(subject_type=kind, subject_id__in=[*pks])
        found = list(records.values_list("subject_id", "actor_id", "at"))
        people = names_of(actor for _pk, actor, _at in found)
        return {
            pk: str(words) % {"who": who_is(actor, people), "moment": _moment(at)}
            for pk, actor, at in found
        }

    return names


def _moment(at: datetime) -> str:
    """With its year: statements are read long afterwards."""
    return at.astimezone(CARACAS).strftime("%d/%m/%Y %H:%M")


CAUSES[BATCH] = Cause(
    permission=P.LEDGER_READ,
    names=_by_and_when(BATCH, _("Booked by %(who)s, %(moment)s")),
)
CAUSES[ENTRY] = Cause(
    permission=P.LEDGER_READ,
    names=_by_and_when(ENTRY, _("Compound entry, booked by %(who)s, %(moment)s")),
)
