"""What the books say as a whole: trial balance, balance sheet, income statement.

Patients' accounts are folded into their heading, so a report is as long as the chart.
What is now is added up from the balances; a past moment takes the transfers since.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from areamedica.clock import start_of
from ledger.amounts import MINOR_DIGITS, from_minor
from ledger.chart import SIDE, Kind
from ledger.models import Account, Balance, Hold
from ledger.models.transfers import AHEAD
from ledger.services.reading import LARGEST_PAGE, days_of

_HERE = Path(__file__).parent
_LATER = (_HERE / "later.sql").read_text(encoding="utf-8")
_ALL = _LATER + (_HERE / "reports.sql").read_text(encoding="utf-8")
_GATHERED = _LATER + (_HERE / "gathered.sql").read_text(encoding="utf-8")
_BELOW = (_HERE / "below.sql").read_text(encoding="utf-8")
_RESULT = (_HERE / "result.sql").read_text(encoding="utf-8")


@dataclass(frozen=True)
class AsOf:
    """When: just before the moment `at` as booked, at the end of the Caracas day `on`
    by effective date, or now when neither is given. Never both."""

    at: datetime | None = None
    on: date | None = None

    @property
    def since(self) -> datetime | None:
        """Nothing booked before this is later; None: nothing at all is."""
        return self.at if self.on is None else start_of(self.on - AHEAD)


NOW = AsOf()
OF_THE_RESULT = (Kind.INCOME, Kind.EXPENSE)
OWED = tuple(kind for kind in Kind if kind not in {Kind.ASSET, *OF_THE_RESULT})


@dataclass(frozen=True)
class Line:
    """An account, or a heading with `accounts` folded into it, and what is on it.

    Of an account one side is zero; a heading has what stands on either side below it.
    """

    account_id: UUID
    code: str
    name: str
    kind: Kind
    currency: str
    accounts: int
    debit: Decimal
    credit: Decimal

    @property
    def amount(self) -> Decimal:
        """On its own side: an asset grows by debits, a liability by credits."""
        return (self.debit - self.credit) * SIDE[self.kind]


def total(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal("0.00"))


@dataclass(frozen=True)
class Sheet:
    """Lines of one currency with their totals."""

    currency: str
    lines: Sequence[Line]

    def of(self, *kinds: Kind) -> list[Line]:
        return [line for line in self.lines if line.kind in kinds]

    @property
    def assets(self) -> Decimal:
        return total(self.of(Kind.ASSET))

    @property
    def liabilities(self) -> Decimal:
        """What is owed, to whomever."""
        return total(self.of(*OWED))

    @property
    def income(self) -> Decimal:
        return total(self.of(Kind.INCOME))

    @property
    def expenses(self) -> Decimal:
        return total(self.of(Kind.EXPENSE))

    @property
    def result(self) -> Decimal:
        """Income less expenses. In whole books it is also assets less liabilities."""
        return self.income - self.expenses

    @property
    def balancing(self) -> Decimal:
        """What stands against the assets; in whole books as much as they are."""
        return self.liabilities + self.result

    @property
    def debit(self) -> Decimal:
        return sum((line.debit for line in self.lines), Decimal("0.00"))

    @property
    def credit(self) -> Decimal:
        return sum((line.credit for line in self.lines), Decimal("0.00"))


@dataclass(frozen=True)
class Reached:
    """Where a page of the largest amounts ended: at this account, so many minor units
    being on either side of it."""

    size: int
    account: UUID

    def __str__(self) -> str:
        return f"{self.size}.{self.account}"

    @classmethod
    def read(cls, text: str) -> "Reached":
        """:raises ValueError: it is not what `str` writes."""
        size, _, account = text.partition(".")
        if not (size.isascii() and size.isdigit() and len(size) < 20):
            raise ValueError(text)
        return cls(int(size), UUID(account))


@dataclass(frozen=True)
class Gathered:
    """A heading as a report has it, all its accounts folded, and a page of those that
    something was on."""

    whole: Line
    lines: Sequence[Line]
    following: Reached | None


def balances(currency: str, as_of: AsOf = NOW) -> Sheet:
    """Everything that something was on, by code: trial balance and balance sheet.

    Debit and credit have one sum, and assets are liabilities and the result.
    """
    return Sheet(currency, _lines(_ALL, as_of, {"currencies": [currency]}))


def all_balances() -> list[Sheet]:
    """The books now in every currency that anything was ever booked in."""
    lines = _lines(_ALL, NOW, {"currencies": list(MINOR_DIGITS)})
    return [
        Sheet(currency, [line for line in lines if line.currency == currency])
        for currency in currencies_in_use()
    ]


def days_of_the_books(*, today: date) -> tuple[date, date]:
    """The first day of the books and the last, which is today or, where something will
    take effect, later.

    By the accounts that stand alone: income and expense are among them, and what is on
    an owner's came from one of them.
    """
    alone = Account.objects.filter(parent=None, is_heading=False)
    return days_of(alone.values_list("pk", flat=True), today=today)


def held_in(currency: str) -> Decimal:
    """What open holds have promised; one that lets two accounts shrink counts once."""
    is_open = Hold.objects.filter(end=None, debit__currency=currency)
    return from_minor(int(is_open.aggregate(all=Sum("amount"))["all"] or 0), currency)


def currencies_in_use() -> list[str]:
    """Those something was booked in, in the house's order; the first one at least."""
    moved = set(Balance.objects.filter(seq__gt=0).values_list("currency", flat=True))
    return [each for each in MINOR_DIGITS if each in moved] or list(MINOR_DIGITS)[:1]


