"""The lines of a statement as people read them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from django.http import HttpRequest
from django.utils.translation import gettext as _

from areamedica.clock import CARACAS, caracas_day
from ledger.admin.causes import DESCRIPTION, Told, cause_of, told, words_of
from ledger.admin.sheets import Value
from ledger.amounts import from_minor
from ledger.models import Account, Entry, Transfer
from ledger.services.statements import By, statement

# More than a sheet is read of; a year of a busy account.
MOST_ROWS = 50_000
_UNTOLD = Told("")


@dataclass(frozen=True)
class Row:
    entry: Entry
    words: str
    cause: Told
    description: str
    counterpart: Account
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal

    @property
    def is_off_day(self) -> bool:
        """Booked on another day than it takes effect."""
        return caracas_day(self.entry.at) != self.entry.effective


def rows_of(
    request: HttpRequest, account: Account, entries: Sequence[Entry]
) -> list[Row]:
    """As many questions for a hundred rows as for one of each kind."""
    transfers = Transfer.objects.in_bulk([each.transfer_id for each in entries])
    others = Account.objects.in_bulk({each.counterpart_id for each in entries})
    causes = {key: cause_of(each) for key, each in transfers.items()}
    said = told(request, causes.values())
    return [
        _row(
            account,
            each,
            others[each.counterpart_id],
            cause=said[causes[each.transfer_id]],
            description=str(transfers[each.transfer_id].metadata.get(DESCRIPTION, "")),
        )
        for each in entries
    ]


def _row(
    account: Account,
    entry: Entry,
    counterpart: Account,
    *,
    cause: Told = _UNTOLD,
    description: str = "",
) -> Row:
    amount = from_minor(entry.amount, account.currency)
    return Row(
        entry,
        words_of(entry.code),
        cause,
        description,
        counterpart,
        debit=amount if entry.is_debit else None,
        credit=None if entry.is_debit else amount,
        balance=from_minor(entry.balance, account.currency),
    )


def as_rows(
    account: Account, first: date, last: date, by: By
) -> Iterator[Iterable[Value]]:
    """The statement as a sheet, from its opening to its closing balance; no names of
    people, only what the books know. Where it was cut its last line says so."""
    yield (
        _("Booked"),
        _("Effective day"),
        _("Transfer of the books"),
        _("Code"),
        _("Counterpart"),
        _("Debit"),
        _("Credit"),
        _("Balance"),
    )
    read = partial(statement, account.pk, first=first, last=last, by=by)
    left = MOST_ROWS
    found = read(limit=left)
    yield _edge(_("Opening balance"), first, found.opening)
    yield from _lines(account, found.entries)
    while found.following and (left := left - len(found.entries)):
        found = read(limit=left, after=found.following)
        yield from _lines(account, found.entries)
    yield _edge(_("Closing balance"), last, found.closing)
    if found.following:
        cut = _("The file was cut after %(most)d entries; choose fewer days.")
        yield (cut % {"most": MOST_ROWS},)


def _edge(words: str, day: date, balance: Decimal) -> Iterable[Value]:
    return words, day.isoformat(), "", "", "", "", "", balance


def _lines(account: Account, entries: Sequence[Entry]) -> Iterator[Iterable[Value]]:
    others = Account.objects.in_bulk({each.counterpart_id for each in entries})
    for each in entries:
        yield _cells(_row(account, each, others[each.counterpart_id]))


def _cells(row: Row) -> Iterable[Value]:
    return (
        row.entry.at.astimezone(CARACAS).isoformat(),
        row.entry.effective.isoformat(),
        str(row.entry.transfer_id),
        row.entry.code,
        row.counterpart.code,
        row.debit or "",
        row.credit or "",
        row.balance,
    )
