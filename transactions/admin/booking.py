"""What approving a transaction will book, said before anybody approves; only read."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from ledger.chart import code_of
from ledger.models import Account
from ledger.services.accounts import takes
from ledger.services.periods import closed_until
from transactions.books import COMPLETED, owner_of
from transactions.models import Transaction


@dataclass(frozen=True, kw_only=True)
class Booking:
    """The transfer of one of the bank's credits, as `transactions.books.book` makes it.

    `patient` is None while he has no account; it is opened then. `is_unnamed`: he is
    not known or his account does not take it. `bank_day` is there if the books closed
    it. `is_refused`: an account of the clinic is frozen.
    """

    number: int
    debit: Account
    credit: Account
    patient: Account | None
    is_unnamed: bool
    amount: Decimal
    currency: str
    day: date
    bank_day: date | None
    is_refused: bool


def bookings(transaction: Transaction) -> list[Booking]:
    """One for each credit the bank has shown, in their order; two questions."""
    credits_ = [candidate["credit"] for candidate in transaction.candidates]
    owner = owner_of(transaction.customer_document, transaction.customer_phone)
    wanted = {
        code_of(number, credit["currency"], of)
        for credit in credits_
        for number, of in (
            (COMPLETED.debit, None),
            (COMPLETED.unnamed, None),
            (COMPLETED.credit, None),
            (COMPLETED.credit, owner),
        )
    }
    rows = Account.objects.select_related("balance").filter(code__in=wanted)
    known = {row.code: row for row in rows}
    closed = closed_until() if credits_ else None
    return [
        _booking(place, credit, _owner_code(credit, owner), known, closed)
        for place, credit in enumerate(credits_, start=1)
    ]


def _owner_code(credit: dict[str, Any], owner: UUID | None) -> str:
    return code_of(COMPLETED.credit, credit["currency"], owner) if owner else ""


def _booking(
    number: int,
    credit: dict[str, Any],
    owner_code: str,
    known: dict[str, Account],
    closed: date | None,
) -> Booking:
    currency, day = credit["currency"], date.fromisoformat(credit["day"])
    amount = Decimal(credit["amount"])
    debit = known[code_of(COMPLETED.debit, currency)]
    unnamed = known[code_of(COMPLETED.unnamed, currency)]
    patient = known.get(owner_code)
    is_taken = patient is None or takes(patient.balance, amount)
    is_unnamed = not owner_code or not is_taken
    heading = known[code_of(COMPLETED.credit, currency)]
    is_closed = closed is not None and day <= closed
    return Booking(
        number=number,
        debit=debit,
        credit=unnamed if is_unnamed else patient or heading,
        patient=patient,
        is_unnamed=is_unnamed,
        amount=amount,
        currency=currency,
        day=closed + timedelta(days=1) if closed and is_closed else day,
        bank_day=day if is_closed else None,
        is_refused=debit.balance.is_frozen
        or (is_unnamed and unnamed.balance.is_frozen),
    )
