"""Accounts, what is on them, the transfers between them, holds and closed months."""

from ledger.models.accounts import Account, Balance
from ledger.models.closures import Closure
from ledger.models.holds import Hold, HoldEnd
from ledger.models.imports import Import, ImportState
from ledger.models.periods import Closing
from ledger.models.proofs import Proof
from ledger.models.transfers import Entry, Transfer

__all__ = [
    "Account",
    "Balance",
    "Closing",
    "Closure",
    "Entry",
    "Hold",
    "HoldEnd",
    "Import",
    "ImportState",
    "Proof",
    "Transfer",
]
