"""Second factors: added, removed, renewed by their owner; reset by a superuser.

Whoever calls has made the owner confirm himself (`second_step.confirm`).
"""

from datetime import datetime

from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal import auth as passkeys
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.http import HttpRequest

from accounts.errors import (
    InvalidSecondFactor,
    LastSecondFactor,
    SecondFactorExists,
    SecondFactorMissing,
)
from accounts.models import User
from accounts.policies import needs_second_factor
from accounts.services.rights import refuse_unless_superior
from accounts.services.second_step import UNREADABLE, is_enrolled, lock, period_of
from accounts.services.sign_in import end_every_sign_in
from audit.actions import Action
from audit.services import record

Kind = Authenticator.Type


def factors_of(user: User) -> "QuerySet[Authenticator]":
    """What this person has, recovery codes aside; oldest first."""
    everything: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user.pk)
    return everything.exclude(type=Kind.RECOVERY_CODES).order_by("created_at")


def unused_recovery_codes(user: User) -> int:
    """How many recovery codes are left."""
    made = Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES)
    return sum(len(RecoveryCodes(codes).get_unused_codes()) for codes in made)


@atomic
def add_totp(*, user: User, secret: str, code: str, now: datetime) -> list[str]:
    """Add an authenticator that shows the right code; the new recovery codes, if any.

    :raises InvalidSecondFactor: its code is wrong.
    :raises SecondFactorExists: there is one.
    """
    lock(user)
    if factors_of(user).filter(type=Kind.TOTP).exists():
        raise SecondFactorExists
    period = period_of(code, secret=secret, now=now)
    if period is None:
        raise InvalidSecondFactor
    factor = TOTP.activate(user, secret).instance
    # The code that was just shown signs nobody in.
    factor.data["used_period"] = period
    factor.save(update_fields=["data"])
    return _added(user, factor)


def passkey_offer(request: HttpRequest, user: User) -> dict[str, object]:
    """What the browser asks a new passkey; its challenge waits in the session."""
    with request_context(request):
        options: dict[str, object] = passkeys.begin_registration(
            user, passwordless=False
        )
    return options


@atomic
def add_passkey(
    *, request: HttpRequest, user: User, name: str, response: dict[str, object]
) -> list[str]:
    """Add the passkey that answered the offer; the new recovery codes, if any.

    :raises InvalidSecondFactor: it answered something else.
    """
    lock(user)
    with request_context(request):
        try:
            passkeys.complete_registration(response)
        except UNREADABLE as error:
            raise InvalidSecondFactor from error
        finally:
            passkeys.clear_state()
    return _added(user, passkeys.WebAuthn.add(user, name, response).instance)


def _added(user: User, factor: Authenticator) -> list[str]:
    _note(Action.SECOND_FACTOR_ADDED, user, factor=factor.type)
    if Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).exists():
        return []
    return _make_recovery_codes(user)


@atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    """Make ten new recovery codes; the old ones are worth nothing from now on.

    :raises SecondFactorMissing: there is nothing to recover.
    """
    lock(user)
    if not is_enrolled(user):
        raise SecondFactorMissing
    Authenticator.objects.filter(user_id=user.pk, type=Kind.RECOVERY_CODES).delete()
    return _make_recovery_codes(user)


def _make_recovery_codes(user: User) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    _note(Action.RECOVERY_CODES_MADE, user, number=len(codes))
    return codes


@atomic
def remove(*, user: User, factor: Authenticator) -> None:
    """Take away one's own factor; with the last one go the recovery codes.

    :raises SecondFactorMissing: it is gone already, or somebody else's.
    :raises LastSecondFactor: the role needs one.
    """
    lock(user)
    mine = factors_of(user)
    if not mine.filter(pk=factor.pk).exists():
        raise SecondFactorMissing
    is_last = mine.count() == 1
    if is_last and needs_second_factor(user):
        raise LastSecondFactor
    mine.filter(pk=factor.pk).delete()
    if is_last:
        Authenticator.objects.filter(user_id=user.pk).delete()
    _note(Action.SECOND_FACTOR_REMOVED, user, factor=factor.type)


@atomic
def reset(*, actor: User | None, user: User, reason: str) -> None:
    """Take away every factor of somebody who lost them, and end his sign-ins.

    `actor` is None at the server's own console, where the last superuser gets help.

    :raises SuperuserOnly: :raises SelfGrant: as for a grant.
    :raises SecondFactorMissing: there is none.
    """
    if actor is not None:
        refuse_unless_superior(actor, user)
    lock(user)
    kinds = [factor.type for factor in factors_of(user)]
    if not kinds:
        raise SecondFactorMissing
    Authenticator.objects.filter(user_id=user.pk).delete()
    end_every_sign_in(user)
    record(
        Action.SECOND_FACTOR_REMOVED,
        actor_id=actor.pk if actor else None,
        subject=("user", user.pk),
        facts={"factors": kinds, "reason": reason},
    )


def _note(action: Action, user: User, **facts: object) -> None:
    record(action, actor_id=user.pk, subject=("user", user.pk), facts=facts)
