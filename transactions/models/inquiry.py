"""When the bank is asked again: the queue of record."""

from datetime import timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from transactions.models.transaction import Transaction

# Longer than one round of questions may last (40 s), so that a lease runs out only
# when its holder is dead or asleep.
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 5

# Every verdict runs these. With moments of the database's clock in it, the ORM needs
# five times as long for either, and an UPDATE of its own gives nothing back.
_OPEN_INQUIRY = """
INSERT INTO transactions_inquiry (
    transaction_id, due_at, deadline_at, rounds, attempts, last_error
) VALUES (
    %s,
    statement_timestamp() + make_interval(secs => %s),
    statement_timestamp() + make_interval(secs => %s),
    0, 0, ''
)
"""

_LEASE = """
UPDATE transactions_inquiry
SET lease = %(token)s,
    leased_until = statement_timestamp() + make_interval(secs => %(seconds)s),
    attempts = attempts + 1
WHERE transaction_id = %(transaction)s
  AND dead_at IS NULL AND attempts < %(most)s
  AND (leased_until IS NULL OR leased_until < statement_timestamp())
  AND (%(early)s OR due_at <= statement_timestamp())
RETURNING rounds
"""


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    def due(self) -> Self:
        """Those whose hour has come and which nobody is asking about right now."""
        free = Q(leased_until=None) | Q(leased_until__lt=Now())
        return self.living().filter(free, due_at__lte=Now())

    def living(self) -> Self:
        return self.filter(dead_at=None)

    def worth_asking(self) -> Self:
        """Those a person who looks may have asked about, although not yet due."""
        rested = Q(asked_at=None) | Q(asked_at__lt=Now() - timedelta(seconds=30))
        return self.living().filter(rested)

    def open(
        self, transaction: Transaction, *, first_after: timedelta, give_up: timedelta
    ) -> None:
        """Write the intent to ask: first, and no longer than, so long from now."""
        with connection.cursor() as cursor:
            waits = [first_after.total_seconds(), give_up.total_seconds()]
            cursor.execute(_OPEN_INQUIRY, [transaction.pk, *waits])

    def lease(self, transaction_id: UUID, *, token: UUID, early: bool) -> int | None:
        """Take the right to ask under `token`; gives the rounds made so far.

        None when it is not due, taken, buried or decided. The attempt is counted before
        it is made, so that a row which kills its worker is buried instead of killing
        workers for ever.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                _LEASE,
                {
                    "transaction": transaction_id,
                    "token": token,
                    "seconds": LEASE.total_seconds(),
                    "most": MOST_ATTEMPTS,
                    "early": early,
                },
            )
            row: tuple[int] | None = cursor.fetchone()
        return row[0] if row else None

    def dead(self) -> Self:
        """The dead letters: asking failed in our own code, again and again."""
        return self.filter(dead_at__isnull=False)


class Inquiry(models.Model):
    """The standing intent to ask the bank about one open transaction.

    Written with the transaction and removed when it leaves the open states. This row is
    the queue; a Celery message only says "look now". All its times are the database's.
    """

    transaction = models.OneToOneField(
        Transaction,
        models.PROTECT,
        primary_key=True,
        related_name="inquiry",
        verbose_name=_("transaction"),
    )
    due_at = models.DateTimeField(_("asked next"), db_default=Now())
    deadline_at = models.DateTimeField(_("deadline"))
    # Rounds that brought an answer or the bank's silence; the place in the schedule.
    rounds = models.PositiveIntegerField(_("rounds"), default=0)
    asked_at = models.DateTimeField(_("last asked"), null=True)
    last_answer_at = models.DateTimeField(_("last answer"), null=True)
    # Who asks now holds the lease; a worker that dies lets it run out.
    lease = models.UUIDField(null=True, editable=False)
    leased_until = models.DateTimeField(_("being asked until"), null=True)
    # Leases taken since the last round that came to its end: a poison counter.
    attempts = models.PositiveSmallIntegerField(_("unfinished attempts"), default=0)
    rung_at = models.DateTimeField(_("last rung"), null=True)
    dead_at = models.DateTimeField(_("given up at"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("since"), db_default=Now())

    objects: ClassVar[models.Manager["Inquiry"]] = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name = _("inquiry")
        verbose_name_plural = _("inquiries")
        indexes = [
            models.Index(
                fields=["due_at"],
                name="inquiry_due",
                condition=Q(dead_at=None),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
