"""Twelve days the demo's clinic has behind it.

The services write today, with the database's own clock; a past cannot be lived through
them, and history cannot be changed afterwards. So the rows of the past are written
here as the services would have left them. Nothing but the demo uses this.
"""

from datetime import datetime, timedelta
from random import Random

from django.conf import settings

from accounts.models import SYSTEM_ID, User
from areamedica.clock import caracas_day
from audit.actions import Action
from audit.models import Record
from audit.services import Event, row_of
from banking.gateways.base import Direction, Found, Movement
from banking.references import tail
from transactions.books import book
from transactions.demo.clinic import Ending, Visit
from transactions.models import (
    BankCredit,
    Inquiry,
    Transaction,
    TransactionEvent,
    note_columns,
)
from transactions.services.submit import draft
from transactions.services.verify import as_json, claimed_by
from transactions.states import ActorType, Reason, State
from transactions.verdict import Verdict, verdict

_DECIDED = {
    Ending.APPROVED: (State.COMPLETED, Reason.APPROVED, "Diferencia de un céntimo"),
    Ending.REJECTED: (State.CANCELED, Reason.REJECTED, "Falta parte del pago"),
}


def live_through(
    visit: Visit,
    *,
    author: User,
    reviewer: User,
    at: datetime,
    now: datetime,
    dice: Random,
) -> None:
    """Write one visit of the past: row, history, journal, and the credit it used."""
    transaction = draft(visit.claim(caracas_day(at)), author=author, now=at)
    found = verdict(claimed_by(transaction), Found(_shown(visit, at), "mobile.manual"))
    transaction.created_at = transaction.updated_at = at
    transaction.candidates = [as_json(each) for each in found.candidates]
    if found.chosen:
        chosen = as_json(found.chosen)
        transaction.details = found.chosen.movement.raw
        transaction.comparison = chosen["facts"]
    steps = _steps(
        visit, found, author=author, reviewer=reviewer, at=at, now=now, dice=dice
    )
    for _, to, reason, *_rest in steps:
        transaction.status, transaction.status_reason = to, reason
    _complete(transaction, found, at=steps[-1][0], reviewer=reviewer, visit=visit)
    transaction.version = len(steps)
    transaction.save(force_insert=True)
    _history(transaction, steps)
    if transaction.status == State.COMPLETED:
        _use(transaction, found, at=steps[-1][0])
        book(transaction.confirmed())
    if transaction.status == State.IN_PROGRESS:
        Inquiry.objects.create(
            transaction=transaction,
            created_at=at,
            deadline_at=at + timedelta(hours=settings.NOT_SEEN_DEADLINE_HOURS),
        )


def _shown(visit: Visit, at: datetime) -> tuple[Movement, ...]:
    day = caracas_day(at)
    account = f"{visit.phone[:4]}************{visit.phone[-4:]}"
    return tuple(
        Movement(
            reference=str(int(tail(visit.reference))),
            amount=amount,
            currency="VES",
            day=day,
            hour=None,
            direction=Direction.CREDIT,
            account=account,
            concept="Banesco Pago Movil",
            beneficiary=str(settings.BANESCO["RIF"]),
            raw={
                "referenceNumber": str(int(tail(visit.reference))),
                "amount": float(amount),
                "currencyCode": "Bs",
                "accountId": account,
                "trnDate": day.isoformat(),
                "sourceBankId": "134",
                "concept": "Banesco Pago Movil",
                "trnType": "CR",
            },
        )
        for amount in visit.shown_amounts()
    )


Step = tuple[datetime, State, Reason, User | None, str]


def _steps(
    visit: Visit,
    found: Verdict,
    *,
    author: User,
    reviewer: User,
    at: datetime,
    now: datetime,
    dice: Random,
) -> list[Step]:
    """(when, to, why, who or None for the system, note), oldest first."""
    steps: list[Step] = [(at, State.IN_PROGRESS, Reason.RECORDED, author, "")]
    later = at + timedelta(seconds=dice.randint(1, 900))
    waited = timedelta(hours=settings.NOT_SEEN_DEADLINE_HOURS)
    if visit.ending is Ending.WITHDRAWN:
        steps.append((later, State.CANCELED, Reason.WITHDRAWN, author, "Pagó en punto"))
    elif found.to is not None:
        steps.append((later, found.to, found.reason, None, ""))
    elif at < now - waited:
        steps.append((at + waited, State.TO_REVIEW, Reason.NOT_SEEN, None, ""))
    decided = _DECIDED.get(visit.ending)
    if decided and found.to == State.TO_REVIEW:
        to, reason, note = decided
        steps.append((later + timedelta(minutes=25), to, reason, reviewer, note))
    return steps


def _complete(
    transaction: Transaction,
    found: Verdict,
    *,
    at: datetime,
    reviewer: User,
    visit: Visit,
) -> None:
    transaction.updated_at = at
    if transaction.status == State.COMPLETED and found.chosen:
        transaction.completed_at = at
        transaction.amount = found.chosen.movement.amount
    if visit.ending in _DECIDED:
        transaction.decided_by = reviewer


def _history(transaction: Transaction, steps: list[Step]) -> None:
    was = ""
    recorded: dict[str, object] = {
        "type": transaction.type,
        "amount": transaction.claimed_amount,
        "currency": transaction.currency,
    }
    for version, (at, to, reason, who, note) in enumerate(steps, start=1):
        TransactionEvent.objects.create(
            transaction=transaction,
            old_status=was,
            new_status=to,
            reason=reason,
            **note_columns(transaction.pk, note),
            actor_type=ActorType.USER if who else ActorType.SYSTEM,
            actor_id=who.pk if who else SYSTEM_ID,
            created_at=at,
        )
        moved: dict[str, object] = {
            "schema": 2,
            "was": was,
            "became": to,
            "reason": reason,
            "amount": transaction.amount,
        }
        event = Event(
            action=Action.TRANSACTION_MOVED if was else Action.TRANSACTION_RECORDED,
            actor_id=who.pk if who else SYSTEM_ID,
            subject=("transaction", transaction.pk),
            facts=moved if was else recorded,
            version=version,
        )
        Record.objects.create(at=at, **row_of(event))
        was = to


def _use(transaction: Transaction, found: Verdict, *, at: datetime) -> None:
    assert found.chosen is not None
    movement = found.chosen.movement
    BankCredit.objects.create(
        account=str(settings.BANESCO["ACCOUNT_ID"]),
        shown_account=movement.account,
        tail=tail(movement.reference).zfill(6),
        day=movement.day,
        amount=movement.amount,
        currency=movement.currency,
        reference=movement.reference,
        transaction=transaction,
        created_at=at,
    )
