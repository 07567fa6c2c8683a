"""Letters still to be sent: the queue of record, as `Inquiry` is for the bank."""

from typing import ClassVar, Self
from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User

# With waits that double, the last try is made a day and a half after the first.
MOST_ATTEMPTS = 10


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self) -> Self:
        """Those nobody has sent and nobody is sending now."""
        return self.filter(
            sent_at=None, attempts__lt=MOST_ATTEMPTS, due_at__lte=Now()
        ).order_by("due_at")


class Letter(models.Model):
    """The standing intent to write to somebody; says what about, never what it says.

    Neither address nor link is kept: both are written out when the letter goes. A
    letter to nobody is what a stranger's question about an unknown mailbox leaves
    behind, so that the answer costs the same.
    """

    class Kind(models.TextChoices):
        """What a letter is about; the label is its subject."""

        RESET = "reset", _("Set a new password")
        VERIFY = "verify", _("Confirm your e-mail")
        PASSWORD_CHANGED = "password_changed", _("Your password was changed")
        TOKEN_REUSED = "token_reused", _("A sign-in of yours was ended")
        WEBHOOK_DISABLED = "webhook_disabled", _("A webhook was disabled")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField(max_length=32, choices=Kind)
    user = models.ForeignKey(User, models.CASCADE, null=True)
    language = models.CharField(max_length=7)
    created_at = models.DateTimeField(db_default=Now())
    # Put off before each try, so that it is also the lease of whoever tries.
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Letter"]] = LetterQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="letter_due", condition=Q(sent_at=None)
            ),
            models.Index(fields=["user", "kind", "created_at"], name="letter_of_user"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
