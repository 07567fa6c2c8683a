"""The `BANESCO` mapping of the settings, typed."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from banking.account_number import compact


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """How this deployment speaks to the bank; .env.example explains each name."""

    token_url: str
    query_url: str
    client_id: str
    client_secret: str = field(repr=False)
    username: str
    password: str = field(repr=False)
    scope: str
    account_id: str
    rif: str
    timeout_seconds: int
    rate_limit: int
    ca_bundle: str
    max_simultaneous: int
    maintenance_window: str
    api_url: str
    api_key: str = field(repr=False)


def bank() -> Configuration:
    """What the settings say now."""
    given: dict[str, Any] = settings.BANESCO
    named = {name.lower(): value for name, value in given.items()}
    # People copy the account from contracts, dashes included.
    named["account_id"] = compact(named["account_id"])
    return Configuration(**named)
