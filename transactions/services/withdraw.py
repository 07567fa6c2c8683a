"""Take a claim back, or delete it; nothing ever leaves the tables."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from areamedica.permissions import Permission
from audit.actions import Action
from transactions.errors import (
    CompletedIsKept,
    InvalidTransition,
    NotYours,
    SelfDecision,
    TransactionNotFound,
)
from transactions.models import Inquiry, Transaction
from transactions.policies import has_clean_hands, may_withdraw
from transactions.services.review import lock
from transactions.states import OPEN, Reason, State


@atomic
def withdraw(*, transaction_id: UUID, actor: User, reason: str) -> Transaction:
    """Take an open claim back.

    :raises NotYours: neither author nor reviewer.
    :raises InvalidTransition: it no longer waits for the bank.
    """
    transaction = lock(transaction_id)
    if not may_withdraw(actor, transaction):
        raise NotYours
    if transaction.status not in OPEN:
        raise InvalidTransition(now=transaction.status, wanted=State.CANCELED.value)
    _cancel(transaction, Reason.WITHDRAWN, actor=actor, note=reason)
    transaction.refresh_from_db()
    return transaction


def _cancel(transaction: Transaction, why: Reason, *, actor: User, note: str) -> None:
    transaction.step(
        State.CANCELED,
        reason=why,
        actor_id=actor.pk,
        note=note,
    )
    Inquiry.objects.filter(pk=transaction.pk).delete()


@atomic
def delete(*, transaction_ids: Sequence[UUID], actor: User) -> int:
    """Hide transactions, all or none; the number hidden. Open ones are canceled too.

    :raises Forbidden: without the permission. :raises TransactionNotFound: one of them
        does not exist. :raises CompletedIsKept: one of them is completed.
    :raises SelfDecision: one is in review and the actor's own.
    """
    actor.demand(Permission.TRANSACTION_DELETE)
    wanted = set(transaction_ids)
    present = Transaction.objects.present().filter(pk__in=wanted)
    # One order of locks for everybody, so that two bulk deletes never deadlock.
    found = list(present.order_by("pk").select_for_update(of=("self",)))
    if len(found) != len(wanted):
        raise TransactionNotFound
    for transaction in found:
        _hide(transaction, actor=actor)
    return len(found)


def _hide(transaction: Transaction, *, actor: User) -> None:
    if transaction.status == State.COMPLETED:
        raise CompletedIsKept(transaction_id=str(transaction.pk))
    if transaction.status == State.TO_REVIEW and not has_clean_hands(
        actor, transaction
    ):
        raise SelfDecision
    if transaction.status != State.CANCELED:
        _cancel(transaction, Reason.DELETED, actor=actor, note="")
    transaction.deleted_at = transaction.updated_at = Now()
    transaction.version += 1
    transaction.save(update_fields=["deleted_at", "updated_at", "version"])
    transaction.journal(Action.TRANSACTION_DELETED, actor_id=actor.pk)
