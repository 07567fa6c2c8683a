"""What a cashier means by what she types into the search box."""

import re
from typing import TYPE_CHECKING, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from transactions.admin.amounts import parse_typed
from transactions.models import Transaction

if TYPE_CHECKING:
    from transactions.models import TransactionQuerySet

# "0414-123.45.67", "V-12.345.678": one number, whatever stands between its digits.
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[-. ](?=[0-9])")
_AFTER_LETTER = re.compile(r"\b([VEJGPC])-(?=[0-9])", re.IGNORECASE)
_CENTS = re.compile(r"(?:Bs\.?\s*)?[0-9][0-9.,]*[.,][0-9]{2}", re.IGNORECASE)


def search(rows: QuerySet[Transaction], typed: str) -> QuerySet[Transaction]:
    """By amount when cents are typed, else by last digits, name, document or phone."""
    typed = typed.strip()
    if not typed:
        return rows
    if _CENTS.fullmatch(typed):
        try:
            return rows.filter(amount=parse_typed(typed))
        except ValidationError:
            pass
    return cast("TransactionQuerySet", rows).matching(joined(typed))


def joined(typed: str) -> str:
    """A document or a phone without what people write between its digits."""
    return _AFTER_LETTER.sub(r"\1", _BETWEEN_DIGITS.sub("", typed.strip()))
