"""Judges the settings of this room before the first request."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register

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
    return problems
