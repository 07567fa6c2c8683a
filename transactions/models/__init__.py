"""A claim, its history, the bank's money that pays it, and the intent to ask."""

from transactions.models.credit import BankCredit
from transactions.models.inquiry import Inquiry
from transactions.models.transaction import (
    Transaction,
    TransactionEvent,
    TransactionQuerySet,
)

__all__ = [
    "BankCredit",
    "Inquiry",
    "Transaction",
    "TransactionEvent",
    "TransactionQuerySet",
]
