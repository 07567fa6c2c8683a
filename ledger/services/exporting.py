"""The books as a file: CSV as `import_books` reads it, or Beancount.

Both are read in one snapshot of the database, row by row, so that a file of any length
is whole and the books are posted to meanwhile.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from areamedica.clock import caracas_day, is_within_reach
from areamedica.errors import DayOutOfReach
from areamedica.spreadsheets import inert
from audit.actions import Action
from audit.services import record
from ledger.amounts import from_minor
from ledger.chart import Kind
from ledger.errors import PeriodTurnedRound
from ledger.import_file import COLUMNS

_AT_ONCE = 2_000
_PIECE = 64_000
_DAY = timedelta(days=1)


class Format(models.TextChoices):
    CSV = "csv", "CSV"
    BEANCOUNT = "beancount", "Beancount"


@dataclass(frozen=True, kw_only=True)
class Period:
    """Effective days from `first` to `last`; None: from the beginning, to the end."""

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class _Transfer:
    key: UUID
    day: date
    debit: str
    credit: str
    minor: int
    currency: str
    code: str
    description: str

    @property
    def amount(self) -> str:
        return str(from_minor(self.minor, self.currency))


def export(*, form: Format, period: Period, actor_id: UUID) -> Iterator[str]:
    """Journal who takes the books away, and give the file piece by piece.

    :raises DayOutOfReach: nobody means that day.
    :raises PeriodTurnedRound: it ends before it begins.
    """
    if not all(is_within_reach(day) for day in (period.first, period.last) if day):
        raise DayOutOfReach
    if period.first and period.last and period.last < period.first:
        raise PeriodTurnedRound
    facts: dict[str, object] = {
        "format": form.value,
        "first": str(period.first or ""),
        "last": str(period.last or ""),
    }
    record(Action.BOOKS_EXPORTED, actor_id=actor_id, facts=facts)
    return _WRITERS[form](period)


# ---- CSV ---------------------------------------------------------------------------


def _csv(period: Period) -> Iterator[str]:
    """The columns of an import, amounts with a point. No cell is ever a formula."""
    page = io.StringIO()
    table = csv.writer(page)
    table.writerow(COLUMNS)
    with closing(_Snapshot()) as books:
        for each in books.transfers(period):
            table.writerow(
                [
                    *(each.key, each.day, each.debit, each.credit, each.amount),
                    *(each.currency, inert(each.code), inert(each.description)),
                ]
            )
            if page.tell() > _PIECE:
                yield _taken(page)
    yield _taken(page)


def _taken(page: io.StringIO) -> str:
    text = page.getvalue()
    page.seek(0)
    page.truncate()
    return text


# ---- Beancount (https://beancount.github.io/docs/beancount_language_syntax.html) ----

_ROOTS = {
    Kind.ASSET: "Assets",
    Kind.LIABILITY: "Liabilities",
    Kind.INCOME: "Income",
    Kind.EXPENSE: "Expenses",
    Kind.EQUITY: "Equity",
}


def _beancount(period: Period) -> Iterator[str]:
    """A debit is positive. What the accounts must hold at the end is asserted."""
    with closing(_Snapshot()) as books:
        accounts = books.accounts()
        names = {code: f"{_ROOTS[kind]}:{code}" for code, kind, _ in accounts}
        first, last = books.days(period)
        yield 'option "title" "Área Médica"\n'
        for code, _, currency in accounts:
            yield f"{first} open {names[code]} {currency}\n"
        yield from _brought_forward(books, period, first, names)
        for each in books.transfers(period):
            yield (
                f"\n{each.day} * {_quoted(each.code)} {_quoted(each.description)}\n"
                f'  key: "{each.key}"\n'
                f"  {names[each.debit]}  {each.amount} {each.currency}\n"
                f"  {names[each.credit]}  -{each.amount} {each.currency}\n"
            )
        yield "\n"
        for code, amount in books.stood_on(period.last).items():
            # Beancount looks at the beginning of the day.
            yield f"{last + _DAY} balance {names[code]} {amount}\n"


def _brought_forward(
    books: "_Snapshot", period: Period, first: date, names: dict[str, str]
) -> Iterator[str]:
    """What was there before the period; of each currency it sums to nothing."""
    if period.first is None:
        return
    yield f'\n{first} * "opening" "Saldo anterior"\n'
    for code, amount in books.stood_on(period.first - _DAY).items():
        yield f"  {names[code]}  {amount}\n"


def _quoted(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


_WRITERS = {Format.CSV: _csv, Format.BEANCOUNT: _beancount}


# ---- Reading -----------------------------------------------------------------------

# In the order of booking, which a floor may depend on. What one batch booked has one
# moment; there, what fills a floored account comes before what empties one.
_TRANSFERS = """
SELECT t.key, t.effective, d.code, c.code, t.amount, d.currency, t.code,
       coalesce(t.metadata ->> 'description', '')
  FROM ledger_transfer t
  JOIN ledger_account d ON d.id = t.debit_id
  JOIN ledger_account c ON c.id = t.credit_id
 WHERE t.effective BETWEEN %s AND %s
 ORDER BY t.at,
          (d.floor_rule = 'zero' AND d.kind NOT IN ('asset', 'expense'))
          OR (c.floor_rule = 'zero' AND c.kind IN ('asset', 'expense')),
          t.effective, t.debit_seq, t.key
