"""Judges the settings of this room before the first request."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, register

from accounts import roles

_SHORTEST_SECRET = 32
_SHORTEST_IN_PRODUCTION = 64


@register()
def jwt_secret_is_strong(**_: Any) -> list[Error]:
    """LB-11: 32 characters, 64 in production, and not Django's own key."""
    shortest = _SHORTEST_SECRET
    if settings.ENVIRONMENT == "production":
        shortest = _SHORTEST_IN_PRODUCTION
    problems = []
    if len(settings.JWT_SECRET) < shortest:
        problems.append(
            Error(
                f"JWT_SECRET has fewer than {shortest} characters.", id="accounts.E001"
            )
        )
    if settings.JWT_SECRET == settings.SECRET_KEY:
        problems.append(
            Error("JWT_SECRET must differ from SECRET_KEY.", id="accounts.E002")
        )
    if any(len(secret) < shortest for secret in settings.JWT_OLD_SECRETS):
        problems.append(
            Error(
                f"JWT_OLD_SECRETS has one of fewer than {shortest} characters.",
                id="accounts.E003",
            )
        )
    return problems


@register()
def second_factor_is_meant(**_: Any) -> list[Error]:
    """A misspelt role would leave the door open; a short key is guessed."""
    problems = []
    known = {*roles.STAFF, "superuser"}
    unknown = sorted(set(settings.SECOND_FACTOR_REQUIRED_FOR) - known)
    if unknown:
        words = ", ".join(unknown)
        problems.append(
            Error(
                f"SECOND_FACTOR_REQUIRED_FOR names no role of the staff: {words}.",
                id="accounts.E004",
            )
        )
    if any(len(key) < _SHORTEST_SECRET for key in settings.SECOND_FACTOR_KEYS):
        problems.append(
            Error(
                f"SECOND_FACTOR_KEY has fewer than {_SHORTEST_SECRET} characters.",
                id="accounts.E005",
            )
        )
    return problems


@register()
def links_lead_somewhere(**_: Any) -> list[Error]:
    """Letters point at an address of ours, over TLS in production."""
    address = urlsplit(settings.PUBLIC_URL)
    schemes = {"https"} if settings.ENVIRONMENT == "production" else {"http", "https"}
    if address.scheme in schemes and address.hostname and not address.query:
        return []
    return [
        Error(
            "PUBLIC_URL must be an address such as https://clinica.example.",
            id="accounts.E006",
        )
    ]


@register()
def letters_can_leave(**_: Any) -> list[Error]:
    """Without a mail server a forgotten password stays forgotten."""
    if settings.ENVIRONMENT != "production" or settings.EMAIL_URL:
        return []
    return [Error("EMAIL_URL is not set: no letter would leave.", id="accounts.E007")]
