"""What the law has us forget, keep, or look at when somebody asks."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SubjectKey(models.Model):
    """The key of what was written about somebody in tables that refuse change.

    Its id is a random pseudonym. `wrapped` is the data key under PRIVACY_KEY; without
    it nobody reads those words again, which is how they are erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, destroyed_at=None)
                | Q(wrapped=None, destroyed_at__isnull=False),
                name="subject_key_destroyed_or_there",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PruneRequest(models.Model):
    """Records older than the policy are to lose their words: one asks, another agrees.

    `below` is the size of a checkpoint and `root` its root, in hexadecimal: leaves
    before it lose their bytes, their hashes stay for ever. The database prunes by
    `audit_prune` alone, and only what such a row and a sealed record of it name
    (migration 0008_prune_requests). Actors are ids, as in the journal.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    below = models.BigIntegerField()
    root = models.CharField(max_length=64)
    older_than = models.DateTimeField(_("older than"))
    why = models.CharField(_("why"), max_length=500)
    requested_by = models.UUIDField(_("asked for by"))
    requested_at = models.DateTimeField(_("asked for"), db_default=Now())
    approved_by = models.UUIDField(_("approved by"), null=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    declined_by = models.UUIDField(_("declined by"), null=True)
    declined_at = models.DateTimeField(_("declined"), null=True)
    pruned_to = models.BigIntegerField(default=0)
    pruned_at = models.DateTimeField(_("pruned"), null=True)
    pruning_in = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("request to prune")
        verbose_name_plural = _("requests to prune")
        ordering = ("-requested_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("requested_by")),
                name="pruning_by_two_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="pruning_approved_has_time",
            ),
            models.CheckConstraint(
                condition=Q(declined_by=None, declined_at=None)
                | Q(declined_by__isnull=False, declined_at__isnull=False)
                & Q(approved_by=None),
                name="pruning_declined_or_approved",
            ),
            models.CheckConstraint(
                condition=Q(below__gt=0)
                & Q(pruned_to__gte=0)
                & Q(pruned_to__lte=F("below")),
                name="pruning_within_its_range",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_open(self) -> bool:
        """Whether nobody has agreed or declined yet."""
        return self.approved_at is None and self.declined_at is None


class Look(models.Model):
    """Somebody wants the whole journal verified now; the row is intent and truth.

    `seen` of `size` leaves so far. One at a time.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    asked_by = models.UUIDField(_("asked for by"))
    asked_at = models.DateTimeField(_("asked for"), db_default=Now())
    begun_at = models.DateTimeField(_("begun"), null=True)
    seen = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(_("ended"), null=True)
    findings = models.PositiveIntegerField(_("findings"), null=True)

    class Meta:
        verbose_name = _("look at the journal")
        verbose_name_plural = _("looks at the journal")
        ordering = ("-asked_at",)
        constraints = [
            models.UniqueConstraint(
                Value(1),
                condition=Q(ended_at=None),
                name="look_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, findings=None)
                | Q(ended_at__isnull=False, findings__isnull=False),
                name="look_ended_with_a_result",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def percent(self) -> int:
        return 100 * self.seen // self.size if self.size else 0
