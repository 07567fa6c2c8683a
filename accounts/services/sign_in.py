"""Sign in, carry on, sign out: access and refresh tokens (api.md, "Signing in")."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from accounts.errors import (
    InvalidCredentials,
    InvalidToken,
    TokenRevoked,
    TooManyAttempts,
)
from accounts.models import Letter, RefreshFamily, RefreshToken, User
from accounts.services import second_step
from accounts.services.letters import post
from accounts.services.second_step import Proved
from accounts.tokens import Access, Refresh
from audit.actions import Action
from audit.services import record

# Two tabs may refresh at once; a thief comes later (facts, section 7, trap 4).
GRACE = timedelta(seconds=10)
# Front ends refresh only after `expires_in` has fully passed, so it is told short.
TOLD_SHORT_SECONDS = 30


@dataclass(frozen=True)
class Tokens:
    """What a client carries; `expires_in` is in seconds, told a little short."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "bearer"  # noqa: S105 (RFC 6750's word)


def sign_in(
    *, request: HttpRequest, email: str, password: str, now: datetime
) -> tuple[User, Tokens]:
    """Check the password and open a family of tokens.

    :raises TooManyAttempts: this account is locked for this address.
    :raises InvalidCredentials: whatever else is wrong; no more is told.
    :raises SecondFactorRequired: with the token of the second step.
    :raises SecondFactorEnrolmentRequired: the role needs a factor and there is none.
    """
    user = authenticate(request=request, username=email, password=password)
    if getattr(request, "axes_locked_out", False):
        raise TooManyAttempts(retry_after=settings.AXES_COOLOFF_TIME)
    if not isinstance(user, User):
        raise InvalidCredentials
    second_step.demand(user)
    return user, _open(user, by=Proved.PASSWORD, now=now)


def finish_sign_in(*, raw: str, code: str, now: datetime) -> tuple[User, Tokens]:
    """Check the second step's code and open a family of tokens.

    :raises InvalidToken: not a living token of a second step.
    :raises SecondStepLocked: :raises InvalidSecondFactor: as the step says.
    """
    user, by = second_step.take_token(raw=raw, proof=second_step.by_code(code, now=now))
    return user, _open(user, by=by, now=now)


@atomic
def _open(user: User, *, by: Proved, now: datetime) -> Tokens:
    family = RefreshFamily.objects.create(user=user)
    tokens = _write_out(user, _issue(family.pk, now=now))
    record(
        Action.SIGNED_IN,
        actor_id=user.pk,
        subject=("user", user.pk),
        facts={"how": by.value},
    )
    User.objects.filter(pk=user.pk).update(last_login=now)
    return tokens


def _issue(family_id: UUID, *, now: datetime, jti: UUID | None = None) -> RefreshToken:
    # Whole seconds, as a JWT says them: the row must write out the same token again.
    issued_at = now.replace(microsecond=0)
    return RefreshToken.objects.create(
        jti=jti or uuid4(),
        family_id=family_id,
        issued_at=issued_at,
        expires_at=issued_at + timedelta(days=settings.REFRESH_TOKEN_EXPIRE_DAYS),
    )


def _lifetime(user: User) -> timedelta:
    """15 minutes for staff, 30 for others (resolved conflict C3)."""
    minutes = settings.ACCESS_TOKEN_EXPIRE_MINUTES
    if user.is_staff:
        minutes = min(minutes, settings.STAFF_TOKEN_EXPIRE_MINUTES)
    return timedelta(minutes=minutes)


