"""An account from one day to another: opening, entries page by page, closing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db import connection

from areamedica.clock import caracas_day, end_of, start_of
from ledger.amounts import from_minor
from ledger.models import Balance, Entry
from ledger.services.reading import (
    LARGEST_PAGE,
    balance_of,
    booked_by,
    in_effect_by,
    legs_of,
)

ONE_DAY = timedelta(days=1)
# So many legs are sorted in a few milliseconds.
_QUIET = 5_000
# The account's legs with an effective day in a stretch: those booked in it, and those
# booked outside; the end of the stretch, or of its eve, lies between their two days,
# and an index has those (migration 0007). What each did to the account beside them.
_LEGS = """
WITH found AS (
    SELECT * FROM ledger_entry
     WHERE account_id = %(account)s AND effective BETWEEN %(first)s AND %(last)s
       AND seq > %(before)s AND seq <= %(until)s
     UNION ALL
    SELECT * FROM ledger_entry
     WHERE account_id = %(account)s AND effective BETWEEN %(first)s AND %(last)s
       AND seq <= %(newest)s
       AND (ledger_lies_between(effective, at, %(last)s)
            OR ledger_lies_between(effective, at, %(first)s - 1))
), legs AS (
    SELECT *, CASE WHEN is_debit THEN amount ELSE -amount END * %(side)s AS change
      FROM found
)
"""
_PAGE = f"""{_LEGS}
SELECT account_id, seq, key AS transfer_id, counterpart_id, is_debit, amount,
       %(reached)s + sum(change) OVER (ORDER BY effective, seq)::bigint AS balance,
       at, effective, code
  FROM legs WHERE (effective, seq) > (%(day)s, %(seq)s)
 ORDER BY effective, seq LIMIT %(wanted)s
"""  # noqa: S608 (our names)
_MOVED = f"""{_LEGS}
SELECT coalesce(sum(change), 0) FROM legs WHERE seq <= %(seq)s
"""  # noqa: S608 (our names)


class By(StrEnum):
    """Which day of a transfer counts."""

    BOOKED = "booked"
    EFFECTIVE = "effective"


@dataclass(frozen=True)
class Place:
    """Where a page ended: the leg of this number, on this day. Pages go on after it,
    and tell of the account as it was with its leg `newest`, which the first page saw:
    what is booked meanwhile, for a day that was passed already, would not add up."""

    day: date
    seq: int
    newest: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.seq}.{self.newest}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """:raises ValueError: it is not what `str` writes."""
        day, seq, newest = text.split(".")
        for number in (seq, newest):
            if not (number.isascii() and number.isdigit() and len(number) < 19):
                raise ValueError(text)
        return cls(date.fromisoformat(day), int(seq), int(newest))


@dataclass(frozen=True)
class Statement:
    """A page of a stretch of an account's life; each entry's `balance` follows from
    the one before. `closing` is `opening` and every change of all the pages."""

    currency: str
    opening: Decimal
    closing: Decimal
    entries: Sequence[Entry]
    following: Place | None

    @property
    def movement(self) -> Decimal:
        """What all the pages changed: of income, its figure in the result."""
        return self.closing - self.opening


def statement(
    account: UUID,
    *,
    first: date,
    last: date,
    by: By = By.BOOKED,
    after: Place | None = None,
    limit: int = LARGEST_PAGE,
) -> Statement:
    """The account on these Caracas days, oldest first, at one cost however deep.

    `after` is where a page of these days ended.

    :raises AccountNotFound:
    """
    balance = balance_of(account)
    if after:
        balance.seq = min(balance.seq, after.newest)
    read = _booked if by is By.BOOKED else _effective
    return read(balance, first, last, after, min(limit, LARGEST_PAGE))


def _booked(
    balance: Balance, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    begin, end = start_of(first), end_of(last)
    stood = booked_by(balance, [begin, end])
    opening, closing = stood[begin], stood[end]
    start = max(opening.seq, after.seq if after else 0)
    legs = Entry.objects.filter(account=balance.pk, seq__gt=start, seq__lte=closing.seq)
    page = legs_of(balance, legs.order_by("seq")[: limit + 1])
    return _statement(balance, opening.left, closing.left, page, limit, By.BOOKED)


def _effective(
    balance: Balance, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    start = after or Place(first, 0, balance.seq)
    before, eve = first - ONE_DAY, start.day - ONE_DAY
    stood = in_effect_by(balance, sorted({before, eve, last}))
    opening, closing = stood[before], stood[last]
    reached = stood[eve].left + _moved_by(balance, start)
    page: list[Entry] = []
    # A page of a busy account does not sort a year.
    days = (last - eve).days if closing.seq - opening.seq <= _QUIET else 1
    for stretch in _stretches(start.day, last, days):
        page += _taking_effect(balance, stretch, start, reached, limit + 1 - len(page))
        if len(page) > limit:
            break
        reached = page[-1].balance if page else reached
    return _statement(balance, opening.left, closing.left, page, limit, By.EFFECTIVE)


def _statement(
    balance: Balance, opening: int, closing: int, page: list[Entry], limit: int, by: By
) -> Statement:
    shown = page[:limit]
    following = None
    if len(page) > limit:
        end = shown[-1]
        day = end.effective if by is By.EFFECTIVE else caracas_day(end.at)
        following = Place(day, end.seq, balance.seq)
    return Statement(
        currency=balance.currency,
        opening=from_minor(opening, balance.currency),
        closing=from_minor(closing, balance.currency),
        entries=shown,
        following=following,
    )


def _stretches(first: date, last: date, days: int) -> Iterator[tuple[date, date]]:
    """So many days, then twice as many, then again."""
    while first <= last:
        end = min(first + timedelta(days=days - 1), last)
        yield first, end
        first, days = end + ONE_DAY, days * 2


def _taking_effect(
    balance: Balance,
    stretch: tuple[date, date],
    after: Place,
    reached: int,
    wanted: int,
) -> list[Entry]:
    """The next legs in the order of their days; `reached` is what was there before."""
    given = _asked(balance, *stretch) | {"day": after.day, "seq": after.seq}
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, given | {"reached": reached, "wanted": wanted})
        names = [column.name for column in cursor.description]
        rows = cursor.fetchall()
    return legs_of(balance, (Entry.from_db("default", names, row) for row in rows))


def _moved_by(balance: Balance, place: Place) -> int:
    """What the legs of its day up to this place changed, by effective date."""
    if not place.seq:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVED, _asked(balance, place.day, place.day) | {"seq": place.seq}
        )
        [[moved]] = cursor.fetchall()
    return int(moved)


def _asked(balance: Balance, first: date, last: date) -> dict[str, UUID | int | date]:
    """Numbers, not moments: by those PostgreSQL knows how few legs there are."""
    begin, end = start_of(first), end_of(last)
    booked = booked_by(balance, [begin, end])
    return {
        "account": balance.pk,
        "side": balance.side,
        "newest": balance.seq,
        "first": first,
        "last": last,
        "before": booked[begin].seq,
        "until": booked[end].seq,
    }
