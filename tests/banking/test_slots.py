"""Never more than the configured number of questions at a time."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.models.functions import Now

from banking.gateways.base import BankUnavailable, Patience, Trouble
from banking.models import Slot
from banking.resilience import slots
from banking.resilience.slots import one_question
from tests.together import together


@pytest.fixture(autouse=True)
def _three(settings: Any) -> None:
    settings.BANESCO = {**settings.BANESCO, "MAX_SIMULTANEOUS": 3}


@pytest.fixture
def full(transactional_db: None) -> Iterator[ExitStack]:
    """Every slot taken; the test may give them back."""
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(one_question(bank="banesco", patience=Patience.QUICK))
        yield stack


def ask(patience: Patience = Patience.QUICK) -> bool:
    with one_question(bank="banesco", patience=patience) as has_waited:
        return has_waited


def nap_with(monkeypatch: pytest.MonkeyPatch, nap: Callable[[float], object]) -> None:
    """What happens while somebody waits for his turn."""
    monkeypatch.setattr(slots, "time", SimpleNamespace(sleep=nap))


@pytest.mark.django_db(transaction=True)
def test_twenty_workers_share_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slots.WAIT_SECONDS, Patience.WORKER, 60)
    running, most, lock = 0, 0, threading.Lock()
    all_taken = threading.Event()

    def work() -> None:
        nonlocal running, most
        with one_question(bank="banesco", patience=Patience.WORKER):
            with lock:
                running += 1
                most = max(most, running)
                if running == 3:
                    all_taken.set()
            all_taken.wait(60)
            time.sleep(0.05)  # in which a fourth would be seen
            with lock:
                running -= 1

    results = together(*[work] * 20)
    assert results == [None] * 20
    assert most == 3
    assert not Slot.objects.exclude(holder=None).exists()


def test_a_cashier_does_not_wait(
    full: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[float] = []
    nap_with(monkeypatch, naps.append)
    with pytest.raises(BankUnavailable) as raised:
        ask()
    assert raised.value.trouble is Trouble.BUSY
    assert naps == []


def test_a_worker_waits_two_seconds(full: ExitStack) -> None:
    started = time.monotonic()
    with pytest.raises(BankUnavailable) as raised:
        ask(Patience.WORKER)
    assert raised.value.trouble is Trouble.BUSY
    assert time.monotonic() - started > 1.9


def test_a_turn_that_was_waited_for_says_so(
    full: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    nap_with(monkeypatch, _give_one_back)
    assert ask(Patience.WORKER) is True


def _give_one_back(_seconds: float) -> None:
    Slot.objects.filter(number=2).update(holder=None, leased_until=None)


def test_a_dead_holders_slot_is_free_after_its_lease(full: ExitStack) -> None:
    Slot.objects.filter(number=1).update(leased_until=Now())
    assert ask() is False


def test_who_overslept_does_not_give_anothers_slot_back(transactional_db: None) -> None:
    with one_question(bank="banesco", patience=Patience.QUICK):
        another = uuid.uuid4()
        Slot.objects.filter(number=1).update(holder=another)
    assert Slot.objects.get(number=1).holder == another


def test_a_lowered_limit_holds_at_once(full: ExitStack, settings: Any) -> None:
    full.close()
    settings.BANESCO = {**settings.BANESCO, "MAX_SIMULTANEOUS": 1}
    with (
        one_question(bank="banesco", patience=Patience.QUICK),
        pytest.raises(BankUnavailable),
    ):
        ask()


def test_another_bank_has_its_own(full: ExitStack) -> None:
    with one_question(bank="simple", patience=Patience.QUICK):
        assert Slot.objects.filter(bank="simple").exclude(holder=None).count() == 1
    assert str(Slot.objects.get(bank="simple", number=1)) == "simple 1"
