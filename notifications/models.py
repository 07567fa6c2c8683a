"""Who is told, and what is still to be told: the row is the queue (decision 0001)."""

from typing import Any, ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User

_WAITING = Q(delivered_at=None, dead_at=None)


class Endpoint(models.Model):
    """An address that gets our news, and the secret its owner checks them with.

    Secrets are encrypted (`notifications.signing`); for a while after a rotation there
    are two, and every message is signed with both.
    """

    class Why(models.TextChoices):
        """Why it is disabled."""

        BY_HAND = "by_hand", _("Disabled by hand")
        GONE = "gone", _("The receiver answered that it is gone (410)")
        FAILING = "failing", _("It took nothing for three days")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    # It may hold a token of the receiver's: never in the journal, never in a log.
    url = models.CharField(_("address"), max_length=500)
    event_types = ArrayField(
        models.CharField(max_length=40), verbose_name=_("event types")
    )
    disabled_why = models.CharField(
        _("disabled"), max_length=16, choices=Why, blank=True
    )
    failing_since = models.DateTimeField(_("failing since"), null=True)
    secret = models.TextField(editable=False)
    old_secret = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def is_enabled(self) -> bool:
        return not self.disabled_why


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> Self:
        """Neither delivered nor given up."""
        return self.filter(_WAITING)

    def dead(self) -> Self:
        """Given up."""
        return self.exclude(dead_at=None)

    def in_flight(self) -> Self:
        """Being sent now, by somebody who still has time to."""
        return self.waiting().filter(leased_until__gt=Now())

    def due(self) -> Self:
        """To be sent now; never before an earlier one about the same subject.

        One written down while its webhook was being disabled waits until it is enabled.
        """
        earlier = Delivery.objects.waiting().filter(
            ~Q(subject_id=""),
            endpoint=OuterRef("endpoint"),
            subject_id=OuterRef("subject_id"),
            pk__lt=OuterRef("pk"),
        )
        nobody = Q(leased_until=None) | Q(leased_until__lte=Now())
        due = self.waiting().filter(nobody, ~Exists(earlier), due_at__lte=Now())
        return due.filter(endpoint__disabled_why="").order_by("due_at", "pk")


class Delivery(models.Model):
    """One event for one endpoint, and what became of the attempts to tell it."""

    endpoint = models.ForeignKey(
        Endpoint, models.CASCADE, related_name="deliveries", verbose_name=_("webhook")
    )
    # The leaf of the journal; a test has none.
    leaf = models.BigIntegerField(null=True)
    event_id = models.CharField(_("event"), max_length=64)
    type = models.CharField(_("type"), max_length=40)
    subject_id = models.CharField(_("subject"), max_length=64, blank=True)
    body = models.TextField()
    created_at = models.DateTimeField(_("created"), db_default=Now())
    due_at = models.DateTimeField(_("next attempt"), db_default=Now())
    leased_until = models.DateTimeField(null=True)
    give_up_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    last_status = models.PositiveSmallIntegerField(_("last answer"), null=True)
    # One of our words or the class of an error, never its text.
    last_error = models.CharField(_("last error"), max_length=64, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    dead_at = models.DateTimeField(_("given up"), null=True)

    objects: ClassVar[models.Manager["Delivery"]] = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ("-pk",)
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["endpoint", "leaf"], name="event_told_once"
            ),
            models.CheckConstraint(
                condition=Q(delivered_at=None) | Q(dead_at=None),
                name="delivery_not_dead_and_delivered",
            ),
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["due_at"], name="delivery_due", condition=_WAITING),
            models.Index(
                fields=["endpoint", "subject_id", "id"],
                name="delivery_order",
                condition=_WAITING,
            ),
            models.Index(fields=["endpoint", "-id"], name="delivery_of_endpoint"),
            models.Index(
                fields=["dead_at"],
                name="delivery_dead",
                condition=Q(dead_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id[:8]}"
