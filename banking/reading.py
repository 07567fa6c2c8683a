"""What one exchange with a bank came to, before anybody acts on it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from banking.gateways.base import Movement, Trouble


class Outcome(models.TextChoices):
    """How a question ended: an answer, or one of the port's troubles."""

    ASKED = "ASKED", _("Asked, no answer yet")
    FOUND = "FOUND", _("Found")
    MISSING = "MISSING", _("Not seen yet")
    MALFORMED = "MALFORMED", _("The bank refuses the question")
    DOWN = "DOWN", _("The bank is down")
    TIMEOUT = "TIMEOUT", _("The bank did not answer in time")
    MAINTENANCE = "MAINTENANCE", _("Maintenance at the bank")
    RATE_LIMITED = "RATE_LIMITED", _("The bank asks us to slow down")
    CREDENTIALS = "CREDENTIALS", _("The bank refuses our credentials")
    MISCONFIGURED = "MISCONFIGURED", _("The bank's address is wrong")
    UNREADABLE = "UNREADABLE", _("The answer cannot be read")


ANSWERS = (Outcome.FOUND, Outcome.MISSING, Outcome.MALFORMED)
TROUBLES = tuple(o for o in Outcome if o not in {*ANSWERS, Outcome.ASKED})


class BankModality(models.TextChoices):
    """The three ways a bank is searched (facts/banks-and-front-end.md §2)."""

    MOBILE_PAYMENT = "MOBILE_PAYMENT", _("Pago móvil")
    INTERNAL_TRANSFER = "INTERNAL_TRANSFER", _("Transfer within the bank")
    INTERBANK_TRANSFER = "INTERBANK_TRANSFER", _("Transfer from another bank")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One exchange, read.

    `code` is the bank's own status code, or ours for what happened on the way; `body`
    the raw answer; `retry_after` how long the bank asks us to wait. A trouble that is
    not `fair` says nothing about the bank's health: we cut the wait short ourselves,
    or this one question was too wide.
    """

    outcome: Outcome
    code: str = ""
    movements: tuple[Movement, ...] = ()
    http_status: int | None = None
    body: str = ""
    retry_after: timedelta | None = None
    fair: bool = True

    @property
    def is_answer(self) -> bool:
        return self.outcome in ANSWERS

    @property
    def trouble(self) -> Trouble:
        """The port's word for it. :raises ValueError: this is an answer."""
        return Trouble(self.outcome.value)


class Unanswered(Exception):
    """The question could not even be asked; `reading` says why."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading.outcome.value)
        self.reading = reading
