"""One immutable row moves money from one account to another."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ledger.models.accounts import Account

# No transfer takes effect longer after its booking (migration 0002 refuses it).
AHEAD = timedelta(days=7)


class Transfer(models.Model):
    """Both legs of a movement in one row: balanced by construction.

    Written by `ledger_post` and its sisters alone; the database refuses UPDATE, DELETE
    and TRUNCATE. Each leg keeps its number on the account and the balance it left, so
    the past is read without sums and a missing row shows as a gap. No foreign keys: the
    functions have the accounts locked, and `ledger_verify` looks again.
    """

    key = models.UUIDField(primary_key=True)
    debit = models.ForeignKey(
        Account,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("debit"),
    )
    credit = models.ForeignKey(
        Account,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        verbose_name=_("credit"),
    )
    amount = models.BigIntegerField(_("amount"))
    debit_seq = models.BigIntegerField()
    credit_seq = models.BigIntegerField()
    debit_balance = models.BigIntegerField()
    credit_balance = models.BigIntegerField()
    at = models.DateTimeField(_("booked"))
    effective = models.DateField(_("effective"))
    code = models.CharField(_("code"), max_length=32)
    cause_type = models.CharField(_("cause"), max_length=32)
    cause_id = models.CharField(_("cause"), max_length=64)
    metadata = models.JSONField(_("metadata"), default=dict)
    # The transfer that this one takes back, wholly or in part.
    reverses = models.UUIDField(_("reverses"), null=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints = [
            models.UniqueConstraint(
                fields=["debit", "debit_seq"], name="transfer_debit_leg_once"
            ),
            models.UniqueConstraint(
                fields=["credit", "credit_seq"], name="transfer_credit_leg_once"
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="transfer_amount_positive"
            ),
            models.CheckConstraint(
                condition=~Q(debit=F("credit")), name="transfer_between_two_accounts"
            ),
            models.CheckConstraint(
                condition=~Q(cause_type="") & ~Q(cause_id="") & ~Q(code=""),
                name="transfer_has_a_cause",
            ),
        ]
        indexes = [
            models.Index(
                fields=["reverses"],
                name="transfer_reverses",
                condition=Q(reverses__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.key)


class Entry(models.Model):
    """One leg of a transfer, as a view of the database shows it; nothing is stored.

    `change` is what the leg did to the account's balance, `balance` what it left.
    """

    pk = models.CompositePrimaryKey("account_id", "seq")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+")
    seq = models.BigIntegerField()
    transfer = models.ForeignKey(
        Transfer, models.DO_NOTHING, related_name="entries", db_column="key"
    )
    counterpart = models.ForeignKey(Account, models.DO_NOTHING, related_name="+")
    is_debit = models.BooleanField()
    amount = models.BigIntegerField()
    balance = models.BigIntegerField()
    at = models.DateTimeField()
    effective = models.DateField()
    code = models.CharField(max_length=32)

    class Meta:
        managed = False
        db_table = "ledger_entry"

    def __str__(self) -> str:
        return f"{self.account_id} {self.seq}"