"""
_ACCOUNTS = """
SELECT a.code, a.kind, a.currency
  FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
 WHERE b.seq > 0 ORDER BY a.code
"""
_STOOD = """
SELECT a.code, a.currency, sum(CASE WHEN e.is_debit THEN e.amount ELSE -e.amount END)
  FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
 WHERE e.effective <= %s GROUP BY a.code, a.currency ORDER BY a.code
"""
_STANDS_NOW = """
SELECT a.code, a.currency, b.amount * b.side
  FROM ledger_balance b JOIN ledger_account a ON a.id = b.account_id
 WHERE b.seq > 0 ORDER BY a.code
"""
_DAYS = "SELECT min(effective), max(effective) FROM ledger_transfer"


class _Snapshot:
    """The books at one moment, on a connection of its own; to be closed."""

    def __init__(self) -> None:
        self.line = connection.copy()
        self.line.set_autocommit(autocommit=False)
        self._ask("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._ask("SET LOCAL statement_timeout = 0")

    def close(self) -> None:
        self.line.close()

    def _ask(self, query: str, *given: date) -> list[tuple[Any, ...]]:
        with self.line.cursor() as cursor:
            cursor.execute(query, given)
            return cursor.fetchall() if cursor.description else []

    def transfers(self, period: Period) -> Iterator[_Transfer]:
        days = [period.first or date.min, period.last or date.max]
        with self.line.chunked_cursor() as cursor:
            cursor.execute(_TRANSFERS, days)
            while some := cursor.fetchmany(_AT_ONCE):
                yield from (_Transfer(*row) for row in some)

    def accounts(self) -> list[tuple[str, Kind, str]]:
        return [(code, Kind(kind), name) for code, kind, name in self._ask(_ACCOUNTS)]

    def days(self, period: Period) -> tuple[date, date]:
        """The period, or from the first to the last effective day there is.

        A period may begin after that last one: then that day is all of it.
        """
        [(oldest, newest)] = self._ask(_DAYS)
        today = caracas_day(timezone.now())
        first = period.first or oldest or today
        return first, period.last or max(first, newest or today)

    def stood_on(self, day: date | None) -> dict[str, str]:
        """What is on each account at the end of the day, a debit positive; None: now.

        By day it is the sum of the entries, now it is what the balances say.
        """
        rows = self._ask(_STOOD, day) if day else self._ask(_STANDS_NOW)
        return {
            code: f"{from_minor(int(minor), currency)} {currency}"
            for code, currency, minor in rows
        }
