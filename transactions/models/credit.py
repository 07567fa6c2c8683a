"""The bank's money that pays a transaction."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from areamedica.money import DECIMAL_PLACES, MAX_DIGITS
from transactions.models.transaction import Transaction


class BankCredit(models.Model):
    """A credit of the bank that pays a transaction, once.

    The bank answers one movement now with its whole reference, now with its tail only,
    depending on the question; so the tail, the day, the amount and the account it shows
    (the payer's masked phone in a pago móvil) name it (facts, sections 3 and 4).
    """

    account = models.CharField(_("receiving account"), max_length=20)
    shown_account = models.CharField(_("account shown"), max_length=40, blank=True)
    tail = models.CharField(_("last digits"), max_length=6)
    day = models.DateField(_("day"))
    amount = models.DecimalField(
        _("amount"), max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES
    )
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("reference"), max_length=40)
    transaction = models.OneToOneField(
        Transaction,
        models.PROTECT,
        related_name="credit",
        verbose_name=_("transaction"),
    )
    created_at = models.DateTimeField(_("used at"), db_default=Now())

    class Meta:
        verbose_name = _("bank credit")
        verbose_name_plural = _("bank credits")
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "account",
                    "shown_account",
                    "tail",
                    "day",
                    "amount",
                    "currency",
                ],
                name="bank_credit_pays_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="bank_credit_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} …{self.tail}"
