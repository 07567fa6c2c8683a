"""How the clinic's events are booked: one rule each, as a table.

A rule's id is part of the key of whatever it books, so that an event is booked once by
a rule, whoever brings it and however often. An id is never reused for another rule.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from django.db.transaction import atomic

from ledger.chart import (
    CUSTOMER_CREDIT,
    IN_TRANSIT,
    UNNAMED_CREDIT,
    account_id,
    code_of,
)
from ledger.errors import (
    AboveCeiling,
    AccountFrozen,
    BalanceTooLarge,
    MalformedPosting,
    OtherCurrency,
    PeriodClosed,
    PostingKeyReused,
    UnknownAccount,
    UnpostableAmount,
)
from ledger.services.accounts import owned_account
from ledger.services.periods import closed_until
from ledger.services.posting import Outcome, Posting, post

# What the books refuse now and may take in a while: an account is released, the months
# have been closed, somebody has moved money on.
PASSING = (AccountFrozen, PeriodClosed, AboveCeiling, BalanceTooLarge)
# What waiting does not mend: a person has to look.
LASTING = (
    PostingKeyReused,
    UnknownAccount,
    OtherCurrency,
    UnpostableAmount,
    MalformedPosting,
)
CAUSE = "transaction"
_CUSTOMERS = UUID("0f7a5f0e-0f5c-5a86-8c39-6d9d9d6c1a02")


@dataclass(frozen=True)
class Rule:
    """`debit`, `credit`: lines of the chart; `unnamed` serves for want of an owner."""

    id: UUID
    code: str
    debit: str
    credit: str
    unnamed: str


COMPLETED = Rule(
    id=UUID("a1b5f3c2-7d0e-4c7a-9f6b-2f8f0f6f3e01"),
    code="payment_confirmed",
    debit=IN_TRANSIT,
    credit=CUSTOMER_CREDIT,
    unnamed=UNNAMED_CREDIT,
)


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """A transaction whose money the bank has shown; amount and day are the bank's."""

    transaction_id: UUID
    amount: Decimal
    currency: str
    day: date
    document: str
    phone: str


def key_of(rule: Rule, transaction_id: UUID) -> UUID:
    """The key of the one transfer that the rule books for the transaction."""
    return uuid5(rule.id, str(transaction_id))


def owner_of(document: str, phone: str) -> UUID | None:
    """Whose credit it is: by document, else by phone; None when both are wanting.

    A pseudonym for the books, not a secret: whoever knows a document can compute it.
    """
    if document:
        return uuid5(_CUSTOMERS, f"document:{document}")
    return uuid5(_CUSTOMERS, f"phone:{phone}") if phone else None


def book(confirmed: Confirmed, *, rule: Rule = COMPLETED) -> Outcome:
    """Book the event, once, whatever has been closed or frozen meanwhile.

    The money did arrive. If its day is closed, it is booked on the first open one and
    the bank's day is kept beside; if the customer's account is frozen, or would be
    above its ceiling, it is booked as unnamed credit and the owner is kept beside. A
    refused try gives its locks back, so the next takes them in the order of all. A
    closing may come between two tries: three are enough for it and a frozen account
    together.

    :raises AccountFrozen: the clinic's own accounts are. And whatever else `post` does
        but for reversals and floors: `PASSING` and `LASTING`.
    """
    posting = posting_of(confirmed, rule=rule)
    for _ in range(2):
        try:
            with atomic():
                return post(posting)
        except PeriodClosed:
            posting = _on_an_open_day(posting, confirmed)
        except (AccountFrozen, AboveCeiling):
            posting = _unnamed(posting, confirmed, rule)
    return post(posting)


def _on_an_open_day(posting: Posting, confirmed: Confirmed) -> Posting:
    until = closed_until() or confirmed.day - timedelta(days=1)
    day = max(until + timedelta(days=1), confirmed.day)
    metadata = {**posting.metadata, "day": confirmed.day.isoformat()}
    return replace(posting, effective=day, metadata=metadata)


def _unnamed(posting: Posting, confirmed: Confirmed, rule: Rule) -> Posting:
    owner_id = owner_of(confirmed.document, confirmed.phone)
    return replace(
        posting,
        credit=account_id(code_of(rule.unnamed, confirmed.currency)),
        metadata={**posting.metadata, "owner": str(owner_id)},
    )


def posting_of(confirmed: Confirmed, *, rule: Rule = COMPLETED) -> Posting:
    """What the rule books; the customer's account is opened if it is not yet."""
    return Posting(
        key=key_of(rule, confirmed.transaction_id),
        debit=account_id(code_of(rule.debit, confirmed.currency)),
        credit=_credit_account(confirmed, rule),
        amount=confirmed.amount,
        currency=confirmed.currency,
        code=rule.code,
        effective=confirmed.day,
        cause=(CAUSE, str(confirmed.transaction_id)),
        metadata={"rule": str(rule.id)},
    )


def credit_code(confirmed: Confirmed, *, rule: Rule = COMPLETED) -> str:
    """The code of the account that is credited, whether it has been opened or not."""
    owner_id = owner_of(confirmed.document, confirmed.phone)
    number = rule.credit if owner_id else rule.unnamed
    return code_of(number, confirmed.currency, owner_id)


def _credit_account(confirmed: Confirmed, rule: Rule) -> UUID:
    owner_id = owner_of(confirmed.document, confirmed.phone)
    if owner_id is None:
        return account_id(credit_code(confirmed, rule=rule))
    return owned_account(
        number=rule.credit, currency=confirmed.currency, owner_id=owner_id
    )
