"""What is on an account now, what was, and how it came about; all by index."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    QuerySet,
    Value,
    When,
)

from areamedica.clock import end_of
from ledger.amounts import from_minor
from ledger.errors import AccountNotFound
from ledger.models import Balance, Entry

LARGEST_PAGE = 500
# OFFSET 0: the number is looked up once, not wherever it is used.
_BOOKED = """
SELECT asked.moment, numbered.seq, coalesce(e.balance, 0)
  FROM unnest(%(moments)s::timestamptz[]) AS asked(moment)
 CROSS JOIN LATERAL (
           SELECT ledger_seq_at(%(account)s, asked.moment) AS seq OFFSET 0) AS numbered
  LEFT JOIN ledger_entry e ON e.account_id = %(account)s AND e.seq = numbered.seq
"""
# What was booked by the end of a day, but for the legs between whose booking and
# effective day it lies; an index has those (migration 0007).
_STRAYED = """
SELECT asked.day, (
           SELECT coalesce(sum(CASE WHEN e.is_debit = (e.effective <= asked.day)
                                    THEN e.amount ELSE -e.amount END), 0)
             FROM ledger_entry e
            WHERE e.account_id = %(account)s
              AND ledger_lies_between(e.effective, e.at, asked.day)
              AND (e.effective <= asked.day OR e.seq <= asked.seq)) * %(side)s
  FROM unnest(%(days)s::date[], %(seqs)s::bigint[]) AS asked(day, seq)
"""


@dataclass(frozen=True)
class Booked:
    """What was booked on an account before a moment: the number of its last leg and
    what that left, in minor units; 0 and 0 before the first."""

    seq: int
    left: int


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
    held = balance_of(account)
    return from_minor(booked_before(held, [moment])[moment].left, held.currency)


def balance_on(account: UUID, day: date) -> Decimal:
    """What was on the account at the end of a Caracas day, by effective date.

    It counts what was booked later but took effect by then; so it may still change.

    :raises AccountNotFound:
    """
    held = balance_of(account)
    return from_minor(on_day(held, day), held.currency)


def on_day(held: Balance, day: date) -> int:
    """`balance_on` in minor units."""
    return on_days(held, booked_by(held, [day]))[day]


def on_days(held: Balance, ends: Mapping[date, Booked]) -> dict[date, int]:
    """`on_day` of several days, of which is known what was booked by their ends."""
    asked = {
        "account": held.pk,
        "side": held.side,
        "days": list(ends),
        "seqs": [end.seq for end in ends.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(_STRAYED, asked)
        return {day: ends[day].left + int(strayed) for day, strayed in cursor}


def booked_by(held: Balance, days: Iterable[date]) -> dict[date, Booked]:
    """What was booked by the ends of Caracas days."""
    moments = {day: end_of(day) for day in days}
    booked = booked_before(held, moments.values())
    return {day: booked[moment] for day, moment in moments.items()}


def booked_before(held: Balance, moments: Iterable[datetime]) -> dict[datetime, Booked]:
    """What was booked just before each moment, in one question."""
    asked = {"account": held.pk, "moments": list(moments)}
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, asked)
        return {moment: Booked(seq, left) for moment, seq, left in cursor}


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


def legs_of(held: Balance, legs: QuerySet[Entry]) -> list[Entry]:
    """Legs of the account, each of which knows it without reading it again."""
    found = list(legs)
    for leg in found:
        leg.account = held.account
    return found


def history(
    account: UUID, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The account's legs, newest first; `before` is the `seq` the last page ended with.

    :raises AccountNotFound:
    """
    held = balance_of(account)
    newest = before if before is not None else held.seq + 1
    legs = Entry.objects.filter(account_id=account, seq__lt=newest)
    return legs_of(held, legs.order_by("-seq")[: min(limit, LARGEST_PAGE)])
