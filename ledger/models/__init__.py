"""Accounts, what is on them, and the transfers between them."""

from ledger.models.accounts import Account, Balance
from ledger.models.proofs import Proof
from ledger.models.transfers import Entry, Transfer

__all__ = ["Account", "Balance", "Entry", "Proof", "Transfer"]
