"""A claim, its history, the bank's money that pays it, and the intent to ask."""

from transactions.models.credit import BankCredit
from transactions.models.erasure import ErasureRequest, Ground, Outcome
from transactions.models.event import TransactionEvent, note_columns
from transactions.models.inquiry import Inquiry
from transactions.models.transaction import Transaction, TransactionQuerySet

__all__ = [
    "BankCredit",
    "ErasureRequest",
    "Ground",
    "Inquiry",
    "Outcome",
    "Transaction",
    "TransactionEvent",
    "TransactionQuerySet",
    "note_columns",
]
