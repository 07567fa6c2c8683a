"""The back office of people; importing it registers everything."""

from accounts.admin import library, pages, roles

__all__ = ["library", "pages", "roles"]
