"""What two people, two workers or two sweeps do at the very same instant.

Every race is run many rounds with threads that meet at a barrier; the number of rounds
is the N behind each zero (facts/reliability, section 0.8).
"""

import json
import os
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import redis
from django.db.models.functions import Now

from accounts.models import User
from audit.models import Record
from banking.gateways.base import (
    BankUnavailable,
    Malformed,
    Missing,
    Patience,
    Trouble,
)
from banking.models import AskBudget, BankQuestion
from banking.services import find_payment
from tests.storms.claims import arrive, money, recorded, reference
from tests.storms.steps import ask, now_is
from tests.together import together
from tests.transactions.bodies import TRANSACTIONS, erd, mobile
from transactions.models import BankCredit, Inquiry, Transaction
from transactions.services import review, verify
from transactions.services.review import Correction
from transactions.services.sweep import sweep
from transactions.services.verify import question_about, settle, take_lease

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROUNDS = 20
WHY = "Visto en el estado de cuenta"


# ---- Recording ---------------------------------------------------------------------


def test_one_reference_at_two_tills_is_recorded_once(
    api: Any, ana: User, beto: User, bank: Any, all_is_well: Any
) -> None:
    tills = [api(ana), api(beto)]
    for number in range(ROUNDS):
        body = mobile(reference_number=reference(number))

        def record(till: Any, body: dict[str, Any] = body) -> Any:
            return till.post(f"{TRANSACTIONS}/partial-reference", body, format="json")

        won, lost = sorted(
            together(*(partial(record, till) for till in tills)),
            key=lambda answer: answer.status_code,
        )
        assert (won.status_code, lost.status_code) == (201, 422)
        refusal = lost.json()["error"]
        assert refusal["code"] == "DUPLICATE_REFERENCE"
        assert refusal["details"]["existing_transaction_id"] == won.json()["id"]
    assert Transaction.objects.count() == ROUNDS
    all_is_well()


def test_one_transaction_id_sent_twice_is_one_transaction(
    api: Any, ana: User, bank: Any, all_is_well: Any
) -> None:
    tills = [api(ana), api(ana)]
    for number in range(ROUNDS):
        body = erd(transaction_id=f"TXN-{number}", reference=reference(number))

        def record(till: Any, body: dict[str, Any] = body) -> Any:
            return till.post(TRANSACTIONS, body, format="json")

        answers = together(*(partial(record, till) for till in tills))
        assert sorted(answer.status_code for answer in answers) == [200, 201]
        assert len({answer.json()["id"] for answer in answers}) == 1
    assert Transaction.objects.count() == ROUNDS
    all_is_well()


