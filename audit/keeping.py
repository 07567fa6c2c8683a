"""What the law has us forget, or keep: keys of personal words, requests to prune."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class SubjectKey(models.Model):
    """The key of what was written about somebody in tables that refuse change.

    Its id is a random pseudonym. `wrapped` is the data key under PRIVACY_KEY; without
    it nobody reads those words again, which is how they are erased.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    destroyed_at = models.DateTimeField(_("destroyed"), null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, destroyed_at=None)
                | Q(wrapped=None, destroyed_at__isnull=False),
                name="subject_key_destroyed_or_there",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
