"""The forms in which Banesco can be asked, as data.

Which fields are sent decides whether anything is found: in QA one field too many makes
the search miss, in production W's certified shape sends them all
(facts/banks-and-front-end.md §2, disagreement 1). So the manual's shape stands first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from banking.gateways.base import Modality, Question
from banking.institutions import BANESCO
from banking.reading import BankModality
from banking.references import tail


class Digits(Enum):
    """How much of the reference is sent."""

    WHOLE = "whole"
    TAIL = "tail"


class Unknown(Enum):
    """What becomes of a field we know nothing for."""

    OMIT = "omit"
    NULL = "null"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """One form of the `transaction` block; `fields` stand beside the reference."""

    name: str
    reference: Digits
    fields: tuple[str, ...]
    unknown: Unknown = Unknown.OMIT


_ALL_FIELDS = ("accountId", "amount", "startDt", "phoneNum", "bankId")

SHAPES: dict[BankModality, tuple[Shape, ...]] = {
    BankModality.MOBILE_PAYMENT: (
        Shape(
            name="mobile.manual",
            reference=Digits.TAIL,
            fields=("amount", "startDt", "phoneNum", "bankId"),
        ),
        Shape(
            name="mobile.full",
            reference=Digits.TAIL,
            fields=_ALL_FIELDS,
            unknown=Unknown.NULL,
        ),
    ),
    BankModality.INTERNAL_TRANSFER: (
        Shape(
            name="internal.manual",
            reference=Digits.WHOLE,
            fields=("accountId", "amount", "bankId"),
        ),
        Shape(
            name="internal.full",
            reference=Digits.WHOLE,
            fields=_ALL_FIELDS,
            unknown=Unknown.NULL,
        ),
    ),
    BankModality.INTERBANK_TRANSFER: (
        Shape(
            name="interbank.manual",
            reference=Digits.TAIL,
            fields=("accountId", "amount", "startDt", "bankId"),
        ),
        Shape(
            name="interbank.full",
            reference=Digits.TAIL,
            fields=_ALL_FIELDS,
            unknown=Unknown.NULL,
        ),
    ),
}


def modality_of(question: Question) -> BankModality:
    """How Banesco searches for it; a transfer from nowhere named is its own."""
    if question.modality is Modality.MOBILE_PAYMENT:
        return BankModality.MOBILE_PAYMENT
    if question.payer_bank in ("", BANESCO):
        return BankModality.INTERNAL_TRANSFER
    return BankModality.INTERBANK_TRANSFER


def shapes_for(question: Question, *, proven: str) -> Sequence[Shape]:
    """The shapes of one round, in order: the one that last matched goes first.

    Once one is proven, the others are tried only from the third round on.
    """
    shapes = SHAPES[modality_of(question)]
    known = [shape for shape in shapes if shape.name == proven]
    if not known:
        return shapes
    others = [shape for shape in shapes if shape.name != proven]
    return known + (others if question.asked_before >= 2 else [])


def fill(shape: Shape, question: Question, *, account: str) -> dict[str, object]:
    """Write the `transaction` block of `question` in this shape."""
    is_tail = shape.reference is Digits.TAIL
    reference = tail(question.reference) if is_tail else question.reference
    known = _known_fields(question, account)
    block: dict[str, object] = {"referenceNumber": reference}
    for field in shape.fields:
        if known[field] is not None or shape.unknown is Unknown.NULL:
            block[field] = known[field]
    return block


def _known_fields(question: Question, account: str) -> dict[str, object]:
    is_transfer = question.modality is Modality.TRANSFER
    bank = question.payer_bank or (BANESCO if is_transfer else None)
    return {
        "accountId": account,
        # A number on the wire, as all integrations send it; the bank ignores it.
        "amount": None if question.amount is None else float(question.amount),
        "startDt": question.day.isoformat(),
        "phoneNum": None if is_transfer else question.payer_phone or None,
        "bankId": bank,
    }
