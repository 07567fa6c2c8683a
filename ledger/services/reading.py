"""What is on an account now, what was, and how it came about; all by index."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from areamedica.clock import end_of
from ledger.amounts import from_minor
from ledger.errors import AccountNotFound
from ledger.models import Balance, Entry

LARGEST_PAGE = 500
# OFFSET 0: the number is looked up once, not wherever it is used. What is booked after
# `newest` was read is not there yet, so that one answer may ask more than once.
_BOOKED = """
SELECT asked.moment, booked.seq, coalesce(e.balance, 0)
  FROM unnest(%(moments)s::timestamptz[]) AS asked(moment)
 CROSS JOIN LATERAL (
           SELECT least(ledger_seq_at(%(account)s, asked.moment), %(newest)s) AS seq
           OFFSET 0) AS booked
  LEFT JOIN ledger_entry e ON e.account_id = %(account)s AND e.seq = booked.seq
"""
# What was booked by the end of a day, but for the legs between whose booking and
# effective day it lies; an index has those (migration 0007).
_IN_EFFECT = """
SELECT asked.day, booked.seq, coalesce(e.balance, 0) + strayed.amount
  FROM unnest(%(days)s::date[], %(moments)s::timestamptz[]) AS asked(day, moment)
 CROSS JOIN LATERAL (
           SELECT least(ledger_seq_at(%(account)s, asked.moment), %(newest)s) AS seq
           OFFSET 0) AS booked
  LEFT JOIN ledger_entry e ON e.account_id = %(account)s AND e.seq = booked.seq
 CROSS JOIN LATERAL (
           SELECT %(side)s * coalesce(sum(
                      CASE WHEN s.is_debit = (s.effective <= asked.day)
                           THEN s.amount ELSE -s.amount END), 0)::bigint AS amount
             FROM ledger_entry s
            WHERE s.account_id = %(account)s AND s.seq <= %(newest)s
              AND ledger_lies_between(s.effective, s.at, asked.day)) AS strayed
"""

# What took effect before anything was booked lies across the eve of that day, and what
# will take effect across today; an index has those (migration 0007).
_DAYS = """
SELECT least(begun.day, (
           SELECT min(s.effective) FROM ledger_entry s
            WHERE s.account_id = ANY(%(accounts)s)
              AND ledger_lies_between(s.effective, s.at, begun.day - 1))),
       greatest(%(today)s, (
           SELECT max(s.effective) FROM ledger_entry s
            WHERE s.account_id = ANY(%(accounts)s)
              AND ledger_lies_between(s.effective, s.at, %(today)s)))
  FROM (SELECT coalesce(min((e.at AT TIME ZONE 'America/Caracas')::date),
                        %(today)s) AS day
          FROM ledger_entry e
         WHERE e.account_id = ANY(%(accounts)s) AND e.seq = 1) AS begun
"""


@dataclass(frozen=True)
class Standing:
    """Where an account stood: the number of the last leg booked by then, and what was
    on it, in minor units; 0 and 0 before the first."""

    seq: int
    left: int


def balance_of(account: UUID) -> Balance:
    """The account's balance with its account. :raises AccountNotFound: it has none."""
    found = Balance.objects.select_related("account").filter(pk=account).first()
    if found is None:
        raise AccountNotFound
    return found


def balance_at(balance: Balance, moment: datetime) -> Decimal:
    """What was on the account just before `moment`, as booked then."""
    return from_minor(booked_by(balance, [moment])[moment].left, balance.currency)


def balance_on(balance: Balance, day: date) -> Decimal:
    """What was on the account at the end of a Caracas day, by effective date.

    It counts what was booked later but took effect by then; so it may still change.
    """
    return from_minor(in_effect_by(balance, [day])[day].left, balance.currency)


def in_effect_by(balance: Balance, days: list[date]) -> dict[date, Standing]:
    """What had taken effect by the ends of Caracas days, whenever it was booked; the
    number is that of the last leg booked by then."""
    moments = [end_of(day) for day in days]
    asked = _of(balance) | {"side": balance.side, "days": days, "moments": moments}
    with connection.cursor() as cursor:
        cursor.execute(_IN_EFFECT, asked)
        return {day: Standing(seq, left) for day, seq, left in cursor}


def booked_by(balance: Balance, moments: list[datetime]) -> dict[datetime, Standing]:
    """What was booked just before each moment."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, _of(balance) | {"moments": moments})
        return {moment: Standing(seq, left) for moment, seq, left in cursor}


def days_of(accounts: Iterable[UUID], *, today: date) -> tuple[date, date]:
    """The Caracas days that all of the accounts' legs lie within, by either day: from
    the first of them, or today, until today, or the last that will take effect."""
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, {"accounts": list(accounts), "today": today})
        [(first, last)] = cursor.fetchall()
    return first, last


def _of(balance: Balance) -> dict[str, Any]:
    return {"account": balance.pk, "newest": balance.seq}


def legs_of(balance: Balance, legs: Iterable[Entry]) -> list[Entry]:
    """Legs of the account, each of which knows it without reading it again."""
    found = list(legs)
    for leg in found:
        leg.account = balance.account
    return found


def history(
    account: UUID, *, before: int | None = None, limit: int = 50
) -> list[Entry]:
    """The account's legs, newest first; `before` is the `seq` the last page ended with.

    :raises AccountNotFound:
    """
    balance = balance_of(account)
    newest = before if before is not None else balance.seq + 1
    legs = Entry.objects.filter(account_id=account, seq__lt=newest)
    return legs_of(balance, legs.order_by("-seq")[: min(limit, LARGEST_PAGE)])
