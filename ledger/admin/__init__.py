"""The books in the back office; importing it registers everything."""

from ledger.admin import accounts, books, imports, months, transfers

__all__ = ["accounts", "books", "imports", "months", "transfers"]
