"""The bank shows the money and the books do not take it: the claim waits for them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db.models.functions import Now

from accounts.models import User
from audit.models import Record
from banking.models import AskBudget, BankQuestion
from ledger.chart import account_id
from ledger.errors import (
    AccountFrozen,
    BalanceTooLarge,
    PeriodClosed,
    UnpostableAmount,
)
from ledger.models import Transfer
from ledger.services.accounts import freeze, release
from ledger.services.posting import post
from ledger.services.proof import findings
from tests.bank import Bank
from tests.journaled import staged
from tests.ledger.books import FEES, TRANSIT, posting
from tests.transactions import desk
from tests.transactions.bodies import TRANSACTIONS, arrives, mobile
from tests.transactions.desk import asked, in_review, recorded
from transactions.books import COMPLETED, key_of
from transactions.models import BankCredit, Inquiry, Transaction, transaction
from transactions.models.inquiry import MOST_ATTEMPTS
from transactions.services.sweep import bury_poison, replay_dead_letter, sweep
from transactions.states import Reason, State
from transactions.tasks import ask_bank

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

PARTIAL = f"{TRANSACTIONS}/partial-reference"
UNNAMED = account_id("2190-VES")
OF_NOBODY = {"customer_document": "", "customer_phone": ""}


@pytest.fixture
def frozen(root: User) -> None:
    freeze(account_id=TRANSIT, actor=root, reason="Auditoría")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """From now on the books refuse whatever is completed."""

    def refuse(refusal: Exception) -> None:
        def book(_: object) -> None:
            raise refusal

        monkeypatch.setattr(transaction, "book", book)

    return refuse


def hour_comes() -> None:
    """Time passes until whatever still waits is due, and may be asked about again."""
    AskBudget.objects.all().delete()
    moment = Now() - timedelta(seconds=1)
    Inquiry.objects.update(due_at=moment, leased_until=None, rung_at=None)


def next_round(row: Transaction) -> None:
    """Its hour comes, the sweep rings, a worker asks."""
    hour_comes()
    assert sweep() == 1
    ask_bank(transaction_ids=[str(row.pk)])


def take_key_of(row: Transaction) -> None:
    """Somebody books something else under the key of the claim's own transfer."""
    with staged():
        post(posting(TRANSIT, FEES, key=key_of(COMPLETED, row.pk)))


def post_it(api: Any, user: User, body: Any, **headers: str) -> Any:
    return api(user).post(PARTIAL, body, format="json", headers=headers)


@pytest.mark.parametrize(
    ("account", "changes"), [(TRANSIT, {}), (UNNAMED, OF_NOBODY)], ids=["1110", "2190"]
)
def test_a_claim_outlasts_the_freezing_of_the_clinics_account(
    ana: User, root: User, bank: Bank, account: UUID, changes: dict[str, Any]
) -> None:
    freeze(account_id=account, actor=root, reason="Auditoría")
    row = recorded(ana, **changes)
    desk.arrives(bank)
    for _ in range(MOST_ATTEMPTS + 2):
        next_round(row)
        assert bury_poison() == 0
    waiting = Inquiry.objects.get()
    assert (waiting.attempts, waiting.dead_at) == (0, None)
    assert waiting.last_error == "ACCOUNT_FROZEN"
    release(account_id=account, actor=root, reason="Listo")
    next_round(row)
    row.refresh_from_db()
    assert (row.status, row.status_reason) == (State.COMPLETED, Reason.MATCHED)
    assert Transfer.objects.get().pk == key_of(COMPLETED, row.pk)
    assert not Inquiry.objects.exists()
    assert [each.new_status for each in row.events.all()] == [
        "IN_PROGRESS",
        "COMPLETED",
    ]
    assert Record.objects.filter(action="transactions.moved").count() == 1
    assert findings() == []


def test_nothing_of_a_refused_completion_stays_but_what_the_bank_was_asked(
    ana: User, bank: Bank, frozen: None
) -> None:
    row = recorded(ana)
    desk.arrives(bank)
    told = Record.objects.count()
    assert asked(row).status == State.IN_PROGRESS
    row.refresh_from_db()
    assert (row.candidates, row.details, row.completed_at) == ([], None, None)
    assert row.events.count() == 1
    assert not BankCredit.objects.exists()
    assert not Transfer.objects.exists()
    assert Record.objects.count() == told
    assert BankQuestion.objects.filter(subject=row.pk, outcome="FOUND").exists()


def test_it_is_asked_about_again_within_two_minutes(
    ana: User, bank: Bank, frozen: None
) -> None:
    row = recorded(ana)
    desk.arrives(bank)
    asked(row)
    soon = Now() + timedelta(minutes=2)
    waiting = Inquiry.objects.get(due_at__gt=Now(), due_at__lt=soon)
    assert (waiting.lease, waiting.leased_until) == (None, None)
    assert waiting.last_answer_at is not None


