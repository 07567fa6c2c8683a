"""Typed readers of the environment.

`X_FILE` names a file that holds the value of `X`, as container secrets do. An unset or
odd value stops the start with one sentence that names the variable.
"""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.FileAwareEnv()

_ENV_FILE = Path(__file__).resolve().parents[2] / ".env"
if _ENV_FILE.is_file():
    environ.FileAwareEnv.read_env(_ENV_FILE)


def text(name: str, default: str | None = None) -> str:
    """Read a text. :raises ImproperlyConfigured: unset and without default."""
    value = env.str(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set; .env.example explains it.")
    return str(value).strip()


def number(name: str, default: int, *, least: int = 0) -> int:
    """Read a whole number. :raises ImproperlyConfigured: not one, or below `least`."""
    raw = text(name, str(default))
    if not raw.isascii() or not raw.isdigit() or int(raw) < least:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} up, not {raw!r}."
        )
    return int(raw)


def flag(name: str, *, default: bool) -> bool:
    """Read true/false. :raises ImproperlyConfigured: anything else."""
    raw = text(name, str(default)).lower()
    if raw not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {raw!r}.")
    return raw in {"true", "1", "yes", "on"}


def words(name: str, default: str = "") -> list[str]:
    """Read a comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def money(name: str, default: str = "") -> Decimal | None:
    """Read an amount in bolívares; empty means none.

    :raises ImproperlyConfigured: not an amount.
    """
    raw = text(name, default)
    if not raw:
        return None
    try:
        return Decimal(raw)
    except InvalidOperation as error:
        raise ImproperlyConfigured(
            f"{name} must be an amount such as 50000.00, not {raw!r}."
        ) from error
