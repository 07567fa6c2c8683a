"""A file of transfers on its way into the books."""

from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ImportState(models.TextChoices):
    """READY waits for a person, CONFIRMED for a worker; the others are ends."""

    FAULTY = "faulty", _("Has errors")
    READY = "ready", _("To be confirmed")
    CONFIRMED = "confirmed", _("Being booked")
    BOOKED = "booked", _("In the books")
    FAILED = "failed", _("Not booked")
    DISCARDED = "discarded", _("Discarded")


class Import(models.Model):
    """The row is the queue: whoever works it off finds all he needs here.

    `content` is the file, kept until it has come to an end. `preview` is what
    `import_sheet.Sheet.as_json` gives. `rows_done` is written beside the database
    transaction that books, for whoever watches; it proves nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    file_name = models.CharField(_("file"), max_length=120)
    digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    content = models.BinaryField(default=b"")
    decimal_mark = models.CharField(_("decimal mark"), max_length=1)
    state = models.CharField(_("status"), max_length=9, choices=ImportState)
    preview = models.JSONField(default=dict)
    rows_total = models.IntegerField(_("rows"))
    rows_done = models.IntegerField(default=0)
    rows_booked = models.IntegerField(_("booked"), default=0)
    attempts = models.IntegerField(default=0)
    failure = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now())
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("import into the books")
        verbose_name_plural = _("imports into the books")
        ordering = ("-uploaded_at",)
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="import_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_by__isnull=False),
                name="import_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ready", "confirmed"]) | Q(content=b""),
                name="import_content_goes_at_its_end",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
