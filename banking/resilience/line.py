"""The line to a bank during one round: budget, record, repetition, circuit."""

import time
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

import structlog
from django.conf import settings
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt
from tenacity.wait import wait_chain, wait_random

from banking import configuration
from banking.gateways.base import BankUnavailable, Patience, Question, Trouble
from banking.metrics import count_call
from banking.models import AskBudget, BankQuestion
from banking.reading import BankModality, Outcome, Reading, Unanswered
from banking.resilience import circuit
from banking.resilience.circuit import Permit
from banking.resilience.deadline import Deadline

ROUND_SECONDS = 40
ATTEMPTS = 3
WAITS_SECONDS = (0.3, 0.9, 2.0)
FAST_FAILURE_SECONDS = 5.0
"""Refused connections get in when tried again, slow failures do not (facts §4)."""
LEAST_SECONDS = 0.5
"""With less time than this left, nothing new is begun."""

_WORTH_REPEATING = {Outcome.DOWN, Outcome.TIMEOUT}
_WAIT = wait_chain(*(wait_random(0.5 * s, 1.5 * s) for s in WAITS_SECONDS))

logger = structlog.get_logger(__name__)


class Exchange(Protocol):
    """One question in one shape, as a gateway knows how to put it."""

    @property
    def modality(self) -> BankModality: ...

    @property
    def shape(self) -> str: ...

    def masked(self) -> Mapping[str, object]:
        """The question as it may be kept: no token, digits masked."""

    def prepare(self, deadline: Deadline) -> None:
        """Get what asking needs. :raises Unanswered: it cannot be had."""

    def send(self, *, correlation: uuid.UUID, deadline: Deadline) -> Reading:
        """Ask once. Never raises for what a bank or a network may do."""


class Line:
    """One round of asking about one question.

    `proven` names the shape that last matched, empty when none has yet.
    """

    def __init__(
        self, *, question: Question, patience: Patience, permit: Permit
    ) -> None:
        self.question = question
        self.patience = patience
        self.proven = permit.proven
        self.deadline = Deadline(_round_seconds(patience))
        self._permit = permit
        self._may_renew = True
        self._forget()

    @property
    def has_time(self) -> bool:
        return self.deadline.remaining() >= LEAST_SECONDS

    def ask(self, exchange: Exchange) -> Reading:
        """Put the question, again where that is worth it, and give the answer.

        :raises BankUnavailable: no answer; BUDGET_SPENT when it was not even asked.
        """
        if not self.has_time:
            raise BankUnavailable(Trouble.TIMEOUT)
        self._forget()
        try:
            reading = self._retrying()(self._attempt, exchange)
        except BankUnavailable as spent:
            if self._last is None:
                raise
            trouble = self._last.trouble
            raise BankUnavailable(trouble, retry_at=spent.retry_at) from spent
        if not reading.is_answer:
            raise BankUnavailable(reading.trouble, retry_at=self._open_until)
        return reading

    def _forget(self) -> None:
        self._last: Reading | None = None
        self._was_fast = False
        self._is_renewal = False
        self._open_until: datetime | None = None

    def _retrying(self) -> Retrying:
        return Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            retry=retry_if_result(self._is_worth_repeating),
            retry_error_callback=lambda _: self._last,
        )

    def _pause(self, state: RetryCallState) -> float:
        return 0 if self._is_renewal else _WAIT(state)

    def _is_worth_repeating(self, reading: Reading) -> bool:
        if self._is_renewal:
            return self.has_time
        return (
            self.patience is Patience.WORKER
            and reading.outcome in _WORTH_REPEATING
            and reading.fair
            and self._was_fast
            and self._open_until is None
            and self.has_time
        )

    def _attempt(self, exchange: Exchange) -> Reading:
        started = time.monotonic()
        self._last = reading = self._exchange(exchange)
        self._was_fast = time.monotonic() - started < FAST_FAILURE_SECONDS
        self._is_renewal = self._may_renew and reading.outcome is Outcome.CREDENTIALS
        if self._is_renewal:
            # The token may have died under way; only a second refusal is news.
            self._may_renew = False
        elif reading.is_answer:
            circuit.note_answer(self._permit)
        else:
            self._open_until = circuit.note_failure(self._permit, reading)
        return reading

    def _exchange(self, exchange: Exchange) -> Reading:
        try:
            exchange.prepare(self.deadline)
        except Unanswered as error:
            self._may_renew = False
            return error.reading
        asked = self._record(exchange)
        started = time.monotonic()
        reading = exchange.send(correlation=asked.pk, deadline=self.deadline)
        _complete(asked, reading, time.monotonic() - started)
        return reading

    def _record(self, exchange: Exchange) -> BankQuestion:
        """Count the question on its budget and write it down, before it is asked."""
        subject, limit = self.question.subject, configuration.bank().rate_limit
        asked = BankQuestion(
            subject=subject,
            bank=self._permit.bank,
            modality=exchange.modality.value,
            shape=exchange.shape,
            patience=self.patience.value,
            request=dict(exchange.masked()),
        )
        if not BankQuestion.objects.write_down(asked, limit=limit):
            retry_at = AskBudget.objects.next_at(subject=subject, limit=limit)
            raise BankUnavailable(Trouble.BUDGET_SPENT, retry_at=retry_at)
        return asked


def _round_seconds(patience: Patience) -> float:
    if patience is Patience.QUICK:
        return float(settings.QUICK_QUESTION_SECONDS)
    return ROUND_SECONDS


def _complete(asked: BankQuestion, reading: Reading, seconds: float) -> None:
    latency_ms = round(seconds * 1000)
    BankQuestion.objects.complete(asked.pk, reading, latency_ms=latency_ms)
    count_call(operation="query", status=reading.outcome, seconds=seconds)
    logger.info(
        "bank.asked",
        question=str(asked.pk),
        transaction=str(asked.subject),
        shape=asked.shape,
        outcome=reading.outcome.value,
        code=reading.code,
        latency_ms=latency_ms,
    )
