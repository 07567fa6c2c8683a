"""What a file would do to the books: new rows, faults, what each account becomes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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

    `floor` is how low it may go with what open holds have reserved.
    """

    code: str
    name: str
    currency: str
    side: int
    floor: int | None
    before: int
    after: int
    is_frozen: bool = False
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
        if row.key in self.booked:
            return Wrong(row.line, Fault.KEY_REUSED, Column.KEY)
        accounts = {Column.DEBIT: row.debit, Column.CREDIT: row.credit}
        for column, code in accounts.items():
            if fault := self._fault_of(code, row.currency):
                known = "" if fault is Fault.UNKNOWN_ACCOUNT else code
                return Wrong(row.line, fault, column, known)
        if self.closed_until and row.day <= self.closed_until:
            month = f"{row.day:%Y-%m}"
            return Wrong(row.line, Fault.CLOSED_MONTH, Column.DATE, month)
        for (code, after), column in zip(self._after(row), accounts, strict=True):
            floor = self.standings[code].floor
            if floor is not None and after < floor:
                return Wrong(row.line, Fault.FLOOR, column, code)
        return None

    def _fault_of(self, code: str, currency: str) -> Fault | None:
        standing = self.standings.get(code)
        if standing is None:
            return Fault.HEADING if code in self.headings else Fault.UNKNOWN_ACCOUNT
        if standing.currency != currency:
            return Fault.OTHER_CURRENCY
        return Fault.FROZEN if standing.is_frozen else None

    def _after(self, row: Row) -> Iterator[tuple[str, int]]:
        minor = to_minor(row.amount, row.currency)
        for code, sign in ((row.debit, 1), (row.credit, -1)):
            standing = self.standings[code]
            yield code, standing.after + sign * standing.side * minor

    def move(self, row: Row) -> None:
        for code, after in self._after(row):
            self.standings[code].after = after
            self.standings[code].is_moved = True

    def moved(self) -> list[Standing]:
        moved = (each for each in self.standings.values() if each.is_moved)
        return sorted(moved, key=lambda each: each.code)


def _standings(codes: set[str]) -> Iterator[tuple[str, Standing]]:
    for some in _in_parts(codes):
        found = Balance.objects.filter(account__code__in=some)
        for row in found.select_related("account"):
            yield (
                row.account.code,
                Standing(
                    code=row.account.code,
                    name=row.account.name,
                    currency=row.currency,
                    side=row.side,
                    floor=None if row.floor is None else row.floor + row.held,
                    before=row.amount,
                    after=row.amount,
                    is_frozen=row.is_frozen,
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
