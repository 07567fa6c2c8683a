"""An account from one day to another: opening, entries page by page, closing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from uuid import UUID

from django.db.models import Q, Sum

from areamedica.clock import caracas_day
from ledger.amounts import from_minor
from ledger.models import Balance, Entry
from ledger.services.reading import (
    LARGEST_PAGE,
    Booked,
    balance_of,
    booked_by,
    change,
    legs_of,
    off_day,
    on_days,
)

ONE_DAY = timedelta(days=1)
# So many legs are sorted in a few milliseconds.
_QUIET = 5_000


class By(StrEnum):
    """Which day of a transfer counts."""

    BOOKED = "booked"
    EFFECTIVE = "effective"


@dataclass(frozen=True)
class Place:
    """Where a page ended: the leg of this number, on this day. Pages go on after it."""

    day: date
    seq: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.seq}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """:raises ValueError: it is not what `str` writes."""
        day, _, seq = text.partition(".")
        if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
            raise ValueError(text)
        return cls(date.fromisoformat(day), int(seq))


@dataclass(frozen=True)
class Statement:
    """A page of a stretch of an account's life; each entry's `balance` follows from
    the one before. `closing` is `opening` and every change of all the pages."""

    currency: str
    opening: Decimal
    closing: Decimal
    entries: Sequence[Entry]
    following: Place | None


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
    held = balance_of(account)
    read = _booked if by is By.BOOKED else _effective
    return read(_Life(held), first, last, after, min(limit, LARGEST_PAGE))


class _Life:
    """An account, and what its legs were on days, each of which is asked for once."""

    def __init__(self, held: Balance) -> None:
        self.held = held
        self.taking_effect = cache(self._taking_effect)
        self._booked: dict[date, Booked] = {}

    def by(self, *days: date) -> dict[date, Booked]:
        unknown = [day for day in days if day not in self._booked]
        if unknown:
            self._booked |= booked_by(self.held, unknown)
        return {day: self._booked[day] for day in days}

    def booked_on(self, first: date, last: date) -> tuple[int, int]:
        """The numbers of the legs booked on these days: above one, up to the other."""
        ends = self.by(first - ONE_DAY, last)
        return ends[first - ONE_DAY].seq, ends[last].seq

    def _taking_effect(self, first: date, last: date) -> Q:
        """The account's legs with an effective day in between, whenever booked.

        What was booked after `last` bridges its end; what was booked before `first`,
        the end of its eve.
        """
        before, until = self.booked_on(first, last)
        took = Q(account_id=self.held.pk, effective__gte=first, effective__lte=last)
        bridging = off_day(last) | off_day(first - ONE_DAY)
        strays = Entry.objects.filter(took, bridging).values_list("seq", flat=True)
        return took & (Q(seq__gt=before, seq__lte=until) | Q(seq__in=list(strays)))


def _booked(
    life: _Life, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    ends = life.by(first - ONE_DAY, last)
    opening, closing = ends[first - ONE_DAY], ends[last]
    start = max(opening.seq, after.seq if after else 0)
    legs = Entry.objects.filter(
        account_id=life.held.pk, seq__gt=start, seq__lte=closing.seq
    )
    page = legs_of(life.held, legs.order_by("seq")[: limit + 1])
    return _statement(life.held, opening.left, closing.left, page, limit, By.BOOKED)


def _effective(
    life: _Life, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    start = after.day if after else first
    life.by(first - ONE_DAY, start - ONE_DAY, start, last)  # in one question
    left = on_days(life.held, life.by(first - ONE_DAY, start - ONE_DAY, last))
    running = left[start - ONE_DAY] + (_moved_by(life, after) if after else 0)
    page = _page_by_effect(life, first, last, after, limit + 1)
    for leg in page:
        running += leg.amount * life.held.side * (1 if leg.is_debit else -1)
        leg.balance = running
    opening, closing = left[first - ONE_DAY], left[last]
    return _statement(life.held, opening, closing, page, limit, By.EFFECTIVE)


def _statement(
    held: Balance, opening: int, closing: int, page: list[Entry], limit: int, by: By
) -> Statement:
    shown = page[:limit]
    following = None
    if len(page) > limit:
        end = shown[-1]
        day = end.effective if by is By.EFFECTIVE else caracas_day(end.at)
        following = Place(day, end.seq)
    return Statement(
        currency=held.currency,
        opening=from_minor(opening, held.currency),
        closing=from_minor(closing, held.currency),
        entries=shown,
        following=following,
    )


def _page_by_effect(
    life: _Life, first: date, last: date, after: Place | None, wanted: int
) -> list[Entry]:
    """Legs in the order of their days, read in stretches until there are enough."""
    found: list[Entry] = []
    for start, end in _stretches(life, after.day if after else first, last):
        legs = life.taking_effect(start, end)
        if after:
            legs &= Q(effective__gt=after.day) | Q(seq__gt=after.seq)
        rows = Entry.objects.filter(legs).order_by("effective", "seq")
        found += legs_of(life.held, rows[: wanted - len(found)])
        if len(found) == wanted:
            break
    return found


def _stretches(life: _Life, first: date, last: date) -> Iterator[tuple[date, date]]:
    """All the days at once on a quiet account; on a busy one a day, then two, then
    four, so that a page does not sort a year."""
    before, until = life.booked_on(first, last)
    days = (last - first).days + 1 if until - before <= _QUIET else 1
    while first <= last:
        end = min(first + timedelta(days=days - 1), last)
        yield first, end
        first, days = end + ONE_DAY, days * 2


def _moved_by(life: _Life, place: Place) -> int:
    """What the legs of its day up to this place changed, by effective date."""
    that_day = life.taking_effect(place.day, place.day)
    until = Entry.objects.filter(that_day, seq__lte=place.seq)
    return int(until.aggregate(all=Sum(change(life.held.side)))["all"] or 0)
