"""Password length by role (requirement LB-10, facts/reliability section 1, NIST)."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SHORTEST = 8
SHORTEST_OF_STAFF = 15
LONGEST = 128


class LongEnough:
    """At least 8 characters, 15 for whoever works in the back office; at most 128."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """:raises ValidationError: too short or too long."""
        shortest = self._shortest(user)
        if len(password) < shortest:
            raise ValidationError(
                ngettext(
                    "Use at least %(number)d character.",
                    "Use at least %(number)d characters.",
                    shortest,
                )
                % {"number": shortest},
                code="password_too_short",
            )
        if len(password) > LONGEST:
            raise ValidationError(
                _("Use at most %(number)d characters.") % {"number": LONGEST},
                code="password_too_long",
            )

    def _shortest(self, user: AbstractBaseUser | None) -> int:
        # Whoever is not known to be a plain user is held to the stricter rule.
        is_staff = getattr(user, "is_staff", True)
        return SHORTEST_OF_STAFF if is_staff else SHORTEST

    def get_help_text(self) -> str:
        return _("At least 8 characters; 15 for staff.")
