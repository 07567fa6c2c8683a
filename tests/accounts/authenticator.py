"""An authenticator app, as the tests hold one in their hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.utils import timezone

from accounts.models import User
from accounts.services.second_factor import add_totp

STEP = timedelta(seconds=30)


@dataclass
class App:
    """Shows six digits; each `next_code` is one that was not shown before."""

    secret: str
    recovery_codes: list[str]
    clock: datetime

    def code(self, at: datetime) -> str:
        return format_hotp_value(hotp_value(self.secret, int(at.timestamp()) // 30))

    def next_code(self) -> str:
        """Of this half-minute if it is new, else of the next, which is taken too."""
        self.clock = max(self.clock + STEP, timezone.now())
        return self.code(self.clock)


def enrolled(user: User) -> App:
    """Give somebody an authenticator, activated a while ago."""
    secret, now = generate_totp_secret(), timezone.now() - 10 * STEP
    app = App(secret, [], now)
    app.recovery_codes = add_totp(user=user, secret=secret, code=app.code(now), now=now)
    return app
