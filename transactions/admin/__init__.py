"""The back office of transactions; importing it registers everything."""

from transactions.admin import dead_letters, pages, privacy

__all__ = ["dead_letters", "pages", "privacy"]
