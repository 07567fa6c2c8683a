"""Answers to the second step of a sign-in."""

from django.db import models
from django.db.models.functions import Now

from accounts.models.people import User


class SecondStep(models.Model):
    """One answer: wrong ones are counted, a right one uses up its token.

    The factors themselves are rows of `allauth.mfa.models.Authenticator`.
    """

    user = models.ForeignKey(User, models.CASCADE)
    at = models.DateTimeField(db_default=Now())
    succeeded = models.BooleanField()
    # The jti of the API's token that a right answer used up; the back office has none.
    used_token = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["used_token"], name="second_step_once"),
            models.CheckConstraint(
                condition=models.Q(used_token=None) | models.Q(succeeded=True),
                name="second_step_failed_uses_no_token",
            ),
        ]
        indexes = [models.Index(fields=["user", "at"], name="second_step_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} {self.at}"
