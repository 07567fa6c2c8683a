"""Money that is promised: reserved first, then posted, released, or let expire."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models.accounts import Account
from ledger.models.transfers import Transfer


class Hold(models.Model):
    """A transfer that may come: its amount is kept free on whatever it would shrink.

    Written by `ledger_reserve` alone and never changed; how it ended is another row.
    `amount` is minor units. The transfer it becomes has the cause ("hold", key).
    """

    key = models.UUIDField(primary_key=True)
    debit = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name=_("debit")
    )
    credit = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name=_("credit")
    )
    amount = models.BigIntegerField(_("amount"))
    code = models.CharField(_("code"), max_length=32)
    effective = models.DateField(_("effective"))
    cause_type = models.CharField(_("cause"), max_length=32)
    cause_id = models.CharField(_("cause"), max_length=64)
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    at = models.DateTimeField(_("held"), db_default=Now())

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="hold_amount_positive"
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="hold_between_two_accounts"
            ),
        ]

    def __str__(self) -> str:
        return str(self.key)


class HoldEnd(models.Model):
    """How a hold ended: its key is the primary key, so it ends once."""

    class Kind(models.TextChoices):
        POSTED = "posted", _("Posted")
        VOIDED = "voided", _("Released")
        EXPIRED = "expired", _("Expired")

    hold = models.OneToOneField(
        Hold,
        models.PROTECT,
        primary_key=True,
        related_name="end",
        verbose_name=_("hold"),
    )
    kind = models.CharField(_("end"), max_length=7, choices=Kind)
    transfer = models.ForeignKey(
        Transfer,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("transfer"),
    )
    at = models.DateTimeField(_("ended"), db_default=Now())

    class Meta:
        verbose_name = _("end of a hold")
        verbose_name_plural = _("ends of holds")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="posted", transfer__isnull=False)
                | Q(kind__in=("voided", "expired"), transfer=None),
                name="hold_end_posted_has_transfer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id} {self.kind}"
