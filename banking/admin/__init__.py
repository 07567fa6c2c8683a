"""The back office of the bank; importing it registers everything."""

from banking.admin import circuits, questions

__all__ = ["circuits", "questions"]
