from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class StoredAnswer(models.Model):
    """The answer once given to an idempotency key, kept 24 hours.

    The row is inserted in the same database transaction as the effect, so a crash
    leaves either both or neither, and a twin waits on its unique constraint.
    """

    principal = models.CharField(_("principal"), max_length=64)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = models.TextField(_("body"), blank=True)
    # False while the first caller still waits for the bank after its commit.
    is_settled = models.BooleanField(_("settled"), default=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("stored answer")
        verbose_name_plural = _("stored answers")
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "key"], name="answer_once_per_key"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="answer_by_age")]

    def __str__(self) -> str:
        return f"{self.principal} {self.created_at:%Y-%m-%d %H:%M}"
