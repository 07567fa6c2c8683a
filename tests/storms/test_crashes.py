"""Workers killed, frozen and doubled; messages doubled; a poisoned row; a wrong clock.

Real worker processes on the tests' own database. What a lease would make us wait for is
passed by ageing the rows: all business time is the database's.
"""

from typing import Any

import psycopg
import pytest
from django.db.models.functions import Now

from accounts.models import User
from audit.models import Record
from tests.journaled import staged
from tests.storms.house import MOST_AT_ONCE, CeleryProcess, House, until
from tests.storms.steps import (
    completed,
    finish,
    ids,
    paid_claims,
    subjects,
    until_calm,
)
from transactions.models import BankCredit, Inquiry, Transaction, TransactionEvent
from transactions.services.sweep import replay_dead_letter, sweep

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


# ---- Asleep ------------------------------------------------------------------------


def test_a_worker_that_sleeps_past_its_lease_changes_nothing_when_it_wakes(
    house: House,
    victim: CeleryProcess,
    survivor: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    number = MOST_AT_ONCE
    rows = paid_claims(ana, house, number)
    house.wait(victim, survivor)
    house.bank.fail("slow", path="query", calls=number, delay_seconds=60)
    house.ring(*ids(rows), queue="victim")
    until(lambda: house.asked() == number, "all are being asked about")
    house.freeze(victim)
    house.bank.heal()
    until(lambda: house.answered() == number, "the answers lie in its sockets")
    finish(house, number)
    history = TransactionEvent.objects.count()

    house.wake(victim)
    late = Record.objects.filter(action="transactions.late_answer")
    until(lambda: late.count() == number, "the sleeper has found out")
    assert TransactionEvent.objects.count() == history == 2 * number
    assert BankCredit.objects.count() == number
    all_is_well()


# ---- Killed ------------------------------------------------------------------------


def test_claims_cut_off_at_five_places_by_one_kill_are_finished_once(
    house: House,
    victim: CeleryProcess,
    survivor: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    rows = paid_claims(ana, house, 6)
    under_way, hanging, silence_in, unacked, answer_in, written = rows
    house.wait(victim, survivor)
    with psycopg.connect(house.database_url) as line:
        _ask(house, under_way, "slow", delay_seconds=60)
        _ask(house, hanging, "hang")
        lock(line, "transactions_transaction", silence_in)
        lock(line, "transactions_transaction", answer_in)
        # Its inquiry is what the verdict removes last: all is written, nothing is
        # committed.
        lock(line, "transactions_inquiry", written)
        # From the first of these waits on, all must be over within the tests' own
        # `lock_timeout` (areamedica/settings/test.py).
        house.bank.fail("reset", path="query", calls=2)  # then its budget is spent
        house.ring(silence_in.pk, queue="victim")
        until(lambda: house.waiting_for_locks() == 1, "a silence waits to be settled")
        house.ring_for_all(unacked.pk, answer_in.pk, queue="victim")
        until(lambda: house.waiting_for_locks() == 2, "an answer waits to be settled")
        assert completed() == 1, "its message is not acknowledged: the other is in it"
        # The last: what it has booked on stays locked.
        house.ring(written.pk, queue="victim")
        until(lambda: house.waiting_for_locks() == 3, "a verdict waits to be committed")
        house.kill(victim)
    until(lambda: not house.busy(), "the dead one's sessions end")
    assert completed() == 1, "what was written is not committed"
    assert Inquiry.objects.filter(leased_until__gt=Now(), attempts=1).count() == 5

    before = house.asked()
    house.bank.heal()
    house.ring(*ids(rows))
    until_calm(house)
    assert house.asked() == before, "a dead worker's lease still holds"

    finish(house, 6)
    assert BankCredit.objects.count() == 6
    assert TransactionEvent.objects.count() == 12
    all_is_well()


def lock(line: psycopg.Connection[Any], table: str, row: Transaction) -> None:
    key = "id" if table == "transactions_transaction" else "transaction_id"
    line.execute(f"SELECT 1 FROM {table} WHERE {key} = %s FOR UPDATE", [row.pk])


def _ask(house: House, row: Transaction, fault: str, **more: Any) -> None:
    """Have the victim ask about it, and wait until the question is at the bank."""
    before = house.asked()
    house.bank.fail(fault, path="query", calls=1, **more)
    house.ring(row.pk, queue="victim")
    until(lambda: house.asked() > before, f"the bank is asked ({fault})")


def _many(*cuts: int) -> list[Any]:
    """Before which answer the worker dies; only the first in the common run."""
    return [cuts[0], *(pytest.param(cut, marks=pytest.mark.soak) for cut in cuts[1:])]


@pytest.mark.parametrize("cut", _many(11, *range(1, 30, 2), *range(1, 30, 2)))
def test_a_busy_worker_killed_at_any_instant_loses_and_doubles_nothing(
    house: House,
    victim: CeleryProcess,
    survivor: CeleryProcess,
    ana: User,
    all_is_well: Any,
    cut: int,
) -> None:
    number = 40
    house.wait(survivor, victim)
    rows = paid_claims(ana, house, number)
    house.bank.set(latency_ms=20)
    # However late we look, the last of them are not answered before it is killed.
    answered = cut + MOST_AT_ONCE
    assert answered < number
    house.bank.fail("slow", path="query", calls=answered, delay_seconds=0)
    house.bank.fail("slow", path="query", delay_seconds=60)
    house.ring(*ids(rows), queue="victim")
    until(lambda: house.answered() >= cut, "some are answered", every=0.002)
    house.kill(victim)
    house.bank.heal()
    assert completed() < number, "it was not killed in the middle of its work"
    finish(house, number)
    assert BankCredit.objects.count() == number
    assert TransactionEvent.objects.count() == 2 * number
    all_is_well()


# ---- Messages ----------------------------------------------------------------------


def test_messages_that_come_three_times_cost_one_question(
    house: House,
    survivor: CeleryProcess,
    second: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    number = 40
    house.wait(second, survivor)
    house.bank.set(latency_ms=20)
    rows = paid_claims(ana, house, number)
    house.ring(*(pk for pk in ids(rows) for _ in "123"))
    until_calm(house)
    finish(house, number, nobody_died=True)
    house.ring(*ids(rows), *ids(rows))
    until_calm(house)
    assert subjects(house) == ids(rows)
    assert TransactionEvent.objects.count() == 2 * number
    assert house.bank.most_at_once <= MOST_AT_ONCE
    all_is_well()


def test_two_beats_ask_no_more_than_one(
    house: House,
    survivor: CeleryProcess,
    second: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    number = 40
    beats = [house.beat("beat-1"), house.beat("beat-2")]
    house.wait(survivor, second, *beats)
    house.bank.set(latency_ms=20)
    rows = paid_claims(ana, house, number)
    until(lambda: completed() == number, "the beats have had all asked about", 90)
    assert subjects(house) == ids(rows)
    assert TransactionEvent.objects.count() == 2 * number
    all_is_well()


# ---- Poison ------------------------------------------------------------------------


def test_a_poisoned_row_is_tried_five_times_buried_and_asked_again_on_request(
    house: House, survivor: CeleryProcess, ana: User, root: User, all_is_well: Any
) -> None:
    rows = paid_claims(ana, house, 21)
    poisoned = Transaction.objects.filter(pk=rows[10].pk)
    inquiry = Inquiry.objects.filter(pk=rows[10].pk)
    with staged():
        poisoned.update(type="WIRE")
    house.wait(survivor)
    sweep()
    until(lambda: completed() == 20, "the healthy ones are finished all the same")
    for attempt in range(1, 6):
        _until_it_failed(inquiry, attempt)
        assert not inquiry.filter(dead_at__isnull=False).exists()
        house.time_passes(61)
        sweep()
    assert inquiry.filter(dead_at__isnull=False, attempts=5).exists()
    house.time_passes(3600)
    sweep()
    assert not house.queued()
    assert rows[10].pk not in subjects(house), "the bank was bothered with it"

    with staged():
        poisoned.update(type="MOBILE_PAYMENT")
    replay_dead_letter(actor=root, transaction_id=rows[10].pk)
    until(lambda: completed() == 21, "the replayed one is finished too")
    assert subjects(house) == ids(rows)
    assert Record.objects.filter(action="transactions.inquiry_replayed").count() == 1
    all_is_well()


def _until_it_failed(inquiry: Any, attempt: int) -> None:
    failed = inquiry.filter(attempts=attempt, last_error="ValueError")
    until(failed.exists, f"attempt {attempt} has failed")
    inquiry.update(last_error="")


# ---- A wrong clock -----------------------------------------------------------------

_WRONG_CLOCK = """
import datetime, os, time_machine
off = datetime.timedelta(hours=float(os.environ["CLOCK_OFF_HOURS"]))
time_machine.travel(datetime.datetime.now(datetime.UTC) + off, tick=True).start()
"""


@pytest.mark.parametrize(
    "hours", ["2", pytest.param("-2", marks=pytest.mark.soak)], ids="{}h".format
)
def test_a_worker_with_a_wrong_clock_does_all_the_work_once(
    house: House, ana: User, all_is_well: Any, tmp_path: Any, hours: str
) -> None:
    """Nobody but it is there, and beat's clock is right."""
    number = 20
    for other in house.processes:
        house.freeze(other)
    (tmp_path / "sitecustomize.py").write_text(_WRONG_CLOCK)
    wrong = house.worker("wrong", PYTHONPATH=str(tmp_path), CLOCK_OFF_HOURS=hours)
    house.wait(wrong, house.beat())
    rows = paid_claims(ana, house, number)
    until(lambda: completed() == number, "all are finished", 90)
    assert subjects(house) == ids(rows)
    all_is_well()
