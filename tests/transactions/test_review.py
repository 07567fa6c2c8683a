"""Review: every decision, every refusal, and nobody on his own."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from banking.gateways.base import Patience
from tests.journaled import staged
from tests.transactions.bodies import TRANSACTIONS, arrives, claim, mobile
from transactions.models import BankCredit, Inquiry, Transaction
from transactions.services.submit import submit
from transactions.services.verify import ask_bank
from transactions.states import State, Type

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

WHY = {"reason": "Visto en el estado de cuenta"}


@pytest.fixture
def in_review(ana: User, bank: Any) -> Callable[..., Transaction]:
    """A claim of ana's with the bank a cent off; `amount` is what the bank shows."""

    def make(
        author: User | None = None, amount: str = "2350.74", **changes: Any
    ) -> Transaction:
        from banking.models import AskBudget

        arrives(bank, mobile(**changes), amount=amount)
        facts: dict[str, Any] = {
            "type": Type.MOBILE_PAYMENT,
            "reference": changes.get("reference_number", "000012417728"),
            "payer_phone": "584141234567",
            "bank_code": "0102",
            "amount": Decimal("2350.75"),
        }
        made = submit(author=author or ana, claim=claim(**facts), now=timezone.now())
        AskBudget.objects.all().delete()
        ask_bank(
            transaction_id=made.transaction.pk,
            patience=Patience.WORKER,
            is_urgent=True,
        )
        found = Transaction.objects.get(pk=made.transaction.pk)
        assert found.status == "TO_REVIEW"
        return found

    return make


def act(api: Any, user: User, row: Transaction, verb: str, body: Any = WHY) -> Any:
    return api(user).post(f"{TRANSACTIONS}/{row.pk}/{verb}", body, format="json")


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_reviewer_approves_what_the_bank_shows(
    api: Any, ruben: User, in_review: Any
) -> None:
    row = in_review()
    answer = act(api, ruben, row, "approve")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["status"], body["status_reason"]) == ("COMPLETED", "APPROVED")
    assert body["amount"] == "2350.74"
    assert body["claimed_amount"] == "2350.75"
    credit = BankCredit.objects.get()
    assert credit.transaction_id == row.pk
    last = row.events.last()
    assert last is not None
    assert (last.actor_id, last.note, last.actor_type) == (
        ruben.pk,
        WHY["reason"],
        "USER",
    )
    moved = Record.objects.filter(action="transactions.moved").first()
    assert moved is not None
    assert moved.actor_id == ruben.pk
    assert WHY["reason"] not in moved.facts


def test_a_reviewer_rejects_for_good(api: Any, ruben: User, in_review: Any) -> None:
    row = in_review()
    answer = act(api, ruben, row, "reject")
    assert answer.json()["status"] == "CANCELED"
    assert answer.json()["completed_at"] is None
    assert not BankCredit.objects.exists()
    assert code(act(api, ruben, row, "approve")) == (409, "INVALID_TRANSITION")


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
@pytest.mark.parametrize("reason", [None, "", "  ", "no", 5, "x" * 501])
def test_a_decision_needs_a_reason(
    api: Any, ruben: User, in_review: Any, verb: str, reason: object
) -> None:
    answer = act(api, ruben, in_review(), verb, {"reason": reason})
    assert answer.status_code == 400
    assert "reason" in answer.json()["error"]["details"]["fields"]


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
def test_nobody_decides_his_own(
    api: Any, ruben: User, in_review: Any, verb: str
) -> None:
    row = in_review(author=ruben)
    assert code(act(api, ruben, row, verb)) == (403, "SELF_DECISION")
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"


@pytest.mark.parametrize("who", ["ana", "beto", "carla", "aldo"])
@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
def test_only_reviewers_decide(
    request: pytest.FixtureRequest, api: Any, in_review: Any, verb: str, who: str
) -> None:
    row = in_review()
    user = request.getfixturevalue(who)
    assert code(act(api, user, row, verb)) == (403, "FORBIDDEN")
    row.refresh_from_db()
    assert (row.status, row.events.count()) == ("TO_REVIEW", 2)
    refusal = Record.objects.filter(action="accounts.access_refused").get()
    assert refusal.actor_id == user.pk


