"""The books are cut by time while others post; all that was promised still holds."""

import itertools
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection
from django.utils import timezone

from areamedica.devstack.servers import APPLICATION
from audit.rights import wrong
from ledger.models import Transfer
from ledger.services.partitioning import CannotPartition, begin_partition
from ledger.services.posting import Outcome, post, post_batch
from ledger.services.proof import findings, missing_guards
from ledger.services.reading import balance_at, balance_of, history
from tests.application import as_application, as_owner
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.ledger.own_database import own_database
from tests.together import together

__all__ = ["own_database"]
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("own_database")]

FIRST, SECOND = date(2035, 1, 1), date(2036, 1, 1)


def _cut(first: date) -> None:
    call_command("ledger_partition", first.isoformat(), verbosity=0)


def _lives_in(year: int) -> None:
    """From now on whoever posts to these accounts does so in that year."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_balance SET moved_at = %s",
            [datetime(year, 6, 1, tzinfo=UTC)],
        )


def _where(key: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM ledger_transfer WHERE key = %s", [key]
        )
        return str(cursor.fetchone()[0])


def test_books_are_cut_while_others_post() -> None:
    ana = customer("ana")
    for _ in range(10):
        post_batch([posting(TRANSIT, ana) for _ in range(1_000)])
    over = Event()

    def cut() -> int:
        try:
            _cut(FIRST)
            _cut(SECOND)
        finally:
            over.set()
        return 0

    def write() -> int:
        posted = 0
        for number in itertools.count():
            batch = [
                posting(TRANSIT, ana, key=UUID(int=number * 9 + at)) for at in range(9)
            ]
            posted += post_batch(batch).count(Outcome.POSTED)
            if over.is_set():
                return posted
        raise AssertionError

    # Two writers with the same keys: each is booked by one of them.
    told = together(cut, write, write)
    assert Transfer.objects.count() == 10_000 + sum(told)
    assert sum(told) % 9 == 0
    assert sum(told) > 0
    assert findings() == findings(2) == []


def test_each_year_is_booked_and_read_in_its_own_table() -> None:
    ana = customer("ana")
    keys = [uuid4() for _ in range(4)]
    post(posting(TRANSIT, ana, key=keys[0]))
    _cut(FIRST)
    post(posting(TRANSIT, ana, key=keys[1]))
    _lives_in(2035)
    post(posting(TRANSIT, ana, key=keys[2]))
    _cut(SECOND)
    _lives_in(2040)
    post(posting(TRANSIT, ana, key=keys[3]))
    assert [_where(key) for key in keys] == [
        "ledger_transfer_first",
        "ledger_transfer_first",
        "ledger_transfer_20350101",
        "ledger_transfer_20360101",
    ]
    assert [each.transfer_id for each in history(ana)] == keys[::-1]
    assert amount_of(ana) == 4000
    assert balance_at(balance_of(ana), datetime(2035, 6, 2, tzinfo=UTC)) == 30
    assert findings() == findings(3) == []


def test_a_key_is_of_one_transfer_in_whatever_partition() -> None:
    ana, beto = customer("ana"), customer("beto")
    was = posting(TRANSIT, ana)
    post(was)
    _cut(FIRST)
    _lives_in(2035)
    assert post(was) is Outcome.ALREADY_POSTED
    other = posting(TRANSIT, beto, key=was.key)
    assert post_batch([other]) == [Outcome.KEY_REUSED]
    again = posting(TRANSIT, beto)
    assert post(again) is Outcome.POSTED
    outcomes = together(*[lambda: post_batch([again, was])] * 4)
    assert outcomes == [[Outcome.ALREADY_POSTED] * 2] * 4
    fresh = [posting(debit, beto) for debit in (TRANSIT, FEES)]
    raced = together(*[lambda: post_batch(fresh)[0]] * 4)
    assert sorted(raced) == [Outcome.ALREADY_POSTED] * 3 + [Outcome.POSTED]
    assert findings() == []


_FORGED = """
INSERT INTO {table} (key, debit_id, credit_id, amount, debit_seq, credit_seq,
    debit_balance, credit_balance, at, effective, code, cause_type, cause_id, metadata)
SELECT key, debit_id, credit_id, amount, debit_seq + 100, credit_seq + 100,
       debit_balance, credit_balance, '2035-06-01', '2035-06-01', code, cause_type,
       cause_id, metadata FROM ledger_transfer LIMIT 1