def below(
    heading: UUID, as_of: AsOf = NOW, *, after: str = "", limit: int = LARGEST_PAGE
) -> tuple[list[Line], str | None]:
    """The accounts of a heading by code, also empty ones, and where to go on."""
    asked = {"heading": heading, "after": after, "limit": limit}
    found = _lines(_BELOW, as_of, asked)
    return found, found[-1].code if len(found) == limit else None


def gathered(
    heading: UUID,
    as_of: AsOf = NOW,
    *,
    after: Reached | None = None,
    limit: int = LARGEST_PAGE,
) -> Gathered:
    """What makes up a heading's line of a report, the largest amounts first.

    A page costs as much as the report. Whose amount changes while somebody turns the
    pages may be met twice, or not.
    """
    size, account = (after.size, after.account) if after else (None, None)
    asked = {"heading": heading, "size": size, "after": account, "limit": limit + 1}
    whole, *found = _lines(_GATHERED, as_of, asked)
    lines = found[:limit]
    return Gathered(whole, lines, _reached(lines[-1]) if found[limit:] else None)


def _reached(line: Line) -> Reached:
    digits = MINOR_DIGITS[line.currency]
    return Reached(int(abs(line.amount).scaleb(digits)), line.account_id)


def income_statement(currency: str, *, first: date, last: date) -> Sheet:
    """What was earned and spent on these Caracas days, by effective date."""
    asked = {
        "currency": currency,
        "kinds": list(OF_THE_RESULT),
        "first": first,
        "last": last,
    }
    return Sheet(currency, _lines(_RESULT, AsOf(on=first), asked))


def _lines(sql: str, as_of: AsOf, asked: dict[str, Any]) -> list[Line]:
    moment = {"since": as_of.since or "infinity", "day": as_of.on}
    with connection.cursor() as cursor:
        cursor.execute(sql, {**moment, **asked})
        return [_line(*row) for row in cursor.fetchall()]


def _line(
    account_id: UUID,
    code: str,
    name: str,
    kind: str,
    currency: str,
    accounts: int,
    debit: Decimal,
    credit: Decimal,
) -> Line:
    return Line(
        account_id,
        code,
        name,
        Kind(kind),
        currency,
        accounts,
        debit=from_minor(int(debit), currency),
        credit=from_minor(int(credit), currency),
    )
