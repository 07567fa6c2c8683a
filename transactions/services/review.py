"""A person decides: approve, reject, or correct and ask again."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from areamedica.database import violation_means
from areamedica.money import as_written_here
from areamedica.permissions import Permission
from audit.actions import Action
from transactions.errors import (
    ChooseCredit,
    CreditAlreadyUsed,
    InvalidTransition,
    NoBankRecord,
    SecondPersonNeeded,
    SelfDecision,
)
from transactions.models import Transaction
from transactions.policies import has_clean_hands
from transactions.services.submit import claim_key, duplicate_of, open_inquiry
from transactions.services.verify import use_credit
from transactions.states import Reason, State


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What a reviewer sets right; None leaves a field as it is."""

    reference: str | None = None
    amount: Decimal | None = None
    operation_date: date | None = None
    bank_code: str | None = None
    payer_phone: str | None = None

    def changes(self) -> dict[str, object]:
        fields = {
            "reference": self.reference,
            "claimed_amount": self.amount,
            "operation_date": self.operation_date,
            "bank_code": self.bank_code,
            "payer_phone": self.payer_phone,
        }
        return {name: value for name, value in fields.items() if value is not None}


def lock(transaction_id: UUID) -> Transaction:
    """The row, locked until the caller's transaction ends."""
    return Transaction.objects.select_for_update(of=("self",)).get(pk=transaction_id)


def _to_decide(transaction_id: UUID, *, actor: User, wanted: State) -> Transaction:
    """:raises Forbidden: :raises SelfDecision: :raises InvalidTransition:"""
    actor.demand(Permission.TRANSACTION_REVIEW)
    transaction = lock(transaction_id)
    if not has_clean_hands(actor, transaction):
        raise SelfDecision
    if transaction.status != State.TO_REVIEW:
        raise InvalidTransition(now=transaction.status, wanted=wanted.value)
    return transaction


def _credit_to_use(transaction: Transaction, choice: int | None) -> dict[str, object]:
    """The candidate that pays. :raises NoBankRecord: :raises ChooseCredit:"""
    candidates = transaction.candidates
    if not candidates:
        raise NoBankRecord
    if choice is None:
        if len(candidates) > 1:
            raise ChooseCredit(choices=len(candidates))
        choice = 0
    if not 0 <= choice < len(candidates):
        raise ChooseCredit(choices=len(candidates))
    chosen: dict[str, object] = candidates[choice]
    return chosen


@atomic
def approve(
    *, transaction_id: UUID, actor: User, reason: str, credit: int | None = None
) -> Transaction:
    """Accept the bank's credit although it differs from the claim.

    Only money the bank itself has shown is approved (product.md, rule 1); `credit` is
    its place among the candidates. Above the clinic's limit the first approval only
    waits for a second person.

    :raises Forbidden: no reviewer. :raises SelfDecision: his own data.
    :raises InvalidTransition: not in review. :raises NoBankRecord: nothing to accept.
    :raises ChooseCredit: several candidates.
    :raises CreditAlreadyUsed: it pays another.
    :raises SecondPersonNeeded: he was the first of two.
    :raises AccountFrozen: one of the clinic's own; and what else `transactions.books`
        says of `book`: a person waits here, who can try again.
    """
    transaction = _to_decide(transaction_id, actor=actor, wanted=State.COMPLETED)
    chosen = _credit_to_use(transaction, credit)
    if _needs_second(transaction, chosen, actor=actor):
        _first_approval(transaction, chosen, actor=actor, reason=reason)
        return transaction
    holder = use_credit(transaction, chosen["credit"])
    if holder is not None:
        raise CreditAlreadyUsed(paid_transaction_id=str(holder))
    transaction.details = chosen["row"]
    transaction.comparison = chosen["facts"]
    transaction.decided_by = actor
    _decide(transaction, State.COMPLETED, Reason.APPROVED, actor=actor, note=reason)
    return transaction


def _needs_second(
    transaction: Transaction, chosen: dict[str, object], *, actor: User
) -> bool:
    """:raises SecondPersonNeeded: this one has already approved."""
    limit: Decimal | None = settings.REVIEW_SECOND_PERSON_ABOVE
    credit = chosen["credit"]
    assert isinstance(credit, dict)  # noqa: S101 (verify.as_json made it)
    if limit is None or Decimal(credit["amount"]) <= limit:
        return False
    if transaction.first_approver_id is None or transaction.details != chosen["row"]:
        return True  # two persons, and both of the same credit
    if transaction.first_approver_id == actor.pk:
        raise SecondPersonNeeded(limit=as_written_here(limit))
    return False


def _first_approval(
    transaction: Transaction, chosen: dict[str, object], *, actor: User, reason: str
) -> None:
    transaction.first_approver = actor
    transaction.details = chosen["row"]
    transaction.comparison = chosen["facts"]
    transaction.status_reason = Reason.SECOND_APPROVAL
    transaction.updated_at = Now()
    transaction.version += 1
    transaction.save()
    transaction.tell(
        was=State.TO_REVIEW,
        reason=Reason.SECOND_APPROVAL,
        actor_id=actor.pk,
        note=reason,
    )
    transaction.journal(Action.FIRST_APPROVAL, actor_id=actor.pk)
    transaction.refresh_from_db()


def _decide(
    transaction: Transaction, to: State, why: Reason, *, actor: User, note: str
) -> None:
    transaction.step(to, reason=why, actor_id=actor.pk, note=note)
    transaction.refresh_from_db()


@atomic
def reject(*, transaction_id: UUID, actor: User, reason: str) -> Transaction:
    """Refuse the claim for good.

    :raises Forbidden: :raises SelfDecision: :raises InvalidTransition: as `approve`.
    """
    transaction = _to_decide(transaction_id, actor=actor, wanted=State.CANCELED)
    transaction.decided_by = actor
    _decide(transaction, State.CANCELED, Reason.REJECTED, actor=actor, note=reason)
    return transaction


@atomic
def reopen(
    *, transaction_id: UUID, actor: User, reason: str, correction: Correction
) -> Transaction:
    """Set the data right and ask the bank again; an approval given before is void.

    :raises Forbidden: :raises SelfDecision: :raises InvalidTransition: as `approve`.
    :raises DuplicateReference: the corrected money is another transaction's.
    """
    transaction = _to_decide(transaction_id, actor=actor, wanted=State.IN_PROGRESS)
    changes = correction.changes()
    _correct(transaction, changes, actor=actor)
    with violation_means(
        "transaction_money_claimed_once", lambda: duplicate_of(transaction)
    ):
        transaction.step(
            State.IN_PROGRESS,
            reason=Reason.REOPENED,
            actor_id=actor.pk,
            note=reason,
            facts={"corrected": sorted(changes)},
        )
    open_inquiry(transaction)
    transaction.refresh_from_db()
    return transaction


def _correct(
    transaction: Transaction, changes: dict[str, object], *, actor: User
) -> None:
    for name, value in changes.items():
        setattr(transaction, name, value)
    if changes:
        transaction.corrected_by = actor
    transaction.amount = transaction.claimed_amount
    transaction.asked_day = transaction.operation_date or transaction.asked_day
    transaction.claim_key = claim_key(transaction)
    transaction.search_text = transaction.words_to_find_it()
    transaction.first_approver = None
    transaction.details = None
    transaction.candidates = []
    transaction.comparison = []
