"""Decisions about one claim at the very same instant: one wins, and money stays kept.

As in test_races, each is run many rounds with threads that meet at a barrier.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import User
from areamedica.errors import Refusal
from audit.models import Record
from banking.gateways.base import Patience
from banking.services import find_payment
from tests.storms.claims import PRICE, arrive, money, recorded
from tests.storms.steps import ask, now_is
from tests.together import codes, together
from transactions.models import BankCredit, Transaction
from transactions.services import review
from transactions.services.review import Correction
from transactions.services.verify import question_about, settle, take_lease
from transactions.services.withdraw import delete, withdraw

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROUNDS = 20
WHY = "Visto en el estado de cuenta"


@pytest.fixture
def in_review(ana: User, bank: Any) -> Callable[..., list[Transaction]]:
    """So many claims that wait for a person: the bank shows a cent less."""

    def make(number: int, *, price: str = PRICE) -> list[Transaction]:
        cent_off = f"{Decimal(price) - Decimal('0.01')}"
        arrive(bank, [money(n, amount=cent_off) for n in range(number)])
        rows = [recorded(ana, n, amount=Decimal(price)) for n in range(number)]
        for row in rows:
            ask(row)
        assert {now_is(row)[0] for row in rows} == {"TO_REVIEW"}
        return rows

    return make


def test_approve_and_reject_at_once_have_one_winner(
    in_review: Any, ruben: User, rosa: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS):
        results = together(
            partial(review.approve, transaction_id=row.pk, actor=ruben, reason=WHY),
            partial(review.reject, transaction_id=row.pk, actor=rosa, reason=WHY),
        )
        won = [each.status for each in results if not isinstance(each, Refusal)]
        assert codes(results) == sorted([*won, "INVALID_TRANSITION"])
        assert now_is(row)[0] == won[0]
        assert row.events.count() == 3
    all_is_well()


def test_two_approvals_at_once_use_the_credit_once(
    in_review: Any, ruben: User, rosa: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS):
        results = together(
            *(
                partial(review.approve, transaction_id=row.pk, actor=who, reason=WHY)
                for who in (ruben, rosa)
            )
        )
        assert codes(results) == ["COMPLETED", "INVALID_TRANSITION"]
    assert BankCredit.objects.count() == ROUNDS
    all_is_well()


def test_two_first_approvals_at_once_are_a_first_and_a_second(
    in_review: Any, ruben: User, rosa: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS, price="60000.00"):
        results = together(
            *(
                partial(review.approve, transaction_id=row.pk, actor=who, reason=WHY)
                for who in (ruben, rosa)
            )
        )
        assert codes(results) == ["COMPLETED", "TO_REVIEW"]
        row.refresh_from_db()
        assert {row.first_approver_id, row.decided_by_id} == {ruben.pk, rosa.pk}
        assert [event.reason for event in row.events.all()][-2:] == [
            "SECOND_APPROVAL",
            "APPROVED",
        ]
    all_is_well()


def test_one_persons_two_approvals_at_once_are_one(
    in_review: Any, ruben: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS, price="60000.00"):
        approve = partial(
            review.approve, transaction_id=row.pk, actor=ruben, reason=WHY
        )
        assert codes(together(approve, approve)) == [
            "SECOND_PERSON_NEEDED",
            "TO_REVIEW",
        ]
        assert now_is(row) == ("TO_REVIEW", "SECOND_APPROVAL")
    assert not BankCredit.objects.exists()
    all_is_well()


def test_approve_and_delete_at_once_never_hide_paid_money(
    in_review: Any, ruben: User, root: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS):
        together(
            partial(review.approve, transaction_id=row.pk, actor=ruben, reason=WHY),
            partial(delete, transaction_ids=[row.pk], actor=root),
        )
        row.refresh_from_db()
        assert (row.status, row.deleted_at is None) in {
            ("COMPLETED", True),
            ("CANCELED", False),
        }
    all_is_well()


def test_withdrawal_and_the_banks_answer_at_once_have_one_winner(
    ana: User, bank: Any, all_is_well: Any
) -> None:
    arrive(bank, [money(number) for number in range(ROUNDS)])
    completed = 0
    for number in range(ROUNDS):
        claim = recorded(ana, number)
        lease = take_lease(claim.pk, is_urgent=True)
        assert lease is not None
        answer = find_payment(question_about(claim, rounds=0), patience=Patience.WORKER)
        _, taken_back = together(
            partial(settle, lease, answer),
            partial(withdraw, transaction_id=claim.pk, actor=ana, reason="Otro pago"),
        )
        is_too_late = isinstance(taken_back, Refusal)
        assert now_is(claim)[0] == ("COMPLETED" if is_too_late else "CANCELED")
        completed += is_too_late
    assert BankCredit.objects.count() == completed
    late = Record.objects.filter(action="transactions.late_answer").count()
    assert late == ROUNDS - completed
    all_is_well()


def test_reopen_and_approve_at_once_have_one_winner(
    in_review: Any, ruben: User, rosa: User, all_is_well: Any
) -> None:
    for row in in_review(ROUNDS):
        results = together(
            partial(review.approve, transaction_id=row.pk, actor=ruben, reason=WHY),
            partial(
                review.reopen,
                transaction_id=row.pk,
                actor=rosa,
                reason=WHY,
                correction=Correction(amount=Decimal("2350.74")),
            ),
        )
        won = [each.status for each in results if not isinstance(each, Refusal)]
        assert codes(results) == sorted([*won, "INVALID_TRANSITION"])
        assert now_is(row)[0] == won[0]
    all_is_well()


def test_bulk_deletes_that_cross_never_lock_each_other_up(
    ana: User, root: User, bank: Any, all_is_well: Any
) -> None:
    for first in range(0, ROUNDS * 10, 10):
        ids = [recorded(ana, first + number).pk for number in range(10)]
        results = together(
            partial(delete, transaction_ids=ids, actor=root),
            partial(delete, transaction_ids=ids[::-1], actor=root),
        )
        assert codes(results) == ["10", "TRANSACTION_NOT_FOUND"]
    assert not Transaction.objects.present().exists()
    all_is_well()


def test_bulk_deletes_that_overlap_are_all_or_none(
    ana: User, root: User, bank: Any, all_is_well: Any
) -> None:
    for first in range(0, ROUNDS * 12, 12):
        ids = [recorded(ana, first + number).pk for number in range(12)]
        results = together(
            partial(delete, transaction_ids=ids[:8], actor=root),
            partial(delete, transaction_ids=ids[:3:-1], actor=root),
        )
        assert codes(results) == ["8", "TRANSACTION_NOT_FOUND"]
        assert Transaction.objects.present().filter(pk__in=ids).count() == 4
    all_is_well()
