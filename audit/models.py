from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.actions import Action


class Record(models.Model):
    """One thing that happened, written in the transaction that made it happen.

    The database refuses UPDATE, DELETE and TRUNCATE (migration 0002). `facts` is
    canonical JSON without plain personal data; sealing will build on its bytes.
    """

    at = models.DateTimeField(_("at"), db_default=Now())
    action = models.CharField(_("action"), max_length=64, choices=Action)
    actor_id = models.UUIDField(_("actor"), null=True)
    subject_type = models.CharField(_("subject type"), max_length=32, blank=True)
    subject_id = models.CharField(_("subject"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    facts = models.TextField(_("facts"))

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("journal")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="record_subject"),
            models.Index(fields=["action", "at"], name="record_action"),
            models.Index(fields=["actor_id", "at"], name="record_actor"),
            models.Index(fields=["at"], name="record_at"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"