def test_one_transaction_id_for_two_moneys_is_refused_to_one(
    api: Any, ana: User, bank: Any, all_is_well: Any
) -> None:
    tills = [api(ana), api(ana)]
    for number in range(ROUNDS):
        bodies = [
            erd(transaction_id=f"TXN-{number}", reference=reference(2 * number + half))
            for half in (0, 1)
        ]
        answers = together(
            *(
                partial(till.post, TRANSACTIONS, body, format="json")
                for till, body in zip(tills, bodies, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Transaction.objects.count() == ROUNDS
    all_is_well()


# ---- Asking ------------------------------------------------------------------------


def test_eight_workers_ask_about_one_claim_once(
    ana: User, bank: Any, all_is_well: Any
) -> None:
    rounds = 10
    bank.set(latency_ms=50)
    arrive(bank, [money(number) for number in range(rounds)])
    for number in range(rounds):
        claim = recorded(ana, number)
        together(*[partial(ask, claim)] * 8)
        assert now_is(claim) == ("COMPLETED", "MATCHED")
    assert len(bank.questions) == rounds
    assert BankCredit.objects.count() == rounds
    all_is_well()


def test_one_credit_two_claims_two_workers(
    ana: User, bank: Any, all_is_well: Any
) -> None:
    """The same money under two faces: another bank of the payer, all else equal."""
    rows = [
        money(number, payer_bank=code)
        for number in range(ROUNDS)
        for code in ("0102", "0105")
    ]
    arrive(bank, rows)
    for number in range(ROUNDS):
        pair = [recorded(ana, number, bank_code=code) for code in ("0102", "0105")]
        together(*(partial(ask, each) for each in pair))
        assert sorted(now_is(each) for each in pair) == [
            ("COMPLETED", "MATCHED"),
            ("TO_REVIEW", "CREDIT_ALREADY_USED"),
        ]
    assert BankCredit.objects.count() == ROUNDS
    all_is_well()


def test_twenty_impatient_people_cost_two_questions_a_minute(
    ana: User, bank: Any, all_is_well: Any
) -> None:
    claim = recorded(ana, 1)
    for _ in range(3):
        together(*[partial(ask, claim, patience=Patience.QUICK)] * 20)
    assert len(bank.questions) == 2
    all_is_well()


def test_the_budget_holds_even_without_a_lease(ana: User, bank: Any) -> None:
    """Twenty at once past the lease: the budget is one statement, not a look."""
    claim = recorded(ana, 1)
    question = question_about(claim, rounds=0)

    def find() -> Any:
        try:
            return find_payment(question, patience=Patience.WORKER)
        except BankUnavailable as silence:
            return silence

    together(*[find] * 20)
    assert len(bank.questions) == 2
    assert BankQuestion.objects.count() == 2


def test_two_sweeps_ring_each_row_once(ana: User, bank: Any) -> None:
    claims = [recorded(ana, number) for number in range(200)]
    Inquiry.objects.update(due_at=Now() - timedelta(seconds=1))
    assert sum(together(sweep, sweep, sweep)) == len(claims)
    assert sorted(rung()) == sorted(claim.pk for claim in claims)


def rung() -> list[UUID]:
    """Whom the messages in the queue name, of the transactions that exist."""
    line = redis.Redis.from_url(os.environ["REDIS_URL"])
    ours = set(Transaction.objects.values_list("pk", flat=True))
    named = []
    for message in line.lrange("celery", 0, -1):
        headers = json.loads(message)["headers"]
        if headers["task"] == "transactions.ask_bank":
            body = json.loads(headers["kwargsrepr"].replace("'", '"'))
            named += map(UUID, body["transaction_ids"])
    return [pk for pk in named if pk in ours]


# ---- Whoever overslept -------------------------------------------------------------


def test_an_answer_to_what_was_asked_before_a_correction_changes_nothing(
    ruben: User, ana: User, bank: Any, all_is_well: Any
) -> None:
    """A worker asks, sleeps past its lease, and wakes after a person corrected."""
    claim = recorded(ana, 7, payer_phone="58414123456")
    asleep = take_lease(claim.pk, is_urgent=True)
    assert asleep is not None
    Inquiry.objects.update(leased_until=Now() - timedelta(seconds=1))
    ask(claim)
    assert now_is(claim) == ("TO_REVIEW", "QUESTION_REFUSED")
    review.reopen(
        transaction_id=claim.pk,
        actor=ruben,
        reason="Faltaba un dígito",
        correction=Correction(payer_phone="584141234567"),
    )
    settle(asleep, Malformed(code="VDE02"))
    assert now_is(claim) == ("IN_PROGRESS", "REOPENED")
    assert Record.objects.filter(action="transactions.late_answer").count() == 1
    arrive(bank, [money(7)])
    AskBudget.objects.all().delete()
    ask(claim)
    assert now_is(claim) == ("COMPLETED", "MATCHED")
    all_is_well()


def test_who_overslept_does_not_push_back_the_next_ones_hour(
    ana: User, bank: Any
) -> None:
    claim = recorded(ana, 7)
    asleep = take_lease(claim.pk, is_urgent=True)
    assert asleep is not None
    Inquiry.objects.update(leased_until=Now() - timedelta(seconds=1))
    awake = take_lease(claim.pk, is_urgent=True)
    assert awake is not None
    settle(asleep, Missing())
    inquiry = Inquiry.objects.get()
    assert (inquiry.lease, inquiry.rounds) == (awake.token, 0)
    verify.settle_silence(asleep, BankUnavailable(Trouble.TIMEOUT))
    assert Inquiry.objects.get().lease == awake.token
