"""One-time links: who holds one owns the mailbox it was sent to.

A link is signed, lives for a while, and is bound to what it changes; so the first use,
or any other change of the same thing, is its last. Nothing of it is stored.
"""

from datetime import timedelta
from enum import Enum
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import InvalidLink
from accounts.models import User


class Purpose(Enum):
    RESET = "reset"
    VERIFY = "verify"

    @property
    def life(self) -> timedelta:
        if self is Purpose.RESET:
            return timedelta(minutes=settings.RESET_LINK_MINUTES)
        return timedelta(hours=settings.VERIFY_LINK_HOURS)

    @property
    def salt(self) -> str:
        return f"accounts.links.{self.value}"


def _mark(user: User, purpose: Purpose) -> str:
    """A digest of what ends the link when it changes."""
    if purpose is Purpose.RESET:
        bound = f"{user.password}{user.token_version}"
    else:
        bound = f"{user.email}{user.is_verified}"
    return salted_hmac(purpose.salt, f"{user.pk}{bound}").hexdigest()


def write(user: User, purpose: Purpose) -> str:
    """The link's token, good from now."""
    return signing.dumps([str(user.pk), _mark(user, purpose)], salt=purpose.salt)


def read(token: str, purpose: Purpose) -> User:
    """Whose link it is; his row is locked, so that two uses at once are one.

    :raises InvalidLink: unknown, too old, used, or of an account that is closed.
    """
    try:
        pk, mark = signing.loads(token, salt=purpose.salt, max_age=purpose.life)
    except signing.BadSignature as error:
        raise InvalidLink from error
    locked = User.objects.select_for_update(of=("self",))
    user: User | None = locked.filter(pk=UUID(pk), is_active=True).first()
    if user is None or not constant_time_compare(mark, _mark(user, purpose)):
        raise InvalidLink
    return user
