"""Every question to a bank, and what all processes must agree on before asking.

All moments are the database's: a worker's clock may be wrong.
"""

import json
import uuid
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from banking import statements
from banking.gateways.base import Patience
from banking.reading import ANSWERS, TROUBLES, BankModality, Outcome, Reading

ANSWER_CHARACTERS = 65_536


class BankQuestionQuerySet(models.QuerySet["BankQuestion"]):
    def about(self, subject: str) -> Self:
        """Every question about one transaction, in the order asked."""
        return self.filter(subject=subject).order_by("asked_at")

    def write_down(self, question: "BankQuestion", *, limit: int) -> bool:
        """Insert the question if fewer than `limit` were asked in the last minute.

        One statement counts and inserts, so that two processes never both take the
        last place; False when none is left. A counted moment of the far future is a
        wrong clock's and does not count.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                statements.COUNT_AND_WRITE_DOWN,
                {
                    "id": question.pk,
                    "subject": question.subject,
                    "bank": question.bank,
                    "modality": question.modality,
                    "shape": question.shape,
                    "patience": question.patience,
                    "request": json.dumps(question.request),
                    "limit": limit,
                    "window": AskBudgetQuerySet.WINDOW_SECONDS,
                },
            )
            return cursor.fetchone() is not None

    def complete(self, pk: uuid.UUID, reading: Reading, *, latency_ms: int) -> None:
        """Write down how the question ended."""
        with connection.cursor() as cursor:
            cursor.execute(
                statements.COMPLETE,
                {
                    "id": pk,
                    "outcome": reading.outcome,
                    "code": reading.code[:40],
                    "http_status": reading.http_status,
                    "answer": reading.body[:ANSWER_CHARACTERS],
                    "latency_ms": latency_ms,
                },
            )

    def last_answer_at(self, *, bank: str) -> datetime | None:
        """When the bank last answered: three short index scans, not one long one."""
        moments = (
            self.filter(bank=bank, outcome=answer)
            .order_by("-asked_at")
            .values_list("finished_at", flat=True)
            .first()
            for answer in ANSWERS
        )
        return max(filter(None, moments), default=None)


class BankQuestion(models.Model):
    """One HTTP question to a bank: committed before it is asked, completed after.

    `request` holds the question with phone, reference and account masked and without
    token; `answer` the raw body, cut at 64 KB.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.UUIDField(_("transaction"))
    bank = models.CharField(_("bank"), max_length=20)
    modality = models.CharField(
        _("modality"), max_length=20, choices=BankModality.choices
    )
    shape = models.CharField(_("shape"), max_length=40)
    patience = models.CharField(
        _("patience"),
        max_length=10,
        choices=[
            (Patience.QUICK.value, _("A cashier waits")),
            (Patience.WORKER.value, _("A worker waits")),
        ],
    )
    request = models.JSONField(_("question, masked"))
    asked_at = models.DateTimeField(_("asked at"), db_default=Now())
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    code = models.CharField(_("code"), max_length=40, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=20, choices=Outcome.choices, default=Outcome.ASKED
    )
    latency_ms = models.PositiveIntegerField(_("latency in ms"), null=True)
    answer = models.TextField(_("raw answer"), blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = BankQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to the bank")
        verbose_name_plural = _("questions to the bank")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values),
                name="bank_question_outcome_known",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.ASKED, finished_at=None)
                | (~Q(outcome=Outcome.ASKED) & Q(finished_at__isnull=False)),
                name="bank_question_finished_with_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "asked_at"], name="bank_question_subject"),
            models.Index(fields=["outcome", "asked_at"], name="bank_question_outcome"),
            models.Index(
                fields=["bank", "modality", "-asked_at"],
                condition=Q(outcome=Outcome.FOUND),
                name="bank_question_matches",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shape} {self.outcome}"


class CircuitQuerySet(models.QuerySet["Circuit"]):
    def now(self) -> Self:
        """Bring the database's clock along as `now`."""
        return self.annotate(now=Now())

    def read(
        self, *, bank: str, modality: BankModality
    ) -> tuple[int, datetime | None, datetime, str | None] | None:
        """Failures, `retry_at`, now, and the shape that last matched, in one trip."""
        with connection.cursor() as cursor:
            cursor.execute(
                statements.READ_CIRCUIT, {"bank": bank, "modality": modality}
            )
            row: tuple[int, datetime | None, datetime, str | None] | None
            row = cursor.fetchone()
        return row


