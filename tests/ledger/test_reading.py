"""What was on an account at any moment, by booking and by effective day."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection

from areamedica.clock import caracas_day
from ledger.errors import AccountNotFound
from ledger.models import Transfer
from ledger.services import reading
from ledger.services.posting import post
from tests.journaled import unguarded
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting

pytestmark = pytest.mark.django_db

FIRST = datetime.fromisoformat("2026-11-02T10:00:00-04:00")


def book_on_days(*days: tuple[int, str, int]) -> None:
    """(booked so many days after `FIRST`, amount, effective so many days after)."""
    ana = customer("ana")
    for after, amount, effective in days:
        wanted = posting(TRANSIT, ana, amount)
        post(wanted)
        at = FIRST + timedelta(days=after)
        day = caracas_day(FIRST) + timedelta(days=effective)
        with unguarded("ledger_transfer") as cursor:
            cursor.execute(
                "UPDATE ledger_transfer SET at = %s, effective = %s WHERE key = %s",
                [at, day, wanted.key],
            )


def test_a_balance_is_known_at_every_moment_of_the_past() -> None:
    book_on_days((0, "1.00", 0), (1, "2.00", 1), (1, "4.00", 1), (5, "8.00", 5))
    ana, second = customer("ana"), timedelta(seconds=1)
    at = [
        (FIRST, "0.00"),
        (FIRST + second, "1.00"),
        (FIRST + timedelta(days=1), "1.00"),
        (FIRST + timedelta(days=1) + second, "7.00"),
        (FIRST + timedelta(days=5), "7.00"),
        (FIRST + timedelta(days=6), "15.00"),
    ]
    assert [
        str(reading.balance_at(reading.balance_of(ana), moment)) for moment, _ in at
    ] == [amount for _, amount in at]
    assert amount_of(ana) == 1500


def test_by_effective_day_late_and_early_bookings_count_where_they_belong() -> None:
    book_on_days(
        (0, "1.00", 0),
        (0, "2.00", 7),  # the bank dated it ahead
        (10, "4.00", 10),
        (30, "8.00", 2),  # found weeks later
        (30, "16.00", 30),
    )
    ana, day = customer("ana"), caracas_day(FIRST)
    assert [
        str(reading.balance_on(reading.balance_of(ana), day + timedelta(days=after)))
        for after in (-1, 0, 2, 6, 7, 9, 10, 29, 30)
    ] == ["0.00", "1.00", "9.00", "9.00", "11.00", "11.00", "15.00", "15.00", "31.00"]


def test_a_history_is_read_page_by_page_newest_first() -> None:
    ana = customer("ana")
    for number in range(1, 8):
        post(posting(TRANSIT, ana, f"0.0{number}"))
    post(posting(ana, FEES, "0.05"))
    newest = reading.history(ana, limit=3)
    assert [(each.seq, each.amount, each.is_debit) for each in newest] == [
        (8, 5, True),
        (7, 7, False),
        (6, 6, False),
    ]
    older = reading.history(ana, before=6, limit=3)
    assert [each.seq for each in older] == [5, 4, 3]
    assert [each.counterpart_id for each in older] == [TRANSIT] * 3
    assert reading.history(ana, before=1) == []


def test_an_account_that_is_none_is_refused() -> None:
    for read in (reading.balance_of, reading.history):
        with pytest.raises(AccountNotFound):
            read(uuid4())


def test_reading_walks_indexes_alone() -> None:
    ana = customer("ana")
    post(posting(TRANSIT, ana))
    found = reading.Entry.objects.filter(account_id=ana, seq__lt=9).order_by("-seq")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = found[:3].explain()
    assert "transfer_debit_leg_once" in plan
    assert "transfer_credit_leg_once" in plan
    assert "Sort" not in plan.replace("Sort Key", "")
    assert Transfer.objects.count() == 1
