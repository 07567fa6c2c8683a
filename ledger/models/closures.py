"""Accounts that are closed for good."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ledger.models.accounts import Account


class Closure(models.Model):
    """An account's end: empty then, frozen since, and never released again.

    The database refuses to change this row or to release the account.
    """

    account = models.OneToOneField(
        Account,
        models.PROTECT,
        primary_key=True,
        related_name="closure",
        verbose_name=_("account"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("by"),
    )
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("closed account")
        verbose_name_plural = _("closed accounts")

    def __str__(self) -> str:
        return str(self.account_id)