class Circuit(models.Model):
    """Whether a bank may be asked; `resilience.circuit` alone writes it.

    Closed while `retry_at` is empty. From `retry_at` on one probe at a time may be
    made; who holds it is `prober`, until `probing_until`. `openings` counts how often
    it opened without an answer in between.
    """

    now: datetime  # only where the query brought it along

    bank = models.CharField(_("bank"), max_length=20, unique=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    openings = models.PositiveIntegerField(_("openings in a row"), default=0)
    opened_at = models.DateTimeField(_("opened at"), null=True)
    retry_at = models.DateTimeField(_("to be asked again at"), null=True)
    reason = models.CharField(
        _("reason"),
        max_length=20,
        blank=True,
        choices=[(o.value, o.label) for o in TROUBLES],
    )
    prober = models.UUIDField(_("prober"), null=True)
    probing_until = models.DateTimeField(_("probed until"), null=True)

    objects = CircuitQuerySet.as_manager()

    class Meta:
        verbose_name = _("bank circuit")
        verbose_name_plural = _("bank circuits")
        constraints = [
            models.CheckConstraint(
                condition=Q(opened_at=None, retry_at=None, reason="")
                | (Q(opened_at__isnull=False, retry_at__isnull=False) & ~Q(reason="")),
                name="circuit_open_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(prober=None, probing_until=None)
                | Q(prober__isnull=False, probing_until__isnull=False),
                name="circuit_probe_has_lease",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.reason or 'closed'}"


class AskBudgetQuerySet(models.QuerySet["AskBudget"]):
    WINDOW_SECONDS = 61
    """A minute, and a second for the road: the bank counts arrivals, we departures."""

    def next_at(self, *, subject: str, limit: int) -> datetime | None:
        """When the next question about `subject` is allowed; None: now."""
        with connection.cursor() as cursor:
            cursor.execute(
                statements.NEXT_ALLOWED,
                {"subject": subject, "limit": limit, "window": self.WINDOW_SECONDS},
            )
            row: tuple[datetime] | None = cursor.fetchone()
        return row[0] if row else None

    def forget_idle(self) -> int:
        """Delete the budgets nobody drew on for an hour: they are as good as new."""
        with connection.cursor() as cursor:
            cursor.execute(statements.FORGET_IDLE)
            return int(cursor.rowcount)


class AskBudget(models.Model):
    """When a transaction was last asked about: at most 2 a minute, attempts counted."""

    subject = models.UUIDField(_("transaction"), primary_key=True)
    asked_at = ArrayField(models.DateTimeField(), verbose_name=_("asked at"))

    objects = AskBudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget of questions")
        verbose_name_plural = _("budgets of questions")

    def __str__(self) -> str:
        return str(self.subject)


class SlotQuerySet(models.QuerySet["Slot"]):
    def take(
        self, *, bank: str, most: int, holder: uuid.UUID, lease_seconds: int
    ) -> int | None:
        """Lease a free slot and give its id; None when all are under way."""
        with connection.cursor() as cursor:
            cursor.execute(
                statements.TAKE_SLOT,
                {"bank": bank, "most": most, "holder": holder, "lease": lease_seconds},
            )
            row: tuple[int] | None = cursor.fetchone()
        return row[0] if row else None

    def give_back(self, *, slot: int, holder: uuid.UUID) -> None:
        """End the lease, unless it ran out and the slot is another's by now."""
        with connection.cursor() as cursor:
            cursor.execute(statements.GIVE_SLOT_BACK, {"slot": slot, "holder": holder})

    def provide(self, *, bank: str, most: int) -> bool:
        """Make the missing slots of `bank`; False when none was missing."""
        known = set(self.filter(bank=bank).values_list("number", flat=True))
        missing = set(range(1, most + 1)) - known
        self.bulk_create(
            [self.model(bank=bank, number=number) for number in sorted(missing)],
            ignore_conflicts=True,
        )
        return bool(missing)


class Slot(models.Model):
    """The right to one question to a bank at a time, leased and given back."""

    bank = models.CharField(_("bank"), max_length=20)
    number = models.PositiveIntegerField(_("number"))
    holder = models.UUIDField(_("holder"), null=True)
    leased_until = models.DateTimeField(_("leased until"), null=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("simultaneous question")
        verbose_name_plural = _("simultaneous questions")
        constraints = [
            models.UniqueConstraint(fields=["bank", "number"], name="slot_number_once"),
            models.CheckConstraint(
                condition=Q(holder=None, leased_until=None)
                | Q(holder__isnull=False, leased_until__isnull=False),
                name="slot_lease_has_holder",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bank} {self.number}"
