"""One sign-in, and the tokens that carry it on."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.people import User


class RefreshFamily(models.Model):
    """One sign-in and every refresh token that descends from it."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "revoked_at"], name="family_of_user")]

    def __str__(self) -> str:
        return str(self.pk)


class RefreshToken(models.Model):
    """One refresh token, named by its jti; the token itself is never stored.

    A token can be written out again from this row and the key of the day, which is how
    a parallel second use gets the same successor, also when the key has just changed.
    """

    jti = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    family = models.ForeignKey(RefreshFamily, models.CASCADE)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    successor = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None, successor=None)
                | Q(used_at__isnull=False, successor__isnull=False),
                name="token_used_has_successor",
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_by_expiry")]

    def __str__(self) -> str:
        return str(self.jti)