@pytest.mark.parametrize("verb", ["approve", "reject", "reopen"])
@pytest.mark.parametrize(
    "status", [state for state in State if state != State.TO_REVIEW]
)
def test_only_what_waits_for_a_person_is_decided(
    api: Any, ana: User, ruben: User, verb: str, status: State
) -> None:
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    force(row, status)
    assert code(act(api, ruben, row, verb)) == (409, "INVALID_TRANSITION")


def force(row: Transaction, status: State) -> None:
    """Put a row into a state past its door; only a test may."""
    completed = status == State.COMPLETED
    with staged():
        Transaction.objects.filter(pk=row.pk).update(
            status=status,
            completed_at=timezone.now() if completed else None,
            amount=Decimal(1) if completed else None,
            details={} if completed else None,
        )


def test_money_the_bank_never_showed_is_not_approved(
    api: Any, ana: User, ruben: User
) -> None:
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    force(row, State.TO_REVIEW)
    assert code(act(api, ruben, row, "approve")) == (422, "NO_BANK_RECORD")


def test_a_credit_that_pays_another_is_not_approved(
    api: Any, ana: User, ruben: User, in_review: Any, bank: Any
) -> None:
    first = in_review()
    act(api, ruben, first, "approve")
    with staged():
        Transaction.objects.filter(pk=first.pk).update(claim_key="moved away")
    second = in_review()
    # Two equal movements stand at the bank now; either is the one already used.
    answer = act(api, ruben, second, "approve", {**WHY, "credit": 0})
    assert code(answer) == (422, "CREDIT_ALREADY_USED")
    details = answer.json()["error"]["details"]
    assert details["paid_transaction_id"] == str(first.pk)
    assert BankCredit.objects.count() == 1


def test_several_credits_must_be_chosen_from(
    api: Any, ruben: User, in_review: Any, bank: Any
) -> None:
    arrives(bank, mobile(), amount="10.00")
    row = in_review()
    assert code(act(api, ruben, row, "approve")) == (422, "CHOOSE_CREDIT")
    beyond = act(api, ruben, row, "approve", {**WHY, "credit": 2})
    assert code(beyond) == (422, "CHOOSE_CREDIT")
    chosen = row.candidates[1]["credit"]["amount"]
    done = act(api, ruben, row, "approve", {**WHY, "credit": 1})
    assert done.json()["amount"] == chosen


