"""An account's facts never change while money moves; only its balance does."""

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.chart import Floor, Kind, Owner


class Account(models.Model):
    """What an account is. The database lets nothing but its name be changed.

    `id` follows from `code` (`chart.account_id`). A heading has no balance and takes no
    postings; it only gathers those below it. `metadata` are texts by name, of whoever
    opened it. With a floor it may go below zero by `overdraft`, and never above
    `ceiling`, in minor units.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    code = models.CharField(_("code"), max_length=64, unique=True)
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=9, choices=Kind)
    currency = models.CharField(_("currency"), max_length=3)
    owner_type = models.CharField(
        _("owner type"), max_length=16, choices=Owner, default=Owner.CLINIC
    )
    owner_id = models.UUIDField(_("owner"), null=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="children",
        verbose_name=_("heading"),
    )
    floor_rule = models.CharField(
        _("floor"), max_length=4, choices=Floor, default=Floor.NONE
    )
    overdraft = models.BigIntegerField(_("overdraft"), default=0, db_default=0)
    ceiling = models.BigIntegerField(_("ceiling"), null=True)
    is_heading = models.BooleanField(_("heading only"), default=False)
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    metadata = models.JSONField(
        _("metadata"), default=dict, db_default=Value({}, models.JSONField())
    )

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="account_kind_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner_id"],
                name="account_owner",
                condition=Q(owner_id__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Balance(models.Model):
    """The only rows that posting changes; narrow, so that an update stays in its page.

    `amount`, `held`, `floor` and `ceiling` are minor units on the account's own side:
    an asset grows by debits, a liability by credits (`side`). `held` is what open holds
    have reserved of the amount. `seq` counts the account's legs. Rows are written by
    the functions of the database alone, `is_frozen` by `services.accounts`.
    """

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="balance"
    )
    amount = models.BigIntegerField(default=0)
    held = models.BigIntegerField(db_default=0)
    seq = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    ceiling = models.BigIntegerField(null=True)
    side = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    is_frozen = models.BooleanField(_("frozen"), default=False)
    # No leg is booked before the one it follows, whatever the clock does.
    moved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(floor=None) | Q(amount__gte=F("floor") + F("held")),
                name="balance_free_not_below_floor",
            ),
            models.CheckConstraint(
                condition=Q(ceiling=None) | Q(amount__lte=F("ceiling")),
                name="balance_not_above_ceiling",
            ),
            models.CheckConstraint(
                condition=Q(held__gte=0), name="balance_held_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(side__in=(-1, 1)), name="balance_has_a_side"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
