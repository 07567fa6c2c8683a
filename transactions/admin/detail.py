"""The page of one transaction: what it shows and which buttons this person gets."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404
from django.urls import reverse

from accounts.models import User
from accounts.services.access import note_view
from areamedica.permissions import Permission
from banking.evidence import trace
from banking.models import BankQuestion
from ledger.models import Transfer
from transactions.admin import comparison, reasons
from transactions.admin.columns import Credit
from transactions.admin.others import twins_of
from transactions.books import COMPLETED, key_of
from transactions.models import Inquiry, Transaction
from transactions.policies import has_clean_hands, may_withdraw
from transactions.states import OPEN, State

_PEOPLE = ("created_by", "corrected_by", "first_approver", "decided_by")
_EVENTS_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class Buttons:
    """What this person may press on this transaction now."""

    ask: bool
    withdraw: bool
    decide: bool
    is_own: bool
    was_first: bool
    needs_second: bool
    evidence: bool


def find(pk: UUID) -> Transaction:
    """:raises Http404: there is none, or somebody deleted it."""
    rows = Transaction.objects.present().select_related(*_PEOPLE)
    transaction = rows.filter(pk=pk).first()
    if transaction is None:
        raise Http404
    return transaction


def look_at(pk: UUID, *, actor: User) -> Transaction:
    """As `find`, for whoever will read all of it; journaled."""
    transaction = find(pk)
    note_view(actor_id=actor.pk, subject=("transaction", pk))
    return transaction


def buttons_for(actor: User, transaction: Transaction, found: list[Credit]) -> Buttons:
    is_open = transaction.status in OPEN
    in_review = transaction.status == State.TO_REVIEW
    reviews = actor.can(Permission.TRANSACTION_REVIEW)
    is_own = not has_clean_hands(actor, transaction)
    return Buttons(
        ask=is_open and actor.can(Permission.TRANSACTION_UPDATE),
        withdraw=is_open and may_withdraw(actor, transaction),
        decide=in_review and reviews and not is_own,
        is_own=in_review and reviews and is_own,
        was_first=in_review and transaction.first_approver_id == actor.pk,
        needs_second=in_review and _is_large(found),
        evidence=actor.can(Permission.BANK_MANAGE),
    )


def _is_large(found: list[Credit]) -> bool:
    limit = settings.REVIEW_SECOND_PERSON_ABOVE
    return limit is not None and any(credit.amount > limit for credit in found)


def version(transaction: Transaction, inquiry: Inquiry | None) -> str:
    """Changes whenever the page would look different."""
    asked = inquiry.asked_at.timestamp() if inquiry and inquiry.asked_at else 0
    return f"{transaction.updated_at.timestamp():.6f}-{asked:.6f}"


def inquiry_of(transaction: Transaction) -> Inquiry | None:
    return Inquiry.objects.filter(pk=transaction.pk).first()


def context_of(transaction: Transaction, *, actor: User) -> dict[str, Any]:
    """Everything the page and its live part draw; a fixed number of questions."""
    found = comparison.credits_of(transaction)
    inquiry = inquiry_of(transaction)
    events = transaction.events.select_related("actor", "note_key").order_by("-id")
    return {
        "transaction": transaction,
        "entry": entry_of(transaction),
        "credits": found,
        "lines": comparison.lines_of(transaction, found),
        "twins": list(twins_of(transaction)),
        "can": buttons_for(actor, transaction, found),
        "inquiry": inquiry,
        "is_waiting": transaction.status in OPEN,
        "version": version(transaction, inquiry),
        "events": list(events[:_EVENTS_SHOWN]),
        "questions": questions_about(transaction, actor=actor),
        "second_above": settings.REVIEW_SECOND_PERSON_ABOVE,
        "may_record": actor.can(Permission.TRANSACTION_CREATE),
        "may_read_books": actor.can(Permission.LEDGER_READ),
        "may_read_journal": actor.can(Permission.AUDIT_READ),
        "live_url": reverse("admin:transactions_live", args=[transaction.pk]),
        "withdraw_reasons": reasons.WITHDRAW,
    }


def entry_of(transaction: Transaction) -> Transfer | None:
    """How the books hold it, once it is completed."""
    if transaction.status != State.COMPLETED:
        return None
    entries = Transfer.objects.select_related("debit", "credit")
    return entries.filter(pk=key_of(COMPLETED, transaction.pk)).first()


def questions_about(
    transaction: Transaction, *, actor: User
) -> list[tuple[BankQuestion, str]]:
    """The questions to the bank, the latest first; redacted answers for reviewers."""
    sees_answers = actor.can(Permission.TRANSACTION_REVIEW) or actor.can(
        Permission.BANK_MANAGE
    )
    asked = BankQuestion.objects.about(str(transaction.pk)).reverse()[:_EVENTS_SHOWN]
    return [(each, _readable(each) if sees_answers else "") for each in asked]


def _readable(asked: BankQuestion) -> str:
    seen = trace(asked)
    told = {"request": seen["request"], "answer": seen["answer"]}
    return json.dumps(told, indent=2, ensure_ascii=False)
