"""What happened to a transaction, written once."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.law import shredding
from audit.models import SubjectKey
from transactions.states import ActorType, Reason, State


class TransactionEvent(models.Model):
    """One thing that happened to a transaction; the database refuses to change it."""

    transaction = models.ForeignKey(
        "transactions.Transaction",
        models.PROTECT,
        related_name="events",
        verbose_name=_("transaction"),
    )
    old_status = models.CharField(_("from"), max_length=16, choices=State, blank=True)
    new_status = models.CharField(_("to"), max_length=16, choices=State)
    reason = models.CharField(_("reason"), max_length=32, choices=Reason)
    # What a person wrote may name the patient, and this row can never be blanked.
    locked_note = models.JSONField(_("note"), null=True)
    note_key = models.ForeignKey(
        SubjectKey, models.PROTECT, null=True, related_name="+"
    )
    actor_type = models.CharField(_("actor type"), max_length=20, choices=ActorType)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("actor"),
    )
    metadata = models.JSONField(_("facts"), default=dict)
    created_at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("history")
        ordering = ("id",)
        indexes = [
            models.Index(fields=["transaction", "created_at"], name="event_history")
        ]

    def __str__(self) -> str:
        return f"{self.old_status} → {self.new_status}"

    @property
    def note(self) -> str:
        """What the person wrote; empty when nothing was, or when it was erased."""
        if self.locked_note is None or self.note_key is None:
            return ""
        place = place_of_note(self.transaction_id)
        return shredding.unlock(self.locked_note, key=self.note_key, place=place) or ""

    @property
    def note_is_erased(self) -> bool:
        return self.note_key is not None and self.note_key.wrapped is None


def note_columns(transaction_id: UUID, note: str) -> dict[str, Any]:
    """The columns of an event that hold a note, under the key of its transaction.

    The caller holds the lock of the transaction, so that it has one key.
    """
    if not note:
        return {}
    living = SubjectKey.objects.filter(
        pk__in=TransactionEvent.objects.filter(transaction=transaction_id).values(
            "note_key"
        ),
        destroyed_at=None,
    )
    key = living.first()
    if key is None:
        key = shredding.new_key()
        key.save(force_insert=True)
    locked = shredding.lock(note, key=key, place=place_of_note(transaction_id))
    return {"locked_note": locked, "note_key": key}


def place_of_note(transaction_id: UUID) -> str:
    """Where a note stands, for whoever locks or unlocks one."""
    return f"transactions.note {transaction_id}"
