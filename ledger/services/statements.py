"""An account from one day to another: opening, entries page by page, closing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db.models import Q, Sum

from areamedica.clock import caracas_day, end_of, start_of
from ledger.amounts import from_minor
from ledger.models import Balance, Entry
from ledger.services.reading import (
    LARGEST_PAGE,
    balance_of,
    change,
    left_by,
    off_day,
    on_day,
    seq_before,
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

    :raises AccountNotFound:
    """
    held = balance_of(account)
    read = _booked if by is By.BOOKED else _effective
    return read(held, first, last, after, min(limit, LARGEST_PAGE))


def _booked(
    held: Balance, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    start = seq_before(held.pk, start_of(first))
    end = seq_before(held.pk, end_of(last))
    legs = Entry.objects.filter(
        account_id=held.pk, seq__gt=max(start, after.seq if after else 0), seq__lte=end
    )
    page = list(legs.select_related("account").order_by("seq")[: limit + 1])
    return _statement(
        held,
        left_by(held.pk, start),
        left_by(held.pk, end),
        page,
        limit,
        By.BOOKED,
    )


def _effective(
    held: Balance, first: date, last: date, after: Place | None, limit: int
) -> Statement:
    opening = on_day(held, first - ONE_DAY)
    page = _page_by_effect(held, first, last, after, limit + 1)
    if page:
        running = _before_page(held, page[0])
        for leg in page:
            running += leg.amount * held.side * (1 if leg.is_debit else -1)
            leg.balance = running
    return _statement(held, opening, on_day(held, last), page, limit, By.EFFECTIVE)


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
    held: Balance, first: date, last: date, after: Place | None, wanted: int
) -> list[Entry]:
    """Legs in the order of their days, read in stretches until there are enough."""
    found: list[Entry] = []
    for start, end in _stretches(
        held.pk, max(first, after.day) if after else first, last
    ):
        legs = _taking_effect(held.pk, start, end)
        if after:
            legs &= Q(effective__gt=after.day) | Q(seq__gt=after.seq)
        rows = Entry.objects.filter(legs).select_related("account")
        found += rows.order_by("effective", "seq")[: wanted - len(found)]
        if len(found) == wanted:
            break
    return found


def _stretches(account: UUID, first: date, last: date) -> Iterator[tuple[date, date]]:
    """All the days at once on a quiet account; on a busy one a day, then two, then
    four, so that a page does not sort a year."""
    legs = seq_before(account, end_of(last)) - seq_before(account, start_of(first))
    days = (last - first).days + 1 if legs <= _QUIET else 1
    while first <= last:
        end = min(first + timedelta(days=days - 1), last)
        yield first, end
        first, days = end + ONE_DAY, days * 2


def _taking_effect(account: UUID, first: date, last: date) -> Q:
    """The account's legs with an effective day in between, whenever booked.

    What was booked after `last` bridges its end; what was booked before `first`, the
    end of its eve.
    """
    within = Q(
        seq__gt=seq_before(account, start_of(first)),
        seq__lte=seq_before(account, end_of(last)),
    )
    effective = Q(account_id=account, effective__gte=first, effective__lte=last)
    bridging = off_day(last) | off_day(first - ONE_DAY)
    strays = Entry.objects.filter(effective, bridging).values_list("seq", flat=True)
    return effective & (within | Q(seq__in=list(strays)))


def _before_page(held: Balance, leg: Entry) -> int:
    """The balance by effective date just before this leg."""
    that_day = _taking_effect(held.pk, leg.effective, leg.effective)
    earlier = Entry.objects.filter(that_day, seq__lt=leg.seq)
    changed = earlier.aggregate(total=Sum(change(held.side)))["total"]
    return on_day(held, leg.effective - ONE_DAY) + int(changed or 0)