def test_above_the_limit_two_persons_approve(
    api: Any, ruben: User, rosa: User, in_review: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal("1000.00")
    row = in_review()
    first = act(api, ruben, row, "approve").json()
    assert (first["status"], first["status_reason"]) == (
        "TO_REVIEW",
        "SECOND_APPROVAL",
    )
    assert code(act(api, ruben, row, "approve")) == (422, "SECOND_PERSON_NEEDED")
    assert not BankCredit.objects.exists()
    done = act(api, rosa, row, "approve").json()
    assert done["status"] == "COMPLETED"
    row.refresh_from_db()
    assert (row.first_approver_id, row.decided_by_id) == (ruben.pk, rosa.pk)


def test_two_persons_approve_the_same_credit(
    api: Any, ruben: User, rosa: User, in_review: Any, bank: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal("1000.00")
    arrives(bank, mobile(), amount="2000.00")
    row = in_review()
    act(api, ruben, row, "approve", {**WHY, "credit": 0})
    other = act(api, rosa, row, "approve", {**WHY, "credit": 1}).json()
    assert other["status"] == "TO_REVIEW"
    assert not BankCredit.objects.exists()
    done = act(api, ruben, row, "approve", {**WHY, "credit": 1}).json()
    assert done["status"] == "COMPLETED"
    assert done["amount"] == row.candidates[1]["credit"]["amount"]


def test_exactly_the_limit_needs_one_person(
    api: Any, ruben: User, in_review: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal("2350.74")
    assert act(api, ruben, in_review(), "approve").json()["status"] == "COMPLETED"


def test_one_person_may_reject_above_the_limit(
    api: Any, ruben: User, in_review: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal("1000.00")
    assert act(api, ruben, in_review(), "reject").json()["status"] == "CANCELED"


def test_corrected_data_is_asked_again_and_voids_an_approval(
    api: Any, ruben: User, rosa: User, in_review: Any, settings: Any
) -> None:
    settings.REVIEW_SECOND_PERSON_ABOVE = Decimal("1000.00")
    row = in_review()
    act(api, ruben, row, "approve")
    settings.QUICK_QUESTION_SECONDS = 0
    answer = act(api, rosa, row, "reopen", {**WHY, "amount": "2350.74"})
    assert answer.json()["status"] == "IN_PROGRESS"
    row.refresh_from_db()
    assert row.first_approver_id is None
    assert row.candidates == []
    assert row.corrected_by_id == rosa.pk
    assert Inquiry.objects.filter(pk=row.pk).exists()
    ask_bank(transaction_id=row.pk, patience=Patience.WORKER, is_urgent=True)
    row.refresh_from_db()
    assert row.status == "COMPLETED"


def test_who_corrected_does_not_approve(
    api: Any, ruben: User, rosa: User, in_review: Any
) -> None:
    row = in_review()
    act(api, ruben, row, "reopen", {**WHY, "amount": "99.00"})
    ask_bank(transaction_id=row.pk, patience=Patience.WORKER, is_urgent=True)
    assert code(act(api, ruben, row, "approve")) == (403, "SELF_DECISION")
    assert act(api, rosa, row, "approve").json()["status"] == "COMPLETED"


def test_a_correction_cannot_claim_anothers_money(
    api: Any, beto: User, ruben: User, in_review: Any
) -> None:
    from transactions.states import Type as Kind

    row = in_review()
    other = submit(
        author=beto,
        claim=claim(
            type=Kind.MOBILE_PAYMENT,
            reference="000012999999",
            payer_phone="584141234567",
            bank_code="0102",
        ),
        now=timezone.now(),
    ).transaction
    answer = act(api, ruben, row, "reopen", {**WHY, "reference": "000012999999"})
    assert code(answer) == (422, "DUPLICATE_REFERENCE")
    details = answer.json()["error"]["details"]
    assert details["existing_transaction_id"] == str(other.pk)
    row.refresh_from_db()
    assert (row.status, row.reference) == ("TO_REVIEW", "000012417728")


@pytest.mark.parametrize("field", ["reference", "amount", "bank_code", "phone"])
def test_a_senseless_correction_is_refused(
    api: Any, ruben: User, in_review: Any, field: str
) -> None:
    answer = act(api, ruben, in_review(), "reopen", {**WHY, field: "x"})
    assert answer.status_code == 400
    assert list(answer.json()["error"]["details"]["fields"]) == [field]


def test_an_open_claim_is_withdrawn_by_its_author_or_a_reviewer(
    api: Any, ana: User, beto: User, ruben: User
) -> None:
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    assert code(act(api, beto, row, "withdraw")) == (403, "NOT_YOURS")
    assert act(api, ana, row, "withdraw").json()["status"] == "CANCELED"
    assert not Inquiry.objects.exists()
    assert code(act(api, ruben, row, "withdraw")) == (409, "INVALID_TRANSITION")


def test_a_deleted_one_is_gone_for_readers_but_not_from_the_table(
    api: Any, ana: User, ruben: User
) -> None:
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    client = api(ruben)
    assert client.delete(f"{TRANSACTIONS}/{row.transaction_id}/").status_code == 204
    assert client.get(f"{TRANSACTIONS}/{row.pk}").status_code == 404
    assert client.delete(f"{TRANSACTIONS}/{row.pk}").status_code == 404
    assert client.get(TRANSACTIONS).json()["total"] == 0
    row.refresh_from_db()
    assert row.status == "CANCELED"
    assert row.deleted_at is not None
    assert Record.objects.filter(action="transactions.deleted").count() == 1


def test_a_completed_one_is_never_deleted(api: Any, ana: User, ruben: User) -> None:
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    other = submit(
        author=ana, claim=claim(reference="777777"), now=timezone.now()
    ).transaction
    force(row, State.COMPLETED)
    one = api(ruben).delete(f"{TRANSACTIONS}/{row.pk}")
    assert code(one) == (422, "COMPLETED_IS_KEPT")
    both = api(ruben).post(
        f"{TRANSACTIONS}/bulk-delete", [str(other.pk), str(row.pk)], format="json"
    )
    assert code(both) == (422, "COMPLETED_IS_KEPT")
    other.refresh_from_db()
    assert other.deleted_at is None


def test_the_services_ask_themselves_who_may(
    ana: User, carla: User, ruben: User, in_review: Any
) -> None:
    """No door can forget to: the admin and the API call the same functions."""
    from areamedica.errors import Forbidden
    from transactions.errors import NotYours, SelfDecision, TransactionNotFound
    from transactions.services import review, withdraw

    row = in_review()
    deed = {"transaction_id": row.pk, "actor": carla, "reason": "porque sí"}
    with pytest.raises(Forbidden):
        review.approve(**deed)
    with pytest.raises(Forbidden):
        review.reject(**deed)
    with pytest.raises(Forbidden):
        review.reopen(**deed, correction=review.Correction())
    with pytest.raises(NotYours):
        withdraw.withdraw(**deed)
    with pytest.raises(Forbidden):
        withdraw.delete(transaction_ids=[row.pk], actor=carla)
    with pytest.raises(TransactionNotFound):
        withdraw.delete(transaction_ids=[row.pk, ana.pk], actor=ruben)
    with staged():
        Transaction.objects.filter(pk=row.pk).update(created_by=ruben)
    with pytest.raises(SelfDecision):
        withdraw.delete(transaction_ids=[row.pk], actor=ruben)
    row.refresh_from_db()
    assert row.status == "TO_REVIEW"


def test_a_refused_one_may_still_be_hidden(
    api: Any, ruben: User, in_review: Any
) -> None:
    row = in_review()
    act(api, ruben, row, "reject")
    assert api(ruben).delete(f"{TRANSACTIONS}/{row.pk}").status_code == 204
    row.refresh_from_db()
    assert row.deleted_at is not None
    assert row.events.count() == 3


def test_a_corrected_phone_is_asked_about(
    api: Any, ruben: User, in_review: Any, settings: Any
) -> None:
    settings.QUICK_QUESTION_SECONDS = 0
    row = in_review()
    act(api, ruben, row, "reopen", {**WHY, "phone": "04149998877"})
    row.refresh_from_db()
    assert row.payer_phone == "584149998877"
    assert "584149998877" in row.claim_key


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        [5],
        [None],
        {"ids": []},
        [["a"]],
        [f"id-{number}" for number in range(101)],
    ],
)
def test_bulk_delete_takes_a_bare_array_of_ids(
    api: Any, ruben: User, body: object
) -> None:
    answer = api(ruben).post(f"{TRANSACTIONS}/bulk-delete", body, format="json")
    assert code(answer) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "stranger",
    ["nothing", "00000000-0000-4000-8000-00000000abcd", "%20", "a/b", "x" * 300],
)
def test_an_id_that_names_nothing_is_not_found(
    api: Any, ruben: User, stranger: str
) -> None:
    answer = api(ruben).get(f"{TRANSACTIONS}/{stranger}")
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found"
    bulk = api(ruben).post(f"{TRANSACTIONS}/bulk-delete", [stranger], format="json")
    assert code(bulk) == (404, "TRANSACTION_NOT_FOUND")
