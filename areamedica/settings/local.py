"""A developer's machine and the demo: plain HTTP on loopback."""

import base64
import hashlib

from areamedica.settings.base import *  # noqa: F403 (settings are layered by import)


def _derived(purpose: str) -> str:
    """A key that stays the same as long as this machine's other secrets do."""
    digest = hashlib.sha256(f"{purpose} {SECRET_KEY}".encode()).digest()
    return base64.b64encode(digest).decode()


AUDIT_SIGNING_KEY = AUDIT_SIGNING_KEY or _derived("journal")
AUDIT_WRITER_KEY = AUDIT_WRITER_KEY or _derived("writer")

# Whoever tries webhooks out listens on the same machine.
WEBHOOK_PRIVATE_HOSTS = WEBHOOK_PRIVATE_HOSTS or ["127.0.0.1", "localhost"]

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Static files straight from the apps: no collectstatic step before the first page.
WHITENOISE_USE_FINDERS = True
STATIC_ROOT = None
