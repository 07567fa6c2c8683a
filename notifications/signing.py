"""Secrets of endpoints, and signatures with them (Standard Webhooks 1.0)."""

import secrets
from base64 import b64encode
from datetime import datetime

from django.conf import settings
from standardwebhooks import Webhook

from areamedica.encryption import box
from notifications.models import Delivery, Endpoint

# The specification asks for 24 to 64 bytes.
_SECRET_BYTES = 32


def new_secret() -> str:
    """A secret as receivers' libraries take it: `whsec_` and base64."""
    return f"whsec_{b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"


def encrypted(secret: str) -> str:
    return box("webhooks", settings.WEBHOOK_KEYS).encrypt(secret.encode()).decode()


def _read(kept: str) -> Webhook:
    """:raises cryptography.fernet.InvalidToken: its key is not ours any more."""
    secret = box("webhooks", settings.WEBHOOK_KEYS).decrypt(kept.encode())
    return Webhook(secret.decode())


def headers_of(delivery: Delivery, *, now: datetime) -> dict[str, str]:
    """The three headers: the id stays from try to try, time and signature do not."""
    signatures = [
        _read(kept).sign(delivery.event_id, now, delivery.body)
        for kept in _kept_secrets(delivery.endpoint, now)
    ]
    return {
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _kept_secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    until = endpoint.old_secret_until
    is_overlap = bool(endpoint.old_secret) and until is not None and now < until
    return [endpoint.secret, *([endpoint.old_secret] if is_overlap else [])]
