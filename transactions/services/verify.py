"""Ask the bank about one transaction and act on what it says.

The message is a hint, the row is the truth: every function here may run twice, late, or
never finish, and nothing is lost or doubled (product.md, rule 4).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random, SystemRandom
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Greatest, Now
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID
from areamedica.database import outside_transaction, violated
from areamedica.errors import Refusal
from audit.actions import Action
from audit.services import record
from banking.gateways.base import (
    Answer,
    BankUnavailable,
    Malformed,
    Modality,
    Patience,
    Question,
    Trouble,
)
from banking.institutions import BANESCO
from banking.references import tail
from banking.services import find_payment
from transactions import schedule
from transactions.books import LASTING, PASSING
from transactions.models import BankCredit, Inquiry, Transaction
from transactions.models.transaction import carrying_on
from transactions.states import OPEN, Reason, State
from transactions.verdict import Candidate, Claimed, Verdict, verdict

log = structlog.get_logger("transactions.verify")

DICE: Random = SystemRandom()


@dataclass(frozen=True)
class Lease:
    """The right to ask about one transaction, until it runs out."""

    token: UUID
    transaction: Transaction
    rounds: int


def take_lease(transaction_id: UUID, *, is_urgent: bool) -> Lease | None:
    """Take the right to ask; None when it is not due, taken, buried or decided."""
    token = uuid4()
    rounds = Inquiry.objects.lease(transaction_id, token=token, early=is_urgent)
    if rounds is None:
        return None
    # A statement of its own: it sees what was corrected while the lease was waited for.
    return Lease(token, Transaction.objects.get(pk=transaction_id), rounds)


def question_about(transaction: Transaction, *, rounds: int) -> Question:
    """The claim as the port of the banks wants to hear it."""
    return Question(
        subject=str(transaction.pk),
        public_id=transaction.transaction_id,
        modality=Modality(transaction.type),
        reference=transaction.reference,
        payer_bank=transaction.bank_code or BANESCO,
        day=transaction.asked_day,
        payer_phone=transaction.payer_phone,
        amount=transaction.claimed_amount,
        asked_before=rounds,
    )


def claimed_by(transaction: Transaction) -> Claimed:
    """The claim as the verdict compares it."""
    return Claimed(
        reference=transaction.reference,
        currency=transaction.currency,
        amount=transaction.claimed_amount,
        day=transaction.operation_date,
    )


def ask_bank(
    *, transaction_id: UUID, patience: Patience, is_urgent: bool = False
) -> BankUnavailable | None:
    """Ask once and settle what comes of it; with no transaction open meanwhile.

    Returns the bank's silence, if that is what came, for callers who must say when to
    try again. `is_urgent` asks before the schedule's hour.
    """
    outside_transaction()
    lease = take_lease(transaction_id, is_urgent=is_urgent)
    if lease is None:
        return None
    try:
        answer = find_payment(
            question_about(lease.transaction, rounds=lease.rounds), patience=patience
        )
    except BankUnavailable as silence:
        with carrying_on(transaction_id):
            settle_silence(lease, silence)
        return silence
    with carrying_on(transaction_id):
        settle(lease, answer)
    return None


def ask_if_useful(*, transaction_id: UUID) -> None:
    """Ask for a person who looks, unless that was done moments ago."""
    if Inquiry.objects.worth_asking().filter(pk=transaction_id).exists():
        ask_bank(transaction_id=transaction_id, patience=Patience.QUICK, is_urgent=True)


def settle(lease: Lease, answer: Answer) -> None:
    """Act on the bank's answer; if the books do not take what it completes, wait.

    Their refusal is no news for whoever records, decides or asks: the money did arrive.
    """
    try:
        _act_on(lease, answer)
    except (*PASSING, *LASTING) as refusal:
        _wait_for_the_books(lease, refusal)


@atomic
def _act_on(lease: Lease, answer: Answer) -> None:
    """Lock the row, look again, and let the verdict move it.

    :raises Refusal: of the books, and then nothing of all this has happened.
    """
    transaction = _lock_open(lease)
    if transaction is None:
        return
    found = verdict(claimed_by(transaction), answer)
    if found.to is None:
        _wait_on(lease, transaction)
        return
    facts: dict[str, object] = {}
    if isinstance(answer, Malformed):
        facts["bank_code"] = answer.code
    _apply(transaction, _stricter(transaction, found), facts=facts)
    _close(transaction)


def _lock_open(lease: Lease) -> Transaction | None:
    """The locked row while it waits for this very answer; else the answer is late.

    An answer counts for the question it was asked with: who slept past his lease may
    bring one to data that a reviewer has corrected since. Whoever took the lease after
    him asks anew.
    """
    locked = Transaction.objects.select_for_update(of=("self",))
    transaction = locked.get(pk=lease.transaction.pk)
    is_mine = Inquiry.objects.filter(_mine(lease)).exists()
    if transaction.status in OPEN and is_mine:
        return transaction
    record(
        Action.LATE_ANSWER,
        actor_id=SYSTEM_ID,
        subject=("transaction", transaction.pk),
        facts={"status": transaction.status},
    )
    return None


def _stricter(transaction: Transaction, found: Verdict) -> Verdict:
    """The clinic may want a person to see every amount nobody stated (C20)."""
    unstated = transaction.claimed_amount is None
    if found.to == State.COMPLETED and unstated and settings.REVIEW_UNSTATED_AMOUNT:
        return Verdict(
            State.TO_REVIEW, Reason.AMOUNT_UNSTATED, found.candidates, found.chosen
        )
    return found


def as_json(candidate: Candidate) -> dict[str, object]:
    """A bank row as the transaction keeps it for the reviewer."""
    movement = candidate.movement
    return {
        "row": movement.raw,
        "facts": [fact.as_json() for fact in candidate.facts],
        "credit": {
            "shown_account": movement.account,
            "tail": tail(movement.reference).zfill(6),
            "reference": movement.reference,
            "day": movement.day.isoformat(),
            "amount": f"{movement.amount:.2f}",
            "currency": movement.currency,
        },
    }


def _apply(
    transaction: Transaction, found: Verdict, *, facts: dict[str, object]
) -> None:
    assert found.to is not None  # noqa: S101 (settle has asked)
    transaction.candidates = [as_json(each) for each in found.candidates]
    to, reason = found.to, found.reason
    chosen = as_json(found.chosen) if found.chosen else None
    if chosen is not None:
        transaction.details = chosen["row"]
        transaction.comparison = chosen["facts"]
    if chosen is not None and to == State.COMPLETED:
        holder = use_credit(transaction, chosen["credit"])
        if holder is not None:
            to, reason = State.TO_REVIEW, Reason.CREDIT_ALREADY_USED
            facts = {**facts, "paid_transaction": str(holder)}
    transaction.step(
        to,
        reason=reason,
        actor_id=SYSTEM_ID,
        facts=facts,
    )


def use_credit(transaction: Transaction, credit: object) -> UUID | None:
    """Take the bank's credit for this transaction and set what completes it.

    The unique constraint decides, also between two workers. Returns None when the
    credit is now this transaction's, else the transaction that has it.
    """
    assert isinstance(credit, dict)  # noqa: S101 (as_json made it)
    key = {
        "account": settings.BANESCO["ACCOUNT_ID"],
        "shown_account": credit["shown_account"],
        "tail": credit["tail"],
        "day": date.fromisoformat(credit["day"]),
        "amount": Decimal(credit["amount"]),
        "currency": credit["currency"],
    }
    try:
        with atomic():
            BankCredit.objects.create(
                **key, reference=credit["reference"], transaction=transaction
            )
    except IntegrityError as error:
        if violated(error) != "bank_credit_pays_once":
            raise
        return BankCredit.objects.values_list("transaction_id", flat=True).get(**key)
    transaction.amount = Decimal(credit["amount"])
    transaction.completed_at = Now()
    return None


def _close(transaction: Transaction) -> None:
    """No more asking: the intent has been fulfilled or a person has it."""
    Inquiry.objects.filter(pk=transaction.pk).delete()


def _mine(lease: Lease) -> Q:
    """The inquiry, while the lease is still this asker's.

    A worker that slept past its lease must not push back the hour of the next one.
    """
    return Q(pk=lease.transaction.pk, lease=lease.token)


def _is_overdue(transaction: Transaction) -> bool:
    passed = Inquiry.objects.filter(pk=transaction.pk, deadline_at__lte=Now())
    return passed.exists()


def _wait_on(lease: Lease, transaction: Transaction) -> None:
    """The bank answered "not yet"."""
    if _is_overdue(transaction):
        _end_the_wait(transaction, has_missed=True)
        return
    _go_on_asking(transaction, because=Reason.NOT_SEEN_YET)
    Inquiry.objects.filter(_mine(lease)).update(
        due_at=Now() + schedule.after_missing(lease.rounds + 1, DICE),
        rounds=F("rounds") + 1,
        last_answer_at=Now(),
        last_error="",
        **_ENDED,
    )


def _go_on_asking(transaction: Transaction, *, because: Reason) -> None:
    """The bank has answered, and the claim is still open."""
    if transaction.status == State.UNKNOWN:
        transaction.step(
            State.IN_PROGRESS,
            reason=Reason.BANK_BACK,
            actor_id=SYSTEM_ID,
        )
    else:
        transaction.explain(because)


_ENDED = {
    "asked_at": Now(),
    "lease": None,
    "leased_until": None,
    "attempts": 0,
    "rung_at": None,
}


@atomic
def _wait_for_the_books(lease: Lease, refusal: Refusal) -> None:
    """The bank shows the money and the books do not take it: ask again in a while.

    What waiting does not mend counts as an attempt that failed, so that in the end it
    is buried where a person sees why. Of what may pass no number of tries is too many.
    """
    log.warning(
        "books_refused", transaction=str(lease.transaction.pk), code=refusal.code
    )
    transaction = _lock_open(lease)
    if transaction is None:
        return
    # Not that the bank does not show it yet: a cashier would tell the patient so.
    _go_on_asking(transaction, because=Reason.RECORDED)
    ended = {**_ENDED, "last_answer_at": Now(), "last_error": refusal.code}
    if isinstance(refusal, LASTING):
        del ended["attempts"]
    Inquiry.objects.filter(_mine(lease)).update(
        due_at=Now() + schedule.after_refusal(DICE), **ended
    )


# Our own limits say nothing about the bank.
_OURS = frozenset({Trouble.BUDGET_SPENT, Trouble.BUSY})


@atomic
def settle_silence(lease: Lease, silence: BankUnavailable) -> None:
    """No answer: wait, and after a while say that the bank cannot be asked."""
    transaction = _lock_open(lease)
    if transaction is None:
        return
    if silence.trouble not in _OURS:
        if _is_overdue(transaction):
            _end_the_wait(transaction, has_missed=False)
            return
        _say_unreachable(transaction, silence.trouble)
    Inquiry.objects.filter(_mine(lease)).update(
        due_at=_asked_next(silence.trouble, silence.retry_at),
        last_error=silence.trouble.value,
        **_ENDED,
    )


def _asked_next(trouble: Trouble, retry_at: datetime | None) -> object:
    if retry_at is not None:
        soon = Now() + schedule.spread(DICE)
        later = Value(retry_at + schedule.spread(DICE))
        return Greatest(soon, later)
    if trouble in _OURS:
        return Now() + schedule.spread(DICE)
    return Now() + schedule.after_silence(DICE)


def _say_unreachable(transaction: Transaction, trouble: Trouble) -> None:
    patience = timedelta(minutes=settings.UNKNOWN_AFTER_MINUTES)
    silent = Inquiry.objects.annotate(heard=Coalesce("last_answer_at", "created_at"))
    if transaction.status == State.IN_PROGRESS and (
        silent.filter(pk=transaction.pk, heard__lt=Now() - patience).exists()
    ):
        transaction.step(
            State.UNKNOWN,
            reason=Reason.BANK_UNREACHABLE,
            actor_id=SYSTEM_ID,
            facts={"trouble": trouble.value},
        )


def _end_the_wait(transaction: Transaction, *, has_missed: bool) -> None:
    """The deadline: a person looks, or the clinic's setting cancels (C33).

    Only the bank's own "not there" may cancel; its silence never does.
    """
    cancel = settings.NOT_SEEN_ACTION == "cancel" and has_missed
    transaction.step(
        State.CANCELED if cancel else State.TO_REVIEW,
        reason=Reason.NOT_SEEN,
        actor_id=SYSTEM_ID,
    )
    _close(transaction)
