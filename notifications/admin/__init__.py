"""The back office of webhooks."""

from notifications.admin import pages  # noqa: F401 (registers itself)
