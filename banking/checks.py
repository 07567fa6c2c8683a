"""Wrong settings of the bank, each refused in a sentence that says what to do."""

import os
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from stdnum.ve import rif

from banking.account_number import is_valid
from banking.configuration import bank
from banking.maintenance import read_window

MOST_A_MINUTE = 10
MOST_SIMULTANEOUS = 100
LONGEST_TIMEOUT_SECONDS = 30
"""A round has 40 s, and a slot is leased for 60: one call must fit."""


def _wrong(number: int, sentence: str, hint: str = "") -> CheckMessage:
    return Error(sentence, hint=hint or None, id=f"banking.E{number:03}")


def _setting(name: str) -> Any:
    return getattr(bank(), name.lower())


@register("banking")
def check_bank(
    app_configs: Sequence[AppConfig] | None,
    **kwargs: Any,
) -> list[CheckMessage]:
    """Judge `BANK_GATEWAY` and `BANESCO`."""
    name = settings.BANK_GATEWAY
    judges = {"banesco": _check_banesco, "simple": _check_simple}
    if name not in judges:
        known = ", ".join(judges)
        return [_wrong(1, f"BANK_GATEWAY must be one of {known}, not {name!r}.")]
    return [*judges[name](), *_check_limits()]


def _check_banesco() -> Iterator[CheckMessage]:
    yield from _check_present(
        "TOKEN_URL", "QUERY_URL", "CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_ID", "RIF"
    )
    yield from _check_address("TOKEN_URL")
    yield from _check_address("QUERY_URL")
    yield from _check_account()
    yield from _check_rif()


def _check_simple() -> Iterator[CheckMessage]:
    yield from _check_present("API_URL", "API_KEY")
    yield from _check_address("API_URL")


def _check_present(*names: str) -> Iterator[CheckMessage]:
    """Refused in production; elsewhere a warning, so that `migrate` needs no bank."""
    is_production = settings.ENVIRONMENT == "production"
    for name in names:
        if not _setting(name):
            hint = f"The gateway {settings.BANK_GATEWAY!r} needs it; see .env.example."
            message = Error if is_production else Warning
            number = f"banking.{'E' if is_production else 'W'}002"
            yield message(f"BANESCO_{name} is not set.", hint=hint, id=number)


def _check_address(name: str) -> Iterator[CheckMessage]:
    url = _setting(name)
    if not url:
        return
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in {"http", "https"}:
        yield _wrong(3, f"BANESCO_{name} must be an absolute http(s) address.")
    elif parts.username or parts.password:
        yield _wrong(4, f"BANESCO_{name} must not hold a user name or password.")
    elif settings.ENVIRONMENT == "production":
        yield from _check_production_address(name, parts.scheme, host)


def _check_production_address(
    name: str, scheme: str, host: str
) -> Iterator[CheckMessage]:
    if scheme != "https":
        yield _wrong(5, f"BANESCO_{name} must be https in production.")
    if _is_here(host):
        yield _wrong(
            6,
            f"BANESCO_{name} points at this machine or a sandbox; production must "
            "ask the bank itself.",
        )


def _is_here(host: str) -> bool:
    """Loopback and unspecified addresses, and names of sandboxes."""
    if host == "localhost" or host.endswith(".localhost") or "sandbox" in host:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _check_account() -> Iterator[CheckMessage]:
    account = bank().account_id
    if account and not is_valid(account):
        yield _wrong(
            7,
            "BANESCO_ACCOUNT_ID must be the clinic's account: 20 digits, unmasked, "
            "with right check digits.",
            "The bank shows it masked in other products; type it from the contract.",
        )


def _check_rif() -> Iterator[CheckMessage]:
    ours = bank().rif
    if ours and not rif.is_valid(ours):
        yield _wrong(
            8, "BANESCO_RIF must be the clinic's RIF, such as J-07013380-5, valid."
        )


def _check_limits() -> Iterator[CheckMessage]:
    yield from _check_range(9, "RATE_LIMIT", most=MOST_A_MINUTE)
    yield from _check_range(10, "MAX_SIMULTANEOUS", most=MOST_SIMULTANEOUS)
    yield from _check_range(11, "TIMEOUT_SECONDS", most=LONGEST_TIMEOUT_SECONDS)
    bundle = bank().ca_bundle
    if bundle and not (os.path.isfile(bundle) and os.access(bundle, os.R_OK)):
        yield _wrong(12, "BANESCO_CA_BUNDLE must be a file that can be read.")
    try:
        read_window(bank().maintenance_window or "02:00-06:00")
    except ValueError:
        yield _wrong(
            13,
            "BANESCO_MAINTENANCE_WINDOW must be empty or like 02:00-06:00, "
            "Caracas time.",
        )


def _check_range(number: int, name: str, *, most: int) -> Iterator[CheckMessage]:
    if not 1 <= _setting(name) <= most:
        variable = name.removesuffix("_SECONDS")
        yield _wrong(number, f"BANESCO_{variable} must be from 1 to {most}.")