@pytest.mark.parametrize("refusal", [AccountFrozen, PeriodClosed, BalanceTooLarge])
def test_what_another_hour_may_grant_is_tried_for_ever(
    ana: User, bank: Bank, refused: Any, refusal: Any
) -> None:
    refused(refusal())
    row = recorded(ana)
    desk.arrives(bank)
    for _ in range(MOST_ATTEMPTS + 1):
        next_round(row)
    assert bury_poison() == 0
    assert Inquiry.objects.get().last_error == refusal.code


def test_a_claim_whose_key_was_taken_is_buried_and_says_why(
    ana: User, root: User, bank: Bank
) -> None:
    row = recorded(ana)
    take_key_of(row)
    desk.arrives(bank)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        next_round(row)
        assert Inquiry.objects.get().attempts == attempt
    assert bury_poison() == 1
    assert Inquiry.objects.dead().get().last_error == "POSTING_KEY_REUSED"
    row.refresh_from_db()
    assert row.status == State.IN_PROGRESS
    assert not BankCredit.objects.exists()
    replay_dead_letter(actor=root, transaction_id=row.pk)
    next_round(row)
    assert Inquiry.objects.get().attempts == 1


def test_what_no_hour_grants_is_no_bug_of_the_askers(
    ana: User, bank: Bank, refused: Any
) -> None:
    refused(UnpostableAmount())
    row = recorded(ana)
    desk.arrives(bank)
    assert asked(row).status == State.IN_PROGRESS
    waiting = Inquiry.objects.get()
    assert (waiting.attempts, waiting.last_error) == (1, "UNPOSTABLE_AMOUNT")


def test_an_error_of_ours_still_rises(ana: User, bank: Bank, refused: Any) -> None:
    refused(ZeroDivisionError())
    row = recorded(ana)
    desk.arrives(bank)
    with pytest.raises(ZeroDivisionError):
        asked(row)


def test_the_bank_that_could_not_be_asked_is_back_though_the_books_are_not(
    ana: User, bank: Bank, frozen: None
) -> None:
    row = recorded(ana)
    desk.arrives(bank)
    with staged():
        Transaction.objects.update(
            status=State.UNKNOWN, status_reason=Reason.BANK_UNREACHABLE
        )
    found = asked(row)
    assert (found.status, found.status_reason) == (State.IN_PROGRESS, Reason.BANK_BACK)


def test_nobody_reads_that_the_bank_does_not_show_what_it_shows(
    ana: User, bank: Bank, frozen: None
) -> None:
    row = recorded(ana)
    assert asked(row).status_reason == Reason.NOT_SEEN_YET
    desk.arrives(bank)
    hour_comes()
    assert asked(row).status_reason == Reason.RECORDED


def test_who_records_meanwhile_is_told_that_it_is_in_progress(
    api: Any, ana: User, root: User, bank: Bank, frozen: None
) -> None:
    body = mobile()
    arrives(bank, body)
    first = post_it(api, ana, body, **{"Idempotency-Key": "caja-1"})
    assert (first.status_code, first.json()["status"]) == (201, "IN_PROGRESS")
    again = post_it(api, ana, body, **{"Idempotency-Key": "caja-1"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    unkeyed = post_it(api, ana, body)
    assert unkeyed.json()["error"]["code"] == "DUPLICATE_REFERENCE"


def test_who_looks_or_asks_meanwhile_and_afterwards(
    api: Any, ana: User, root: User, bank: Bank, frozen: None
) -> None:
    body = mobile()
    arrives(bank, body)
    name = f"{TRANSACTIONS}/{post_it(api, ana, body).json()['id']}"
    hour_comes()
    assert api(ana).post(f"{name}/refresh").status_code == 202
    assert api(ana).get(f"{name}/status").json()["status"] == "IN_PROGRESS"
    release(account_id=TRANSIT, actor=root, reason="Listo")
    hour_comes()
    assert api(ana).post(f"{name}/refresh").json()["status"] == "COMPLETED"


def test_who_approves_meanwhile_is_told_and_nothing_changes(
    api: Any, ana: User, ruben: User, root: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    freeze(account_id=TRANSIT, actor=root, reason="Auditoría")
    name, client = f"{TRANSACTIONS}/{row.pk}/approve", api(ruben)
    before, told = row.version, Record.objects.count()
    why, once = {"reason": "Visto"}, {"Idempotency-Key": "revisor-1"}
    refused = client.post(name, why, format="json", headers=once)
    assert refused.status_code == 422
    assert refused.json()["error"]["code"] == "ACCOUNT_FROZEN"
    row.refresh_from_db()
    assert (row.status, row.version, row.decided_by) == ("TO_REVIEW", before, None)
    assert Record.objects.count() == told
    assert not BankCredit.objects.exists()
    release(account_id=TRANSIT, actor=root, reason="Listo")
    granted = client.post(name, why, format="json", headers=once)
    assert granted.json()["status"] == "COMPLETED"
    assert Transfer.objects.count() == 1


def test_who_approves_what_has_lost_its_key_is_told(
    api: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    take_key_of(row)
    name = f"{TRANSACTIONS}/{row.pk}/approve"
    refused = api(ruben).post(name, {"reason": "Visto"}, format="json")
    assert refused.json()["error"]["code"] == "POSTING_KEY_REUSED"
    row.refresh_from_db()
    assert row.status == State.TO_REVIEW
