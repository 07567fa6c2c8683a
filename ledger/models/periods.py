"""Months of the books that are closed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Closing(models.Model):
    """A month closed, asked to be reopened, or reopened; the newest row rules.

    Closing a month closes every day before its end. `until` is the last closed day from
    `at` on: the month's own last, or the one before its first. Nobody reopens what he
    asked to reopen. Rows are only ever added.
    """

    class Kind(models.TextChoices):
        CLOSED = "closed", _("Closed")
        ASKED = "asked", _("Reopening asked for")
        REOPENED = "reopened", _("Reopened")

    month = models.DateField(_("month"))
    kind = models.CharField(_("what happened"), max_length=8, choices=Kind)
    until = models.DateField(_("closed until"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("by"),
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("closing of a month")
        verbose_name_plural = _("closings of months")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(month__day=1), name="closing_of_a_whole_month"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("closed", "asked"), approved_by=None)
                | Q(kind="reopened", approved_by__isnull=False),
                name="closing_reopened_when_approved",
            ),
            models.CheckConstraint(
                condition=~Q(approved_by=F("by")) | Q(approved_by=None),
                name="closing_reopened_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.kind}"

    @property
    def is_closed(self) -> bool:
        """Whether the month is closed after this row."""
        return self.kind != self.Kind.REOPENED
