"""What is on an account now, what was, and how it came about; all by index."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    DateField,
    F,
    Func,
    Q,
    Sum,
    Value,
    When,
)

from areamedica.clock import end_of
from ledger.amounts import from_minor
from ledger.errors import AccountNotFound
from ledger.models import Balance, Entry

LARGEST_PAGE = 500


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
    return from_minor(left_by(account, seq_before(account, moment)), currency)


def balance_on(account: UUID, day: date) -> Decimal:
    """What was on the account at the end of a Caracas day, by effective date.

    It counts what was booked later but took effect by then; so it may still change.

    :raises AccountNotFound:
    """
    held = balance_of(account)
    return from_minor(on_day(held, day), held.currency)


def on_day(held: Balance, day: date) -> int:
    """`balance_on` in minor units: what was booked by then, but for the legs between
    whose booking and effective day the end of this day lies; an index has those."""
    last = seq_before(held.pk, end_of(day))
    legs = Entry.objects.filter(off_day(day), account_id=held.pk)
    late = Sum(change(held.side), filter=Q(effective__lte=day))
    early = Sum(change(held.side), filter=Q(effective__gt=day, seq__lte=last))
    strays = legs.aggregate(late=late, early=early)
    added = int(strays["late"] or 0) - int(strays["early"] or 0)
    return left_by(held.pk, last) + added


def off_day(day: date) -> Q:
    """Booked by the end of the day and effective after it, or the other way round."""
    # Both conditions as the index has them (migration 0007).
    bridge = Func(
        F("effective"),
        F("at"),
        Value(day, output_field=DateField()),
        template="ledger_lies_between(%(expressions)s)",
        arg_joiner=", ",
        output_field=BooleanField(),
    )
    return Q(bridge)


def change(side: int) -> Case:
    """What a leg did to an account of this side, in minor units."""
    return Case(
        When(is_debit=True, then=F("amount") * Value(side)),
        default=F("amount") * Value(-side),
    )


def seq_before(account: UUID, moment: datetime) -> int:
    """The number of the last leg booked before the moment; 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_seq_at(%s, %s)", [account, moment])
        return int(cursor.fetchone()[0])


def left_by(account: UUID, seq: int) -> int:
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
