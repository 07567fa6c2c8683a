"""What the nightly proof of the books found."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Proof(models.Model):
    """One run of `ledger_verify`; the newest is what Prometheus is told.

    `findings` are the first of them: kind, subject and detail of each.
    """

    at = models.DateTimeField(_("at"), db_default=Now())
    transfers = models.BigIntegerField(_("transfers"))
    problems = models.IntegerField(_("problems"))
    findings = models.JSONField(_("findings"), db_default=[])

    class Meta:
        verbose_name = _("proof of the books")
        verbose_name_plural = _("proofs of the books")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.at}: {self.problems}"
