"""The books in the back office; importing it registers everything."""

from ledger.admin import accounts, books, holds, imports, months, posted, transfers

__all__ = ["accounts", "books", "holds", "imports", "months", "posted", "transfers"]
