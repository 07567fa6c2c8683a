"""Several connections prove the books as one does, or say that they could not."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from ledger import tasks
from ledger.models import Proof, Transfer
from ledger.services import proof
from ledger.services.batches import book_batch
from ledger.services.posting import post, post_batch
from ledger.services.proof import Finding, findings
from tests.ledger.books import FEES, TRANSIT, customer, posting
from tests.ledger.own_database import own_database
from tests.ledger.test_proof import (
    TAMPERED,
    TAMPERED_BESIDE,
    tamper,
    write_beside,
    write_books,
)

__all__ = ["own_database"]
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_database")]


# Every defect is also named by one connection alone (test_proof.py), which is quicker.
_DEFECTS = [
    pytest.param(*each, marks=[pytest.mark.soak] if at % 3 else [])
    for at, each in enumerate([*TAMPERED, *TAMPERED_BESIDE])
]


@pytest.mark.parametrize(("kinds", "statements"), _DEFECTS)
def test_what_is_wrong_is_named_alike_by_one_and_by_many(
    root: User, kinds: set[str], statements: list[str]
) -> None:
    if (kinds, statements) in TAMPERED:
        write_books()
    else:
        write_beside(root)
    assert findings(2) == []
    tamper(*statements)
    alone = findings()
    assert kinds <= {each.kind for each in alone}
    assert [findings(procs) for procs in (2, 5)] == [alone] * 2


def test_every_leg_is_of_a_share_and_follows_the_one_before_it() -> None:
    people = [customer(name) for name in ("ana", "beto", "carla")]
    post_batch([posting(TRANSIT, people[at % 3]) for at in range(8)])
    wrong = "UPDATE ledger_transfer SET amount = {} WHERE debit_seq = {}"
    for seq in (1, 4, 5, 8):
        tamper(wrong.format(999, seq))
        named = findings()
        assert "running_balance_wrong" in {each.kind for each in named}
        assert [findings(procs) for procs in (2, 4, 16)] == [named] * 3
        tamper(wrong.format(1000, seq))
    assert findings(4) == []


def test_batches_are_shared_out_too(root: User) -> None:
    for _ in range(12):
        batch = [posting(TRANSIT, FEES), posting(TRANSIT, FEES)]
        book_batch(postings=batch, actor=root, batch=uuid4())
    assert findings(3) == []
    tamper("UPDATE ledger_transfer SET code = 'x' WHERE debit_seq % 4 = 0")
    alone = findings()
    assert len(alone) == 12  # six, each unlike its record
    assert findings(3) == alone


@pytest.mark.parametrize("procs", [1, 2])
def test_what_is_posted_meanwhile_is_of_the_next_proof(
    monkeypatch: pytest.MonkeyPatch, procs: int
) -> None:
    write_books()

    def witness() -> list[Finding]:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_posted).result(60)
        return [Finding("seen", str(Transfer.objects.count()))]

    monkeypatch.setitem(proof._WITNESSES, "test", witness)
    assert findings(procs) == [Finding("seen", "3")]
    assert Transfer.objects.count() == 4


def _posted() -> None:
    try:
        post(posting(TRANSIT, FEES))
    finally:
        connection.close()


def test_nothing_is_proved_within_somebody_elses_transaction() -> None:
    with atomic(), pytest.raises(RuntimeError):
        findings()


def test_a_connection_that_is_cut_is_no_proof() -> None:
    write_books()
    call_command("ledger_verify", "--procs", "2")
    with ThreadPoolExecutor(1) as pool:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE ledger_holdend IN ACCESS EXCLUSIVE MODE")
            proving = pool.submit(_verified)
            _cut_one_that_waits(cursor)
        assert proving.result(60) == 2
    assert Proof.objects.count() == 1


def test_who_asks_again_while_the_books_are_proved_is_told() -> None:
    """Whoever may read may ask; that many workers are not there."""
    write_books()
    with ThreadPoolExecutor(1) as pool, atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [proof._LOCK])
        assert pool.submit(_verified).result(60) == 2
        assert pool.submit(_asked_of_a_worker).result(60) is None
        assert not Proof.objects.exists()
    call_command("ledger_verify")
    assert Proof.objects.count() == 1


def _asked_of_a_worker() -> None:
    try:
        tasks.prove()
    finally:
        connection.close()


def _verified() -> int:
    """The exit code of a proof that is cut short."""
    try:
        with pytest.raises(CommandError, match=r"^The books were not proved: ") as said:
            call_command("ledger_verify", "--procs", "2")
    finally:
        connection.close()
    return said.value.returncode


def _cut_one_that_waits(cursor: Any) -> None:
    """Two shares wait for the lock; what else is asked beside them may as well."""
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '-- Whether a share%'"
    )
    for _ in range(200):
        cursor.execute(waiting)
        pids = cursor.fetchall()
        if len(pids) == 2:
            cursor.execute("SELECT pg_terminate_backend(%s)", pids[0])
            return
        # Within a transaction, else what is seen of others stays as it was.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        time.sleep(0.05)
    raise AssertionError("nobody waits")
