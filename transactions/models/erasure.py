"""Somebody wants to be forgotten: one asks for it, another does it."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Ground(models.TextChoices):
    """Who wants it, as the journal may say it."""

    SUBJECT = "SUBJECT", _("The person asked")
    REPRESENTATIVE = "REPRESENTATIVE", _("A representative of the person asked")
    AUTHORITY = "AUTHORITY", _("An authority ordered it")


class Outcome(models.TextChoices):
    OPEN = "OPEN", _("Waits for a second person")
    ERASED = "ERASED", _("Erased")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")


class ErasureRequest(models.Model):
    """A request names the person until it is closed; then it says only what was done.

    `answer`: {"transactions", "keys", "questions", "answers", "accounts": how many
    were blanked, "kept": names of what the law has us keep}.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    document = models.CharField(_("document"), max_length=11, blank=True)
    phone = models.CharField(_("phone"), max_length=12, blank=True)
    ground = models.CharField(_("who wants it"), max_length=16, choices=Ground)
    why = models.CharField(_("why"), max_length=500, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("asked for by"),
    )
    requested_at = models.DateTimeField(_("asked for"), db_default=Now())
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("closed by"),
    )
    closed_at = models.DateTimeField(_("closed"), null=True)
    outcome = models.CharField(
        _("outcome"), max_length=16, choices=Outcome, default=Outcome.OPEN
    )
    answer = models.JSONField(_("answer"), default=dict)

    class Meta:
        verbose_name = _("erasure request")
        verbose_name_plural = _("erasure requests")
        ordering = ("-requested_at",)
        constraints = [
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.ERASED) | ~Q(closed_by=F("requested_by")),
                name="erasure_by_a_second_person",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.OPEN, closed_by=None, closed_at=None)
                | Q(
                    outcome__in=[Outcome.ERASED, Outcome.WITHDRAWN],
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    document="",
                    phone="",
                    why="",
                ),
                name="erasure_closed_names_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.OPEN) | ~Q(document="", phone=""),
                name="erasure_open_names_somebody",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
