"""The back office of transactions; importing it registers everything."""

from transactions.admin import dead_letters, in_the_books, pages, privacy

__all__ = ["dead_letters", "in_the_books", "pages", "privacy"]
