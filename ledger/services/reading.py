"""What is on an account now, what was, and how it came about; all by index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Sum, Value, When

from areamedica.clock import end_of, start_of
from ledger.amounts import from_minor
from ledger.errors import AccountNotFound
from ledger.models import Balance, Entry

LARGEST_PAGE = 500
# No transfer takes effect longer after its booking (migration 0002 refuses it).
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Statement:
    """A stretch of an account's life: `closing` is `opening` and every change."""

    opening: Decimal
    closing: Decimal
    entries: Sequence[Entry]


@dataclass(frozen=True)
class TrialLine:
    """An account of the trial balance; the amount stands on one of the two sides."""

    code: str
    name: str
    currency: str
    debit: Decimal
    credit: Decimal


def balance_of(account: UUID) -> Balance:
    """The account's balance with its account. :raises AccountNotFound: it has none."""
    found = Balance.objects.select_related("account").filter(pk=account).first()
    if found is None:
        raise AccountNotFound
    return found


def balance_now(account: UUID) -> Decimal:
    """What is on the account. :raises AccountNotFound:"""
    now = balance_of(account)
    return from_minor(now.amount, now.currency)


def balance_at(account: UUID, moment: datetime) -> Decimal:
    """What was on the account just before `moment`, as booked then.

    :raises AccountNotFound:
    """
    currency = balance_of(account).currency
    return from_minor(_left_by(account, _last_before(account, moment)), currency)


def balance_on(account: UUID, day: date) -> Decimal:
    """What was on the account at the end of a Caracas day, by effective date.

    It counts what was booked later but took effect by then; so it may still change.

    :raises AccountNotFound:
    """
    held = balance_of(account)
    # All that was booked before this took effect by `day`; only the rest is looked at.
    settled = _last_before(account, end_of(day) - AHEAD - timedelta(days=1))
    since = Entry.objects.filter(account_id=account, seq__gt=settled)
    changed = since.filter(effective__lte=day).aggregate(total=Sum(_change(held.side)))
    left = _left_by(account, settled) + int(changed["total"] or 0)
    return from_minor(left, held.currency)


def _change(side: int) -> Case:
    """What a leg did to an account of this side, in minor units."""
    return Case(
        When(is_debit=True, then=F("amount") * Value(side)),
        default=F("amount") * Value(-side),
    )


def _last_before(account: UUID, moment: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seq_at(%s, %s)", [account, moment])
        return int(cursor.fetchone()[0])


def _left_by(account: UUID, seq: int) -> int:
    """The balance after the account's leg of this number; 0 before the first."""
    legs = Entry.objects.filter(account_id=account, seq=seq)
    return legs.values_list("balance", flat=True).first() or 0


def history(
    account: UUID, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The account's legs, newest first; `before` is the `seq` the last page ended with.

    :raises AccountNotFound:
    """
    newest = before if before is not None else balance_of(account).seq + 1
    legs = Entry.objects.filter(account_id=account, seq__lt=newest)
    return list(
        legs.select_related("account").order_by("-seq")[: min(limit, LARGEST_PAGE)]
    )


def statement(account: UUID, *, first: date, last: date) -> Statement:
    """All that was booked on these Caracas days, oldest first, between two balances.

    :raises AccountNotFound:
    """
    currency = balance_of(account).currency
    start = _last_before(account, start_of(first))
    end = _last_before(account, end_of(last))
    legs = Entry.objects.filter(account_id=account, seq__gt=start, seq__lte=end)
    return Statement(
        opening=from_minor(_left_by(account, start), currency),
        closing=from_minor(_left_by(account, end), currency),
        entries=list(legs.order_by("seq")),
    )


def trial_balance(currency: str) -> list[TrialLine]:
    """Every account that something is on; both columns have one sum."""
    used = Balance.objects.filter(currency=currency).exclude(amount=0)
    return [
        TrialLine(
            row.account.code,
            row.account.name,
            currency,
            debit=from_minor(max(row.amount * row.side, 0), currency),
            credit=from_minor(max(-row.amount * row.side, 0), currency),
        )
        for row in used.select_related("account").order_by("account__code")
    ]