"""


def test_a_forged_copy_of_a_key_is_refused_by_the_database() -> None:
    post(posting(TRANSIT, customer("ana")))
    _cut(FIRST)
    for table in ("ledger_transfer", "ledger_transfer_20350101"):
        with (
            pytest.raises(IntegrityError, match="with this key"),
            connection.cursor() as cursor,
        ):
            cursor.execute(_FORGED.format(table=table))
    assert Transfer.objects.count() == 1


def test_what_is_booked_twice_by_force_is_named() -> None:
    post(posting(TRANSIT, customer("ana")))
    _cut(FIRST)
    lift = "ALTER TABLE {0} {1} TRIGGER transfer_key_once"
    with connection.cursor() as cursor:
        cursor.execute(lift.format("ledger_transfer", "DISABLE"))
        cursor.execute(_FORGED.format(table="ledger_transfer"))
    kinds = {each.kind for each in findings()}
    assert {"key_not_once", "guard_missing"} <= kinds
    with connection.cursor() as cursor:
        cursor.execute(lift.format("ledger_transfer", "ENABLE ALWAYS"))
    for procs in (1, 2):
        kinds = {each.kind for each in findings(procs)}
        assert "key_not_once" in kinds
        assert "guard_missing" not in kinds


@pytest.mark.parametrize(
    "table",
    [
        "ledger_transfer",
        "ledger_transfer_first",
        "ledger_transfer_20350101",
        "ledger_key",
    ],
)
def test_what_is_written_stays_in_every_partition(table: str) -> None:
    post(posting(TRANSIT, customer("ana")))
    _cut(FIRST)
    _lives_in(2035)
    post(posting(TRANSIT, customer("ana")))
    for change in ("UPDATE {} SET key = key", "DELETE FROM {}", "TRUNCATE {}"):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(change.format(table))
    assert missing_guards() == []
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER append_only_table")
    assert f"{table} append_only_table" in missing_guards()


def test_days_that_cannot_begin_a_partition() -> None:
    today = timezone.now()
    for first in (today.date(), today.date() - timedelta(days=40)):
        with pytest.raises(CannotPartition):
            begin_partition(first=first, now=today)
    _cut(SECOND)
    for first in (FIRST, SECOND):
        with pytest.raises(CommandError, match="There is one from"):
            _cut(first)
    assert findings() == []


def test_whoever_reads_for_long_is_waited_for_in_short_tries(monkeypatch: Any) -> None:
    """Who posts meanwhile is held up for a try, not until the reader ends."""
    monkeypatch.setattr("ledger.services.partitioning._TRIES", 2)
    where = connection.settings_dict
    with psycopg.connect(
        host=where["HOST"],
        port=where["PORT"],
        user=where["USER"],
        password=where["PASSWORD"],
        dbname=where["NAME"],
    ) as reader:
        reader.execute("SELECT count(*) FROM ledger_transfer")
        with pytest.raises(CommandError, match="Somebody reads"):
            _cut(FIRST)
        assert post(posting(TRANSIT, customer("ana"))) is Outcome.POSTED
    assert findings() == []  # and no bound is left behind
    _cut(FIRST)
    assert findings() == []


def test_a_bound_that_was_left_behind_is_named_and_the_next_try_removes_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE ledger_transfer ADD CONSTRAINT transfer_before_next"
            " CHECK (at < '2034-01-01') NOT VALID"
        )
    assert [each.kind for each in findings()] == ["partition_unfinished"]
    _cut(FIRST)
    assert findings() == []


def test_the_role_that_owns_nothing_goes_on_posting_after_a_cut() -> None:
    ana = customer("ana")
    with as_application():
        with as_owner():
            _cut(FIRST)
            _lives_in(2035)
        _posts_and_proves(ana)
        with as_owner():
            call_command("grant_rights", APPLICATION)
        _posts_and_proves(ana)


def _posts_and_proves(ana: UUID) -> None:
    assert post(posting(TRANSIT, ana)) is Outcome.POSTED
    assert findings() == []
    assert wrong() == []


@pytest.mark.parametrize("step", ["_OLD_KEYS", "_UNIQUE", "_PRIMARY", "_BEGIN"])
def test_what_was_cut_off_midway_is_taken_up_again(step: str) -> None:
    ana = customer("ana")
    post(posting(TRANSIT, ana))
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(f"ledger.services.partitioning.{step}", "SELECT 1 / 0")
        with pytest.raises(DatabaseError):
            _cut(FIRST)
    was = posting(TRANSIT, ana)
    assert post(was) is Outcome.POSTED
    assert findings() == []
    _cut(FIRST)
    _lives_in(2035)
    assert post(was) is Outcome.ALREADY_POSTED
    assert post(posting(TRANSIT, ana)) is Outcome.POSTED
    assert findings() == []
