"""How this sandbox bank was started, and what may change while it runs."""

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

ACCOUNT = "01340000880000000007"
"""Made up; its control digits are right (fact sheet §6)."""

RIF = "J000000000"


class Flavour(StrEnum):
    QA = "qa"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Options:
    """Secrets stay out of `repr`, so out of tracebacks."""

    host: str
    port: int
    state: Path | None
    flavour: Flavour
    client_id: str
    client_secret: str = field(repr=False)
    api_key: str = field(repr=False)
    account: str
    rif: str
    token_seconds: int
    latency_ms: int
    max_per_minute: int


FLAGS: tuple[tuple[str, str, str], ...] = (
    ("host", "127.0.0.1", "address to listen on"),
    ("port", "8100", "0 picks a free one"),
    ("state", "", "JSON file in which movements survive a restart"),
    ("flavour", "qa", "qa or production: paths, statuses and shapes differ"),
    ("client-id", "sandbox", "also the user name of the password grant"),
    ("client-secret", "sandbox-secret", "also its password; better by environment"),
    ("api-key", "sandbox-key", "for /simple/transactions/; better by environment"),
    ("account", ACCOUNT, "the clinic's account, 20 digits"),
    ("rif", RIF, "the clinic's RIF"),
    ("token-seconds", "300", "how long a token lives"),
    ("latency-ms", "0", "pause before every answer of the bank"),
    ("max-per-minute", "0", "questions, and tokens, a minute; 0 is no limit"),
)


def read_options(arguments: Sequence[str], environ: Mapping[str, str]) -> Options:
    """Read the command line over the environment. Exits with 2 on anything odd."""
    parser = argparse.ArgumentParser(
        prog="python -m banking.sandbox",
        description="A bank to develop and demonstrate with. Never for production.",
    )
    for name, default, meaning in FLAGS:
        variable = f"SANDBOX_{name.replace('-', '_').upper()}"
        parser.add_argument(
            f"--{name}",
            type=READERS.get(name, str),
            default=environ.get(variable) or default,
            help=f"{meaning} ({variable})",
        )
    return Options(**vars(parser.parse_args(arguments)))


def is_production(environ: Mapping[str, str] = os.environ) -> bool:
    if environ.get("ENVIRONMENT", "").strip().lower() == "production":
        return True
    return environ.get("DJANGO_SETTINGS_MODULE", "").endswith(".production")


def _account(text: str) -> str:
    if not re.fullmatch(r"[0-9]{20}", text):
        raise argparse.ArgumentTypeError("an account is 20 digits")
    return text


def _flavour(text: str) -> Flavour:
    if text not in set(Flavour):
        raise argparse.ArgumentTypeError("a flavour is qa or production")
    return Flavour(text)


def _state(text: str) -> Path | None:
    return Path(text) if text else None


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,7}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


READERS = {
    "port": _count,
    "state": _state,
    "flavour": _flavour,
    "account": _account,
    "token-seconds": _count,
    "latency-ms": _count,
    "max-per-minute": _count,
}
