"""The back office of people and machines; importing it registers everything."""

from accounts.admin import library, machines, pages, roles

__all__ = ["library", "machines", "pages", "roles"]
