"""Balances are set to what their transfers tell, whoever posts meanwhile."""

from threading import Event

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic

from ledger.services.posting import post
from ledger.services.proof import findings
from tests import application
from tests.ledger.books import FEES, TRANSIT, amount_of, posting
from tests.together import together

pytestmark = [
    pytest.mark.as_application,
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
]
_WAITING = """
SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'
"""


def _recount() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_recount(%s::uuid[])", [[TRANSIT, FEES]])


def test_a_balance_is_what_its_transfers_tell() -> None:
    post(posting(TRANSIT, FEES, "10.00"))
    with application.as_owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_balance SET amount = 7, seq = 3 WHERE seq = 1")
    _recount()
    assert (amount_of(TRANSIT), amount_of(FEES)) == (1000, 1000)
    assert findings() == []


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_no_posting_is_lost_that_is_waited_for(level: str) -> None:
    post(posting(TRANSIT, FEES, "10.00"))
    posted = Event()

    @atomic
    def posts() -> None:
        post(posting(TRANSIT, FEES, "5.00"))
        posted.set()
        _until_somebody_waits()

    @atomic
    def recounts() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        posted.wait(10)
        _recount()

    def tries() -> bool:
        try:
            recounts()
        except OperationalError:  # its snapshot does not show what it waited for
            return False
        return True

    _, done = together(posts, tries)
    assert done is (level == "READ COMMITTED")
    assert (amount_of(TRANSIT), amount_of(FEES)) == (1500, 1500)
    assert findings() == []


def _until_somebody_waits() -> None:
    for _ in range(1_000):
        with connection.cursor() as cursor:
            cursor.execute(_WAITING)
            if cursor.fetchone() != (0,):
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")
