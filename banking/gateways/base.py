"""The port every bank speaks through: one question, four kinds of answer.

An answer is news about money. Not getting one is `BankUnavailable`, which is never
news about money: the claim waits and the bank is asked again.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Modality(StrEnum):
    """How the patient says the money came."""

    TRANSFER = "TRANSFER"
    MOBILE_PAYMENT = "MOBILE_PAYMENT"


class Patience(StrEnum):
    """How long the asker can wait: a cashier at the till, or a worker."""

    QUICK = "QUICK"
    WORKER = "WORKER"


@dataclass(frozen=True, kw_only=True)
class Question:
    """Did this money arrive?

    `subject` is the id the 2-a-minute budget counts by; `payer_phone` is `58` and ten
    digits; `day` is the Caracas day to look at; `asked_before` counts earlier rounds.
    """

    subject: str
    public_id: str
    modality: Modality
    reference: str
    payer_bank: str
    day: date
    payer_phone: str = ""
    amount: Decimal | None = None
    asked_before: int = 0


class Direction(StrEnum):
    """Money in or money out, as the bank's `trnType` says."""

    CREDIT = "CR"
    DEBIT = "DB"


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One row of the bank's books, read without guessing.

    `reference` is as the bank answered it (perhaps only its tail), `account` the
    masked number it showed, `raw` its own fields under its own names, made fit for
    JSON, with `trnTime` as HH:MM:SS or absent and `amount` a number.
    """

    reference: str
    amount: Decimal
    currency: str
    day: date
    hour: time | None
    direction: Direction
    account: str
    concept: str
    beneficiary: str
    raw: dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The bank knows movements under this reference; `shape` is the question's form."""

    movements: tuple[Movement, ...]
    shape: str


@dataclass(frozen=True)
class Missing:
    """The bank has no such movement *yet*, or one field of the question is wrong."""


@dataclass(frozen=True)
class Malformed:
    """The bank refuses the question itself (VDE01, VDE02): asking again is vain."""

    code: str


Answer = Found | Missing | Malformed


class Trouble(StrEnum):
    """Why there is no answer."""

    DOWN = "DOWN"
    TIMEOUT = "TIMEOUT"
    MAINTENANCE = "MAINTENANCE"
    RATE_LIMITED = "RATE_LIMITED"
    CREDENTIALS = "CREDENTIALS"
    MISCONFIGURED = "MISCONFIGURED"
    UNREADABLE = "UNREADABLE"
    CIRCUIT_OPEN = "CIRCUIT_OPEN"
    BUSY = "BUSY"  # every simultaneous question allowed is under way
    BUDGET_SPENT = "BUDGET_SPENT"  # ours, not the bank's: 2 a minute per transaction


class BankUnavailable(Exception):
    """The bank gave no answer; `retry_at` is when asking again makes sense."""

    def __init__(self, trouble: Trouble, *, retry_at: datetime | None = None) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble
        self.retry_at = retry_at
