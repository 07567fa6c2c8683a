"""Forget a person: one asks, another carries it out (FTX-7, FTX-8).

What is kept and why stands in docs/privacy.md.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from accounts.services.people import forget
from areamedica.api.models import StoredAnswer
from areamedica.permissions import Permission
from audit.actions import Action
from audit.errors import OwnRequest, RequestClosed, RequestNotFound
from audit.law import shredding
from audit.models import SubjectKey
from audit.services import record
from banking.privacy import forget_answers, is_being_asked, without_the_payer
from transactions.errors import (
    BankBeingAsked,
    ClaimsOpen,
    NothingHeld,
)
from transactions.models import ErasureRequest, Ground, Outcome, Transaction
from transactions.models.event import TransactionEvent
from transactions.services.subjects import Subject, subject_of
from transactions.states import FINAL

# Names, so that every language says them in its own words (`templates/privacy`).
KEPT = ("money", "reference", "credit", "books", "journal", "backups")


@atomic
def request_erasure(
    *, actor: User, document: str, phone: str, ground: Ground, why: str
) -> ErasureRequest:
    """Write down who is to be forgotten and why; nothing is erased yet.

    :raises Forbidden: :raises NobodyNamed: :raises SeveralPeople: see `subject_of`.
    :raises NothingHeld: there is nothing to forget.
    """
    actor.demand(Permission.PRIVACY_MANAGE)
    subject = subject_of(document=document, phone=phone)
    if not subject.claims().exists() and not subject.accounts().exists():
        raise NothingHeld
    request = ErasureRequest.objects.create(
        document=subject.document,
        phone=subject.phone,
        ground=ground,
        why=why,
        requested_by=actor,
    )
    _journal(Action.ERASURE_ASKED, request, actor, ground=ground)
    return request


@atomic
def withdraw_erasure(*, request_id: UUID, actor: User) -> None:
    """Close a request without erasing; it no longer names the person.

    :raises Forbidden: :raises RequestNotFound: :raises RequestClosed:
    """
    request = _open(request_id, actor)
    _close(request, Outcome.WITHDRAWN, actor)
    _journal(Action.ERASURE_WITHDRAWN, request, actor)


@atomic
def carry_out(*, request_id: UUID, actor: User) -> ErasureRequest:
    """Destroy the keys and blank the rows of the person; what was done is the answer.

    :raises Forbidden: :raises RequestNotFound: :raises RequestClosed:
    :raises OwnRequest: he asked for it himself.
    :raises ClaimsOpen: a transaction of the person is not decided yet.
    :raises BankBeingAsked: an answer about the person may still come in.
    """
    request = _open(request_id, actor)
    if request.requested_by_id == actor.pk:
        raise OwnRequest
    subject = Subject(request.document, request.phone)
    claims = _closed_claims(subject)
    request.answer = {
        **_forget_claims(claims),
        "accounts": forget(actor=actor, users=subject.accounts()),
        "of_others": subject.of_others().count(),
        "kept": list(KEPT),
    }
    _close(request, Outcome.ERASED, actor)
    _journal(Action.SUBJECT_ERASED, request, actor, **request.answer)
    return request


def _open(request_id: UUID, actor: User) -> ErasureRequest:
    """The request, locked. :raises Forbidden: :raises RequestNotFound: …Closed:"""
    actor.demand(Permission.PRIVACY_MANAGE)
    locked = ErasureRequest.objects.select_for_update(of=("self",))
    request = locked.filter(pk=request_id).first()
    if request is None:
        raise RequestNotFound
    if request.outcome != Outcome.OPEN:
        raise RequestClosed
    return request


def _closed_claims(subject: Subject) -> list[Transaction]:
    """Every claim, locked in the one order. :raises ClaimsOpen: …BankBeingAsked:"""
    claims = list(subject.claims().order_by("pk").select_for_update(of=("self",)))
    undecided = sum(claim.status not in FINAL for claim in claims)
    if undecided:
        raise ClaimsOpen(open=undecided)
    if is_being_asked([claim.pk for claim in claims]):
        raise BankBeingAsked
    return claims


def _forget_claims(claims: Sequence[Transaction]) -> dict[str, object]:
    """How many rows of each kind were blanked."""
    names = [claim.pk for claim in claims]
    for claim in claims:
        _blank(claim)
    notes = TransactionEvent.objects.filter(transaction__in=names)
    keys = SubjectKey.objects.filter(pk__in=notes.values("note_key"))
    return {
        "transactions": len(claims),
        "keys": shredding.destroy(keys.values_list("pk", flat=True)),
        "questions": forget_answers(names),
        "answers": _forget_stored_answers(names),
    }


def _blank(claim: Transaction) -> None:
    """Keep the money: amount, day, the bank's reference, who decided."""
    claim.customer_full_name = claim.customer_phone = claim.customer_document = ""
    claim.payer_phone = claim.concept = ""
    claim.metadata, claim.candidates, claim.comparison = {}, [], []
    if claim.details is not None:
        claim.details = without_the_payer(claim.details)
    # That this money is used once is the bank credit's to say from here.
    claim.claim_key = f"erased|{claim.pk}"
    claim.search_text = claim.words_to_find_it()
    claim.updated_at = Now()
    claim.save()


def _forget_stored_answers(names: Sequence[UUID]) -> int:
    """Delete what was answered about them under idempotency keys."""
    if not names:
        return 0
    told = StoredAnswer.objects.filter(body__regex="|".join(map(str, names)))
    deleted, _ = told.delete()
    return deleted


def _close(request: ErasureRequest, outcome: Outcome, actor: User) -> None:
    request.document = request.phone = request.why = ""
    request.outcome, request.closed_by, request.closed_at = outcome, actor, Now()
    request.save()


def _journal(
    action: Action, request: ErasureRequest, actor: User, **facts: object
) -> None:
    record(action, actor_id=actor.pk, subject=("erasure", request.pk), facts=facts)
