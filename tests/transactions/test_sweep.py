"""The doorbell: rung once for what is due, and lost without harm."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db.models.functions import Now
from django.utils import timezone
from kombu import pools

from accounts.models import SYSTEM_ID, User
from accounts.tasks import forget_expired
from banking.gateways.base import BankUnavailable, Patience, Trouble
from tests.transactions.bodies import claim
from transactions.models import Inquiry, Transaction
from transactions.outbox import ring
from transactions.services import verify
from transactions.services.submit import submit
from transactions.services.sweep import replay_dead_letter, sweep
from transactions.services.verify import ask_bank, settle_silence, take_lease
from transactions.states import State
from transactions.tasks import ask_bank as ask_bank_task
from transactions.tasks import sweep as sweep_task

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def row(ana: User) -> Transaction:
    return submit(author=ana, claim=claim(), now=timezone.now()).transaction


@pytest.fixture
def broker_gone() -> Iterator[None]:
    """Our Celery application with its broker at an address where nobody listens."""
    was = current_app.conf.broker_url
    _move_broker("redis://127.0.0.1:1/0")
    yield
    _move_broker(was)


def _move_broker(url: str) -> None:
    current_app.conf.broker_url = current_app.conf.broker_write_url = url
    pools.reset()
    current_app._pool = None
    current_app.amqp._producer_pool = None


def waiting_messages() -> int:
    with current_app.connection_for_read() as connection:
        return int(connection.default_channel.client.llen("celery"))


def test_what_is_due_is_rung_once(row: Transaction) -> None:
    Inquiry.objects.update(due_at=Now())
    before = waiting_messages()
    assert sweep() == 1
    assert sweep() == 0
    assert waiting_messages() == before + 1


def test_a_ring_that_was_lost_is_rung_again(row: Transaction) -> None:
    Inquiry.objects.update(due_at=Now(), rung_at=Now() - timedelta(seconds=61))
    assert sweep() == 1


def test_what_is_not_due_or_is_being_asked_is_left_alone(row: Transaction) -> None:
    Inquiry.objects.update(due_at=Now() + timedelta(minutes=1))
    assert sweep() == 0
    Inquiry.objects.update(due_at=Now(), leased_until=Now() + timedelta(minutes=1))
    assert sweep() == 0


def test_without_a_broker_the_row_waits(row: Transaction, broker_gone: None) -> None:
    Inquiry.objects.update(due_at=Now())
    assert ring(row.pk) is False
    assert sweep() == 0
    assert Inquiry.objects.due().count() == 1


def test_recording_without_a_broker_is_recording(
    api: Any,
    ana: User,
    settings: Any,
    broker_gone: None,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.QUICK_QUESTION_SECONDS = 0
    client = api(ana)
    with django_capture_on_commit_callbacks(execute=True) as rings:
        answer = client.post(
            "/api/v1/transactions/full-reference",
            {"reference": "123456", "customer_full_name": "Ana Gil"},
            format="json",
        )
    assert len(rings) == 1
    assert answer.status_code == 201
    assert Inquiry.objects.due().count() == 1


def test_the_tasks_translate_ids(row: Transaction, bank: Any) -> None:
    Inquiry.objects.update(due_at=Now())
    ask_bank_task(transaction_ids=[str(row.pk)])
    assert len(bank.questions) >= 1
    sweep_task()
    forget_expired()


def test_one_that_fails_is_noted_and_does_not_stop_the_others(
    row: Transaction, bank: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message may name somebody unknown; the next one is asked about all the same."""
    Inquiry.objects.update(due_at=Now())
    asked = []

    def ask(*, transaction_id: UUID, patience: Patience) -> None:
        asked.append(transaction_id)
        raise ValueError("04141234567")

    monkeypatch.setattr(verify, "ask_bank", ask)
    ask_bank_task(transaction_ids=[str(SYSTEM_ID), str(row.pk)])
    assert asked == [SYSTEM_ID, row.pk]
    assert Inquiry.objects.get().last_error == "ValueError"


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.BUDGET_SPENT])
def test_our_own_limits_say_nothing_about_the_bank(
    row: Transaction, trouble: Trouble
) -> None:
    Inquiry.objects.update(
        created_at=Now() - timedelta(hours=80), deadline_at=Now() - timedelta(hours=8)
    )
    lease = take_lease(row.pk, is_urgent=True)
    assert lease is not None
    settle_silence(lease, BankUnavailable(trouble))
    row.refresh_from_db()
    assert row.status == State.IN_PROGRESS
    soon = Inquiry.objects.filter(due_at__lt=Now() + timedelta(seconds=10))
    assert soon.count() == 1


def test_a_silence_that_comes_too_late_is_only_journaled(
    row: Transaction, ana: User
) -> None:
    from transactions.services.withdraw import withdraw

    lease = take_lease(row.pk, is_urgent=True)
    assert lease is not None
    withdraw(transaction_id=row.pk, actor=ana, reason="Se equivocó")
    settle_silence(lease, BankUnavailable(Trouble.DOWN))
    row.refresh_from_db()
    assert row.status == State.CANCELED


def test_a_sleeper_does_not_push_back_the_hour_of_the_next(row: Transaction) -> None:
    sleeper = take_lease(row.pk, is_urgent=True)
    assert sleeper is not None
    Inquiry.objects.update(leased_until=Now() - timedelta(seconds=1))
    heir = take_lease(row.pk, is_urgent=True)
    assert heir is not None
    before = Inquiry.objects.get()
    settle_silence(sleeper, BankUnavailable(Trouble.DOWN))
    after = Inquiry.objects.get()
    assert (after.lease, after.due_at) == (heir.token, before.due_at)


def test_nothing_buried_nothing_replayed(row: Transaction, root: User) -> None:
    from transactions.errors import TransactionNotFound

    with pytest.raises(TransactionNotFound):
        replay_dead_letter(actor=root, transaction_id=row.pk)


def test_a_dead_letter_that_was_decided_meanwhile_is_left(
    row: Transaction, ana: User
) -> None:
    """Only a crash between two statements could leave such a pair."""
    Inquiry.objects.update(dead_at=Now(), deadline_at=Now() - timedelta(seconds=1))
    Transaction.objects.update(status=State.CANCELED)
    sweep()
    row.refresh_from_db()
    assert row.status == State.CANCELED


def test_a_transaction_without_inquiry_is_not_asked(
    row: Transaction, bank: Any
) -> None:
    Inquiry.objects.all().delete()
    silence = ask_bank(transaction_id=row.pk, patience=Patience.WORKER, is_urgent=True)
    assert silence is None
    assert bank.questions == []
