"""The life of a claim between recording and a decision, against the sandbox bank."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from banking.gateways.base import Patience
from banking.models import Circuit
from tests.transactions.bodies import arrives, claim, mobile
from transactions.models import BankCredit, Inquiry, Transaction
from transactions.services.submit import submit
from transactions.services.sweep import sweep
from transactions.services.verify import ask_bank, take_lease
from transactions.states import Type

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]


def recorded(ana: User, **changes: Any) -> Transaction:
    facts = {
        "type": Type.MOBILE_PAYMENT,
        "reference": "000012417728",
        "payer_phone": "584141234567",
        "bank_code": "0102",
        "amount": None,
        **changes,
    }
    return submit(author=ana, claim=claim(**facts), now=timezone.now()).transaction


def ask(transaction: Transaction) -> Transaction:
    """One round by a worker, budget of the last minute forgotten."""
    from banking.models import AskBudget

    AskBudget.objects.all().delete()
    ask_bank(transaction_id=transaction.pk, patience=Patience.WORKER, is_urgent=True)
    return Transaction.objects.get(pk=transaction.pk)


def grow_old(transaction: Transaction, age: timedelta) -> None:
    Inquiry.objects.filter(pk=transaction.pk).update(
        created_at=F("created_at") - age,
        deadline_at=F("deadline_at") - age,
        last_answer_at=F("last_answer_at") - age,
    )


def waits(transaction: Transaction) -> float:
    inquiry = Inquiry.objects.annotate(left=F("due_at") - Now()).get(pk=transaction.pk)
    return float(inquiry.left.total_seconds())


def test_not_found_means_not_yet_and_the_waits_grow(ana: User, bank: Any) -> None:
    transaction = recorded(ana)
    for seconds in (30, 90, 180, 300, 600, 600, 3600, 3600):
        assert ask(transaction).status == "IN_PROGRESS"
        assert seconds * 0.85 < waits(transaction) < seconds * 1.15
    transaction.refresh_from_db()
    assert transaction.status_reason == "NOT_SEEN_YET"
    assert transaction.events.count() == 1


def test_money_that_arrives_later_completes_the_claim(ana: User, bank: Any) -> None:
    transaction = recorded(ana)
    assert ask(transaction).status == "IN_PROGRESS"
    arrives(bank, mobile())
    done = ask(transaction)
    assert done.status == "COMPLETED"
    assert done.amount is not None
    assert f"{done.amount}" == "2350.75"
    assert done.completed_at is not None
    assert not Inquiry.objects.exists()
    credit = BankCredit.objects.get()
    assert (credit.transaction_id, credit.tail) == (transaction.pk, "417728")
    moved = Record.objects.filter(action="transactions.moved").get()
    assert '"became":"COMPLETED"' in moved.facts


def test_one_credit_pays_one_claim(ana: User, bank: Any) -> None:
    arrives(bank, mobile())
    first = ask(recorded(ana))
    assert first.status == "COMPLETED"
    # The same money under another face: the whole reference, another day of recording.
    arrives(bank, mobile(), payer_bank="0105")
    second = ask(recorded(ana, bank_code="0105"))
    assert (second.status, second.status_reason) == (
        "TO_REVIEW",
        "CREDIT_ALREADY_USED",
    )
    last = second.events.last()
    assert last is not None
    assert last.metadata["paid_transaction"] == str(first.pk)
    assert BankCredit.objects.count() == 1


def test_a_cent_off_goes_to_a_person(ana: User, bank: Any) -> None:
    from decimal import Decimal

    arrives(bank, mobile(), amount="2350.74")
    claimed = recorded(ana, amount=Decimal("2350.75"))
    found = ask(claimed)
    assert (found.status, found.status_reason) == ("TO_REVIEW", "AMOUNT_DIFFERS")
    different = [fact for fact in found.comparison if fact["equal"] is False]
    assert different == [
        {"field": "amount", "claimed": "2350.75", "bank": "2350.74", "equal": False}
    ]
    assert found.details is not None
    assert found.details["amount"] == 2350.74
    assert f"{found.amount}" == "2350.75"
    assert not BankCredit.objects.exists()


def test_two_fitting_credits_go_to_a_person(ana: User, bank: Any) -> None:
    arrives(bank, mobile())
    arrives(bank, mobile(), amount="10.00")
    found = ask(recorded(ana))
    assert (found.status, found.status_reason) == ("TO_REVIEW", "SEVERAL_CREDITS")
    assert len(found.candidates) == 2


def test_another_currency_goes_to_a_person(ana: User, bank: Any) -> None:
    arrives(bank, mobile(), currency="USD")
    found = ask(recorded(ana))
    assert (found.status, found.status_reason) == ("TO_REVIEW", "CURRENCY_DIFFERS")


def test_a_debit_is_no_payment(ana: User, bank: Any) -> None:
    arrives(bank, mobile(), type="DB")
    assert ask(recorded(ana)).status == "IN_PROGRESS"


def test_the_deadline_hands_over_to_a_person(ana: User, bank: Any) -> None:
    transaction = recorded(ana)
    ask(transaction)
    grow_old(transaction, timedelta(hours=72))
    ended = ask(transaction)
    assert (ended.status, ended.status_reason) == ("TO_REVIEW", "NOT_SEEN")
    assert not Inquiry.objects.exists()


def test_the_clinic_may_let_the_deadline_cancel(
    ana: User, bank: Any, settings: Any
) -> None:
    settings.NOT_SEEN_ACTION = "cancel"
    transaction = recorded(ana)
    grow_old(transaction, timedelta(hours=72))
    assert ask(transaction).status == "CANCELED"


def test_a_silent_bank_never_cancels(ana: User, bank: Any, settings: Any) -> None:
    settings.NOT_SEEN_ACTION = "cancel"
    transaction = recorded(ana)
    bank.fail("down")
    grow_old(transaction, timedelta(hours=72))
    assert ask(transaction).status == "TO_REVIEW"


def test_a_silent_bank_makes_it_unknown_and_its_answer_brings_it_back(
    ana: User, bank: Any
) -> None:
    transaction = recorded(ana)
    bank.fail("down")
    assert ask(transaction).status == "IN_PROGRESS"
    grow_old(transaction, timedelta(minutes=16))
    unknown = ask(transaction)
    assert (unknown.status, unknown.status_reason) == ("UNKNOWN", "BANK_UNREACHABLE")
    assert waits(transaction) < 120
    bank.heal()
    Circuit.objects.all().delete()
    back = ask(transaction)
    assert (back.status, back.status_reason) == ("IN_PROGRESS", "BANK_BACK")
    arrives(bank, mobile())
    assert ask(transaction).status == "COMPLETED"
    assert [event.new_status for event in transaction.events.all()] == [
        "IN_PROGRESS",
        "UNKNOWN",
        "IN_PROGRESS",
        "COMPLETED",
    ]


@pytest.mark.parametrize(
    "mode",
    [
        "down",
        "reset",
        "html",
        "garbage",
        "truncated",
        "maintenance",
        "rate_limited",
        "dependency",
        "bad_row",
    ],
)
def test_no_trouble_of_the_bank_is_news_about_money(
    ana: User, bank: Any, mode: str
) -> None:
    transaction = recorded(ana)
    arrives(bank, mobile())
    bank.fail(mode, path="query")
    waiting = ask(transaction)
    assert waiting.status == "IN_PROGRESS"
    inquiry = Inquiry.objects.get(pk=transaction.pk)
    assert inquiry.last_error
    assert inquiry.leased_until is None
    assert inquiry.attempts == 0
    bank.heal()
    Circuit.objects.all().delete()
    assert ask(transaction).status == "COMPLETED"


def test_a_token_that_dies_between_is_fetched_again(ana: User, bank: Any) -> None:
    ask(recorded(ana, reference="111111111111"))
    arrives(bank, mobile())
    bank.fail("expire_tokens")
    assert ask(recorded(ana)).status == "COMPLETED"


def test_the_bank_is_asked_at_most_twice_a_minute(ana: User, bank: Any) -> None:
    transaction = recorded(ana)
    for _ in range(6):
        ask_bank(transaction_id=transaction.pk, patience=Patience.QUICK, is_urgent=True)
    assert len(bank.questions) == 2


def test_a_question_refused_as_malformed_goes_to_a_person(ana: User, bank: Any) -> None:
    transaction = recorded(ana, payer_phone="58414123456")
    found = ask(transaction)
    assert (found.status, found.status_reason) == ("TO_REVIEW", "QUESTION_REFUSED")
    last = found.events.last()
    assert last is not None
    assert last.metadata["bank_code"] == "VDE02"


def test_a_message_that_comes_twice_or_late_changes_nothing(
    ana: User, bank: Any
) -> None:
    transaction = recorded(ana)
    arrives(bank, mobile())
    assert ask(transaction).status == "COMPLETED"
    assert ask(transaction).status == "COMPLETED"
    assert transaction.events.count() == 2
    assert BankCredit.objects.count() == 1


def test_a_lease_keeps_others_away_until_it_runs_out(ana: User) -> None:
    transaction = recorded(ana)
    assert take_lease(transaction.pk, is_urgent=True) is not None
    assert take_lease(transaction.pk, is_urgent=True) is None
    Inquiry.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert take_lease(transaction.pk, is_urgent=True) is not None


def test_what_is_not_due_is_not_asked(ana: User, bank: Any) -> None:
    transaction = recorded(ana)
    Inquiry.objects.update(due_at=Now() + timedelta(minutes=5))
    ask_bank(transaction_id=transaction.pk, patience=Patience.WORKER)
    assert bank.questions == []


def test_an_answer_that_comes_after_a_decision_is_only_journaled(
    ana: User, bank: Any
) -> None:
    from banking.gateways.base import Missing
    from transactions.services.verify import settle
    from transactions.services.withdraw import withdraw
    from transactions.states import State

    transaction = recorded(ana)
    lease = take_lease(transaction.pk, is_urgent=True)
    assert lease is not None
    withdraw(transaction_id=transaction.pk, actor=ana, reason="Se equivocó")
    settle(lease, Missing())
    transaction.refresh_from_db()
    assert transaction.status == State.CANCELED
    assert Record.objects.filter(action="transactions.late_answer").count() == 1


def test_poison_is_buried_shown_and_asked_again_on_request(
    ana: User, ruben: User, root: User
) -> None:
    from transactions.services.sweep import replay_dead_letter

    transaction = recorded(ana)
    for _ in range(5):
        assert take_lease(transaction.pk, is_urgent=True) is not None
        Inquiry.objects.update(leased_until=Now() - timedelta(seconds=1))
    assert take_lease(transaction.pk, is_urgent=True) is None
    sweep()
    assert [inquiry.pk for inquiry in Inquiry.objects.dead()] == [transaction.pk]
    replay_dead_letter(actor=root, transaction_id=transaction.pk)
    assert take_lease(transaction.pk, is_urgent=False) is not None
    assert Record.objects.filter(action="transactions.inquiry_replayed").exists()


def test_an_overdue_dead_letter_reaches_a_person(ana: User) -> None:
    transaction = recorded(ana)
    Inquiry.objects.update(dead_at=Now(), deadline_at=Now() - timedelta(seconds=1))
    sweep()
    transaction.refresh_from_db()
    assert (transaction.status, transaction.status_reason) == ("TO_REVIEW", "NOT_SEEN")


def test_asking_inside_a_transaction_is_a_bug(ana: User, bank: Any) -> None:
    """Rule 4 of the product; the test's own transaction does not count."""
    from django.db.transaction import atomic

    transaction = recorded(ana)
    with (
        atomic(),
        pytest.raises(RuntimeError, match="transaction"),
    ):
        ask(transaction)