def _write_out(user: User, token: RefreshToken) -> Tokens:
    lifetime = _lifetime(user)
    access = Access()
    access.set_exp(lifetime=lifetime)
    access["sub"] = str(user.pk)
    access["fam"] = str(token.family_id)
    access["ver"] = user.token_version
    refresh = Refresh()
    refresh.payload = {
        "token_type": "refresh",
        "jti": str(token.jti),
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "sub": str(user.pk),
    }
    seconds = int(lifetime.total_seconds())
    return Tokens(
        access_token=str(access),
        refresh_token=str(refresh),
        expires_in=max(seconds - TOLD_SHORT_SECONDS, seconds // 2),
    )


def _jti_of(raw: str) -> UUID:
    """:raises InvalidToken: not a refresh token of ours, or expired."""
    try:
        return UUID(str(Refresh(raw)["jti"]))  # type: ignore[arg-type]
    except (TokenError, KeyError, ValueError) as error:
        raise InvalidToken from error


def refresh(*, raw: str, now: datetime) -> Tokens:
    """Exchange a refresh token for the next pair.

    A second use within ten seconds gets the same successor; a later one ends the whole
    family, because one of the two users is a thief.

    :raises InvalidToken: not a refresh token of ours. :raises TokenRevoked: its sign-in
        was ended, or is being ended now.
    :raises SecondFactorEnrolmentRequired: the role came to need a factor meanwhile.
    """
    jti = _jti_of(raw)
    with atomic():
        successor = _rotate(jti, now=now)
        if successor is not None:
            return _write_out(_living_user(successor), successor)
        _end_stolen(jti)
    raise TokenRevoked


def _rotate(jti: UUID, *, now: datetime) -> RefreshToken | None:
    """The successor of the token; None when the token came back too late.

    The conditional UPDATE lets exactly one of parallel uses make the successor; the
    others wait on its row lock and then read it.
    """
    successor = uuid4()
    # Conditions on this very row only: PostgreSQL looks at those again after the wait,
    # not at what a join once found. A dead family is refused when the pair is written.
    unused = RefreshToken.objects.filter(jti=jti, used_at=None)
    if unused.update(used_at=Now(), successor=successor):
        token = RefreshToken.objects.get(jti=jti)
        return _issue(token.family_id, now=now, jti=successor)
    used = RefreshToken.objects.filter(jti=jti, used_at__gt=Now() - GRACE).first()
    if used is None or used.successor is None:
        return None
    return RefreshToken.objects.get(jti=used.successor)


def _living_user(token: RefreshToken) -> User:
    """:raises TokenRevoked: the sign-in was ended or the user deactivated."""
    found: User | None = (
        User.objects.select_related("role")
        .filter(
            refreshfamily=token.family_id,
            refreshfamily__revoked_at=None,
            is_active=True,
        )
        .first()
    )
    if found is None:
        raise TokenRevoked
    second_step.refuse_unenrolled(found)
    return found


def _end_stolen(jti: UUID) -> None:
    token = RefreshToken.objects.filter(jti=jti).select_related("family__user").first()
    if token is None or token.family.revoked_at is not None:
        return
    RefreshFamily.objects.filter(pk=token.family_id).update(revoked_at=Now())
    user = token.family.user
    record(Action.TOKEN_REUSED, actor_id=user.pk, subject=("user", user.pk))
    post(Letter.Kind.TOKEN_REUSED, user)


@atomic
def sign_out(*, raw: str, user: User | None = None) -> None:
    """End the sign-in a refresh token belongs to; ending it twice is fine.

    :raises InvalidToken: not a refresh token of ours.
    """
    families = RefreshFamily.objects.filter(refreshtoken=_jti_of(raw), revoked_at=None)
    family = families.first()
    if family is None or (user is not None and family.user_id != user.pk):
        return
    families.update(revoked_at=Now())
    record(Action.SIGNED_OUT, actor_id=family.user_id, subject=("user", family.user_id))


def end_every_sign_in(user: User) -> None:
    """Kill every token of the user; in the caller's transaction."""
    RefreshFamily.objects.filter(user=user, revoked_at=None).update(revoked_at=Now())
    user.token_version += 1
    user.save(update_fields=["token_version", "updated_at"])


def forget_expired() -> int:
    """Delete families whose last token expired; the number of rows deleted."""
    living = RefreshToken.objects.filter(expires_at__gt=timezone.now())
    dead = RefreshFamily.objects.exclude(pk__in=living.values("family"))
    return dead.delete()[0]
