"""What a file would do to the books: new rows, faults, what each account becomes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import islice
from typing import TypeVar
from uuid import UUID

from ledger.amounts import MINOR_DIGITS, from_minor, to_minor
from ledger.chart import HEADINGS, SIDE, account_id, code_of
from ledger.import_file import Column, Fault, Row, Wrong
from ledger.models import Account, Balance, Transfer
from ledger.services.periods import closed_until

# A page shows so many; the file's owner mends those first.
MOST_SHOWN = 200
_AT_ONCE = 5_000
T = TypeVar("T")


@dataclass
class Standing:
    """An account as it stands after the rows looked at so far, in minor units.

    `floor` is how low it may go with what open holds have reserved, `ceiling` how high.
    """

    code: str
    name: str
    currency: str
    side: int
    floor: int | None
    ceiling: int | None
    before: int
    after: int
    is_frozen: bool = False
    is_closed: bool = False
    is_new: bool = False
    is_moved: bool = False


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """`rows` are those that are not in the books yet; `sums` are by currency."""

    rows: Sequence[Row]
    already: int
    wrongs: Sequence[Wrong]
    sums: dict[str, Decimal]
    accounts: Sequence[Standing]

    @property
    def new_accounts(self) -> list[str]:
        return [each.code for each in self.accounts if each.is_new]

    def as_json(self) -> dict[str, object]:
        """As the page shows it: amounts as text, at most `MOST_SHOWN` of each list."""
        return {
            "new": len(self.rows),
            "already": self.already,
            "sums": {currency: str(total) for currency, total in self.sums.items()},
            "opens": len(self.new_accounts),
            "accounts": [_shown(each) for each in self.accounts[:MOST_SHOWN]],
            "accounts_total": len(self.accounts),
            "wrongs": [asdict(each) for each in self.wrongs[:MOST_SHOWN]],
            "wrongs_total": len(self.wrongs),
        }


def _shown(each: Standing) -> dict[str, object]:
    return {
        "code": each.code,
        "name": each.name,
        "currency": each.currency,
        "before": str(from_minor(each.before, each.currency)),
        "after": str(from_minor(each.after, each.currency)),
        "is_new": each.is_new,
    }


def judge(rows: Sequence[Row], unread: Sequence[Wrong]) -> Sheet:
    """Hold the rows against the books as they are now. Nothing is locked or written.

    The engine has the last word when they are booked.
    """
    books = _Books(rows)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    fresh, wrongs, already = [], list(unread), 0
    for row in rows:
        if books.hold(row):
            already += 1
        elif wrong := books.fault(row):
            wrongs.append(wrong)
        else:
            books.move(row)
            sums[row.currency] += row.amount
            fresh.append(row)
    return Sheet(
        rows=fresh,
        already=already,
        wrongs=sorted(wrongs),
        sums=dict(sums),
        accounts=books.moved(),
    )


def parts_of(code: str) -> tuple[str, str, UUID] | None:
    """Line, currency and owner of a code such as `2100-VES-<owner>`; None: no such."""
    number, _, rest = code.partition("-")
    currency, _, owner = rest.partition("-")
    try:
        owner_id = UUID(owner)
    except ValueError:
        return None
    if number not in HEADINGS or code != code_of(number, currency, owner_id):
        return None
    return (number, currency, owner_id) if currency in MINOR_DIGITS else None


class _Books:
    """What the rows touch, as it becomes row by row."""

    def __init__(self, rows: Sequence[Row]) -> None:
        codes = {code for row in rows for code in (row.debit, row.credit)}
        self.standings = dict(_standings(codes))
        self.headings = _headings_among(codes - set(self.standings))
        self.closed_until = closed_until()
        self.booked = _booked({row.key for row in rows})
        for code in codes - set(self.standings) - self.headings:
            if parts := parts_of(code):
                number, currency, _ = parts
                self.standings[code] = _to_open(code, number, currency)

    def hold(self, row: Row) -> bool:
        """Whether this very transfer is in the books."""
        content = (
            account_id(row.debit),
            account_id(row.credit),
            to_minor(row.amount, row.currency),
            row.day,
            row.code,
        )
        return self.booked.get(row.key) == content

    def fault(self, row: Row) -> Wrong | None:
        return next(self._faults(row), None)

    def _faults(self, row: Row) -> Iterator[Wrong]:
        """In the order of `Outcome`. Nobody asks on once an account is unknown."""
        if row.key in self.booked:
            yield Wrong(row.line, Fault.KEY_REUSED, Column.KEY)
        yield from self._unknown(row)
        yield from self._unmoved(row)
        if self.closed_until and row.day <= self.closed_until:
            month = f"{row.day:%Y-%m}"
            yield Wrong(row.line, Fault.CLOSED_MONTH, Column.DATE, month)
        yield from self._beyond(row)

    def _unknown(self, row: Row) -> Iterator[Wrong]:
        for column, code, _ in _sides(row):
            if code in self.headings:
                yield Wrong(row.line, Fault.HEADING, column, code)
            elif code not in self.standings:
                yield Wrong(row.line, Fault.UNKNOWN_ACCOUNT, column)

    def _unmoved(self, row: Row) -> Iterator[Wrong]:
        for fault, keeps_still in _KEEPS_STILL:
            for column, code, _ in _sides(row):
                if keeps_still(self.standings[code], row):
                    yield Wrong(row.line, fault, column, code)

    def _beyond(self, row: Row) -> Iterator[Wrong]:
        for fault, is_beyond in _LIMITS:
            for column, standing, after in self._after(row):
                if is_beyond(standing, after):
                    yield Wrong(row.line, fault, column, standing.code)

    def _after(self, row: Row) -> Iterator[tuple[Column, Standing, int]]:
        minor = to_minor(row.amount, row.currency)
        for column, code, sign in _sides(row):
            standing = self.standings[code]
            yield column, standing, standing.after + sign * standing.side * minor

    def move(self, row: Row) -> None:
        for _, standing, after in self._after(row):
            standing.after = after
            standing.is_moved = True

    def moved(self) -> list[Standing]:
        moved = (each for each in self.standings.values() if each.is_moved)
        return sorted(moved, key=lambda each: each.code)


_KEEPS_STILL: Sequence[tuple[Fault, Callable[[Standing, Row], bool]]] = (
    (Fault.OTHER_CURRENCY, lambda each, row: each.currency != row.currency),
    (Fault.CLOSED, lambda each, _: each.is_closed),
    (Fault.FROZEN, lambda each, _: each.is_frozen),
)
_LIMITS: Sequence[tuple[Fault, Callable[[Standing, int], bool]]] = (
    (Fault.FLOOR, lambda each, now: each.floor is not None and now < each.floor),
    (Fault.CEILING, lambda each, now: each.ceiling is not None and now > each.ceiling),
)


def _sides(row: Row) -> tuple[tuple[Column, str, int], ...]:
    """Column and account of both, and whether it is debited or credited."""
    return (Column.DEBIT, row.debit, 1), (Column.CREDIT, row.credit, -1)


def _standings(codes: set[str]) -> Iterator[tuple[str, Standing]]:
    for some in _in_parts(codes):
        found = Balance.objects.filter(account__code__in=some)
        for row in found.select_related("account__closure"):
            yield (
                row.account.code,
                Standing(
                    code=row.account.code,
                    name=row.account.name,
                    currency=row.currency,
                    side=row.side,
                    floor=None if row.floor is None else row.floor + row.held,
                    ceiling=row.ceiling,
                    before=row.amount,
                    after=row.amount,
                    is_frozen=row.is_frozen,
                    is_closed=hasattr(row.account, "closure"),
                ),
            )


def _headings_among(codes: set[str]) -> set[str]:
    found: set[str] = set()
    for some in _in_parts(codes):
        headings = Account.objects.filter(code__in=some, is_heading=True)
        found.update(headings.values_list("code", flat=True))
    return found


def _to_open(code: str, number: str, currency: str) -> Standing:
    line = HEADINGS[number]
    return Standing(
        code=code,
        name=line.name,
        currency=currency,
        side=SIDE[line.kind],
        floor=0,
        ceiling=None,
        before=0,
        after=0,
        is_new=True,
    )


def _booked(keys: set[UUID]) -> dict[UUID, tuple[object, ...]]:
    """The content of those of the keys that are in the books."""
    content = ("key", "debit_id", "credit_id", "amount", "effective", "code")
    return {
        key: tuple(rest)
        for some in _in_parts(keys)
        for key, *rest in Transfer.objects.filter(key__in=some).values_list(*content)
    }


def _in_parts(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(all_of_them)
    while part := list(islice(rest, _AT_ONCE)):
        yield part
