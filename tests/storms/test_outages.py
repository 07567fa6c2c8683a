"""The bank, Redis or PostgreSQL gone while the clinic works on."""

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from django.db.models.functions import Now

from accounts.models import User
from tests.bank import Bank
from tests.conftest import PASSWORD
from tests.storms.claims import arrive, money, recorded, reference
from tests.storms.house import MOST_AT_ONCE, CeleryProcess, House, until
from tests.storms.steps import completed, finish, ids, paid_claims, subjects, until_calm
from tests.storms.tills import Tills
from tests.storms.whole_house import WholeHouse
from tests.transactions.bodies import mobile
from transactions.models import BankCredit, Inquiry, Transaction
from transactions.services.sweep import sweep

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


# ---- The bank ----------------------------------------------------------------------


def test_a_circuit_that_opens_with_a_hundred_waiting_spares_the_bank(
    house: House,
    survivor: CeleryProcess,
    second: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    number = 100
    paid_claims(ana, house, number)
    house.bank.fail("down", path="query")
    house.wait(second, survivor)
    _everybody_has_his_turn(house, number)
    # Five failures open it; whoever had his turn by then still hears for himself.
    at_first = house.asked()
    assert 5 <= at_first <= 5 + 2 * MOST_AT_ONCE

    for probe in (1, 2):
        house.time_passes(130)
        _everybody_has_his_turn(house, number)
        assert house.asked() == at_first + probe, "one probe, and no more"
    assert completed() == 0

    house.bank.heal()
    finish(house, number, nobody_died=True)
    assert house.bank.most_at_once <= MOST_AT_ONCE
    assert BankCredit.objects.count() == number
    all_is_well()


def test_maintenance_pauses_the_asking_for_five_minutes(
    house: House, survivor: CeleryProcess, ana: User, all_is_well: Any
) -> None:
    number = 30
    paid_claims(ana, house, number)
    house.bank.fail("maintenance", path="query")
    house.wait(survivor)
    _everybody_has_his_turn(house, number)
    said = house.asked()
    assert 1 <= said <= 2 * MOST_AT_ONCE
    house.bank.heal()
    house.time_passes(240)
    sweep()
    assert not house.queued(), "five minutes are not over"
    assert house.asked() == said
    finish(house, number, nobody_died=True)
    all_is_well()


def _everybody_has_his_turn(house: House, number: int) -> None:
    assert Inquiry.objects.filter(due_at__lte=Now()).count() == number
    _sweep_once(house)
    # Whom the house itself sent away, busy as it was, has not had it yet.
    busy = Inquiry.objects.filter(last_error="BUSY")
    for _ in range(9):
        if busy.update(due_at=Now()):
            _sweep_once(house)
    assert not busy.exists()


def _sweep_once(house: House) -> None:
    """Whoever was rung has been heard; he may well be due again by then."""
    sweep()
    rung = Inquiry.objects.exclude(rung_at=None)
    until(lambda: not rung.exists(), "everybody has had his turn", 60)
    until_calm(house)


# ---- Redis -------------------------------------------------------------------------


def test_a_queue_wiped_with_fifty_in_it_is_swept_together_again(
    house: House,
    survivor: CeleryProcess,
    second: CeleryProcess,
    ana: User,
    all_is_well: Any,
) -> None:
    number = 50
    house.wait(second, survivor)
    rows = paid_claims(ana, house, number)
    house.freeze(survivor)
    house.freeze(second)
    assert sweep() == number
    house.redis.flushall()
    house.wake(survivor)
    house.wake(second)
    until_calm(house)
    assert completed() <= 2, "only what was on the wire was heard"
    assert sweep() == 0, "within a minute nobody is rung twice"
    finish(house, number, nobody_died=True)
    assert subjects(house) == ids(rows)
    all_is_well()


def test_a_worker_that_is_busy_when_redis_dies_lives_on(
    house: House, survivor: CeleryProcess, ana: User, all_is_well: Any
) -> None:
    """kombu's book of unfinished messages used to take it along."""
    number = MOST_AT_ONCE
    house.wait(survivor)
    rows = paid_claims(ana, house, number)
    pid = survivor.pid
    house.bank.fail("slow", path="query", calls=number, delay_seconds=60)
    house.ring(*ids(rows))
    until(lambda: house.asked() == number, "all are being asked about")
    _take_away(house, "killed")
    house.bank.heal()
    until(lambda: completed() == number, "it finishes what it began")
    _bring_back(house, "killed")
    more = recorded(ana, number)
    arrive(house.bank, [money(number)])
    Inquiry.objects.update(due_at=Now())
    house.ring(more.pk)
    until(lambda: completed() == number + 1, "it hears again", 60)
    assert survivor.pid == pid
    all_is_well()


def till(house: House, ana: User, **told: str) -> Callable[[int], tuple[int, float]]:
    """Records claims over HTTP; says with what status and after how many seconds."""
    web = house.web(**told)
    house.wait(web)
    address = f"http://127.0.0.1:{web.port}/api/v1"
    line = requests.Session()
    who = {"email": ana.email, "password": PASSWORD}
    signed_in = line.post(f"{address}/auth/login", json=who, timeout=30).json()
    line.headers["Authorization"] = f"Bearer {signed_in['access_token']}"

    def record(number: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = line.post(
            f"{address}/transactions/partial-reference",
            json=mobile(reference_number=reference(number)),
            timeout=30,
        )
        return answer.status_code, time.monotonic() - began

    return record


@pytest.mark.parametrize("quick", ["0", pytest.param("5", marks=pytest.mark.soak)])
def test_recording_goes_on_without_redis_and_all_is_asked_afterwards(
    house: House, survivor: CeleryProcess, ana: User, all_is_well: Any, quick: str
) -> None:
    """`quick` seconds to ask the bank at the till; with none a worker is rung."""
    record = till(house, ana, QUICK_QUESTION_SECONDS=quick)
    beat = house.beat()
    house.wait(survivor, beat)
    assert record(0)[0] == 201
    pids = survivor.pid, beat.pid
    for way, numbers in (("killed", range(1, 5)), ("frozen", range(5, 9))):
        _take_away(house, way)
        answers = [record(number) for number in numbers]
        _bring_back(house, way)
        assert [status for status, _ in answers] == [201] * 4
        # Who waits for Redis is slow every time, a busy machine only at times.
        waits = [seconds for _, seconds in answers]
        assert (min(waits) < 3, max(waits) < 15) == (True, True), waits
    assert Transaction.objects.count() == Inquiry.objects.count() == 9

    arrive(house.bank, [money(number) for number in range(9)])
    house.time_passes(62)
    until(lambda: completed() == 9, "beat and worker found Redis again", 90)
    assert (survivor.pid, beat.pid) == pids
    all_is_well()


def _take_away(house: House, way: str) -> None:
    assert house.valkey.pid
    os.kill(house.valkey.pid, signal.SIGKILL if way == "killed" else signal.SIGSTOP)


def _bring_back(house: House, way: str) -> None:
    if way == "frozen":
        assert house.valkey.pid
        os.kill(house.valkey.pid, signal.SIGCONT)
    else:
        house.valkey.stop()
        house.valkey.start()
        house.valkey.wait_ready()


# ---- PostgreSQL --------------------------------------------------------------------


def test_postgresql_killed_twice_under_load_loses_nothing_acknowledged(
    bank: Bank,
) -> None:
    with WholeHouse.built(bank, workers=1) as house:
        _work_while_postgresql_dies(house)


def _work_while_postgresql_dies(house: WholeHouse) -> None:
    house.bank.set(latency_ms=30)
    tills = Tills(house, number=5, pace=0.6, dice=random.Random(1))
    tills.open()
    for number in (10, 20):
        _until_begun(tills, number)
        house.crash_postgres()
        time.sleep(0.5)
        house.postgres.start()
        house.postgres.wait_ready()
    _until_begun(tills, 30)
    tills.close()
    promised = tills.promised
    assert [each for each in promised if len(each.answers) != 1] == []

    def states() -> dict[str, str]:
        if house.seems_calm():
            house.time_passes(62)
        rows = house.ask("SELECT id::text, status FROM transactions_transaction")
        return dict(rows)

    wanted = {next(iter(each.answers)): each.outcome for each in promised}
    until(lambda: states() == wanted, "all came to its end", 120, every=0.5)
    assert house.books() == {}


def _until_begun(tills: Tills, number: int) -> None:
    until(lambda: len(tills.promised) > number, f"{number} claims are begun", 90)
