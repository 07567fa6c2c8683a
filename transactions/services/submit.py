"""Record what a patient claims: once per client id, once per money."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from areamedica.clock import caracas_day
from areamedica.database import violated
from areamedica.money import BOLIVAR
from audit.actions import Action
from banking.institutions import BANESCO
from banking.references import canonical, tail
from transactions.errors import DuplicateReference, TransactionIdReused
from transactions.models import Inquiry, Transaction
from transactions.outbox import ring_soon
from transactions.states import ErdBank, Reason, State, Type

# The web process that records asks at once; should it die, the sweep asks after this.
_LEFT_TO_THE_RECORDER = timedelta(seconds=15)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What somebody types, in normal form: phones `58…`, references digits only.

    `transaction_id` is the client's own id or empty; `operation_date` a Caracas day.
    """

    type: Type
    reference: str
    customer_full_name: str
    customer_phone: str = ""
    customer_document: str = ""
    payer_phone: str = ""
    concept: str = ""
    transaction_id: str = ""
    bank_code: str = ""
    operation_date: date | None = None
    amount: Decimal | None = None
    currency: str = BOLIVAR
    metadata: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Submitted:
    transaction: Transaction
    is_new: bool


def claim_key(transaction: Transaction) -> str:
    """The name of the money: what another claim of the same money would also say.

    A whole reference of Banesco is unique; other banks' repeat over the days, and of a
    pago móvil only six digits are sure.
    """
    bank = transaction.bank_code or BANESCO
    day = transaction.asked_day.isoformat()
    if transaction.type == Type.MOBILE_PAYMENT:
        parts = ["M", bank, day, transaction.payer_phone, tail(transaction.reference)]
    elif bank == BANESCO:
        parts = ["T", bank, canonical(transaction.reference)]
    else:
        parts = ["T", bank, day, canonical(transaction.reference)]
    return "|".join(parts)


def submit(*, author: User, claim: Claim, now: datetime) -> Submitted:
    """Record a claim and the intent to ask the bank about it.

    The same body under a known `transaction_id` is the claim already there; a new
    concept or customer under it is an update while it is open.

    :raises TransactionIdReused: a known `transaction_id` with other money.
    :raises DuplicateReference: the money is claimed already; names that transaction.
    """
    transaction = draft(claim, author=author, now=now)
    try:
        with atomic():
            transaction.save(force_insert=True)
            _remember(transaction, author=author)
    except IntegrityError as error:
        return _refused(error, transaction, claim, author=author)
    return Submitted(transaction, is_new=True)


def _under_the_same_id(claim: Claim) -> Transaction | None:
    if not claim.transaction_id:
        return None
    same = Transaction.objects.select_for_update(of=("self",))
    return same.filter(transaction_id=claim.transaction_id).first()


def draft(claim: Claim, *, author: User, now: datetime) -> Transaction:
    """The row a claim becomes, not saved."""
    mobile = claim.type == Type.MOBILE_PAYMENT
    transaction = Transaction(
        transaction_id=claim.transaction_id or f"AM-{uuid4().hex[:12].upper()}",
        type=claim.type,
        bank=ErdBank.MOBILE_TRANSFER if mobile else ErdBank.BANESCO,
        bank_code=claim.bank_code,
        reference=claim.reference,
        customer_full_name=claim.customer_full_name,
        customer_phone=claim.customer_phone,
        customer_document=claim.customer_document,
        payer_phone=claim.payer_phone,
        concept=claim.concept,
        claimed_amount=claim.amount,
        amount=claim.amount,
        currency=claim.currency,
        operation_date=claim.operation_date,
        asked_day=claim.operation_date or caracas_day(now),
        metadata=claim.metadata,
        created_by=author,
        version=1,
    )
    transaction.claim_key = claim_key(transaction)
    transaction.search_text = transaction.words_to_find_it()
    return transaction


def _remember(transaction: Transaction, *, author: User) -> None:
    transaction.tell(
        was=None,
        reason=Reason.RECORDED,
        actor_id=author.pk,
    )
    transaction.journal(
        Action.TRANSACTION_RECORDED,
        actor_id=author.pk,
        facts={
            "type": transaction.type,
            "amount": transaction.claimed_amount,
            "currency": transaction.currency,
        },
    )
    open_inquiry(transaction)


def open_inquiry(transaction: Transaction) -> None:
    """Write the intent to ask the bank; in the caller's database transaction."""
    quick = settings.QUICK_QUESTION_SECONDS > 0
    Inquiry.objects.open(
        transaction,
        first_after=_LEFT_TO_THE_RECORDER if quick else timedelta(),
        give_up=timedelta(hours=settings.NOT_SEEN_DEADLINE_HOURS),
    )
    if not quick:
        ring_soon()


_UNIQUE = {
    "transaction_money_claimed_once",
    "transactions_transaction_transaction_id_key",
}


@atomic
def _refused(
    error: IntegrityError, draft: Transaction, claim: Claim, *, author: User
) -> Submitted:
    """Translate what the database refused: a twin, or the same money.

    Which of the two constraints PostgreSQL names first is chance; the client's own id
    counts first.
    """
    if violated(error) not in _UNIQUE:
        raise error
    known = _under_the_same_id(claim)
    if known is not None:
        return _repeat(known, claim, author=author)
    raise duplicate_of(draft) from error


def duplicate_of(draft: Transaction) -> DuplicateReference:
    """The refusal that names the transaction which claims the same money."""
    living = Transaction.objects.exclude(status=State.CANCELED)
    first = living.filter(claim_key=draft.claim_key).values_list("pk", flat=True)
    return DuplicateReference(
        existing_transaction_id=str(first.first() or ""), reference=draft.reference
    )


def _same_money(known: Transaction, claim: Claim) -> bool:
    return (
        known.type == claim.type
        and canonical(known.reference) == canonical(claim.reference)
        and known.claimed_amount == claim.amount
        and known.currency == claim.currency
        and known.operation_date == claim.operation_date
        and known.bank_code == claim.bank_code
        and known.payer_phone == claim.payer_phone
    )


_DESCRIPTIVE = ("customer_full_name", "customer_phone", "customer_document", "concept")


def _repeat(known: Transaction, claim: Claim, *, author: User) -> Submitted:
    """:raises TransactionIdReused: other money, or a change of what is decided."""
    if known.deleted_at or not _same_money(known, claim):
        raise TransactionIdReused(existing_transaction_id=str(known.pk))
    changed = [
        name for name in _DESCRIPTIVE if getattr(known, name) != getattr(claim, name)
    ]
    if not changed:
        return Submitted(known, is_new=False)
    if known.is_final:
        raise TransactionIdReused(existing_transaction_id=str(known.pk))
    for name in changed:
        setattr(known, name, getattr(claim, name))
    known.search_text = known.words_to_find_it()
    known.updated_at = Now()
    known.version += 1
    known.save(update_fields=[*changed, "search_text", "updated_at", "version"])
    _remember_change(known, changed, author=author)
    known.refresh_from_db()
    return Submitted(known, is_new=False)


def _remember_change(known: Transaction, changed: list[str], *, author: User) -> None:
    facts: dict[str, object] = {"changed": changed}
    known.tell(
        was=State(known.status),
        reason=Reason(known.status_reason),
        actor_id=author.pk,
        facts=facts,
    )
    known.journal(Action.TRANSACTION_CHANGED, actor_id=author.pk, facts=facts)
