"""The second step of a sign-in: a code or a passkey, after the password.

The factors are django-allauth's (`allauth.mfa`), and so is their arithmetic. Wrong
answers and used codes are remembered in PostgreSQL: the library trusts the cache with
the latter, and Redis may be emptied at any time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from allauth.core.context import request_context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings as library
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.internal import auth as passkeys
from django.core.exceptions import ValidationError
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.http import HttpRequest
from rest_framework_simplejwt.exceptions import TokenError

from accounts import tokens
from accounts.errors import (
    InvalidSecondFactor,
    InvalidToken,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
    SecondStepLocked,
)
from accounts.models import SecondStep, User
from accounts.policies import needs_second_factor
from audit.actions import Action
from audit.services import record

WRONG_ANSWERS = 5
LOCKED_FOR = timedelta(minutes=15)

# What a mangled answer of a browser makes the library's parsers raise.
UNREADABLE = (ValidationError, LookupError, TypeError, ValueError, AttributeError)


class Proved(StrEnum):
    """What proved who somebody is; a journal keeps these words."""

    PASSWORD = "password"  # noqa: S105 (a kind of proof)
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


# Looks at the factors of a locked person and uses up what it takes; None: wrong.
Proof = Callable[[User], Proved | None]


def is_enrolled(user: User) -> bool:
    """Whether a second step is asked of this person: recovery codes alone are none."""
    factors = Authenticator.objects.filter(user_id=user.pk)
    found: bool = factors.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
    return found


def refuse_unenrolled(user: User) -> None:
    """:raises SecondFactorEnrolmentRequired: a factor is needed and there is none."""
    if must_enrol(user):
        raise SecondFactorEnrolmentRequired


def must_enrol(user: User) -> bool:
    """Asks the database only about those who need a factor."""
    return needs_second_factor(user) and not is_enrolled(user)


def demand(user: User) -> None:
    """Let on whoever has no second factor and needs none.

    :raises SecondFactorRequired: with the token of the second step, its life in
        seconds, and what the API takes: `totp`, `recovery_code`.
    :raises SecondFactorEnrolmentRequired: a factor is needed and there is none.
    """
    if not is_enrolled(user):
        return refuse_unenrolled(user)
    token = tokens.SecondStep()
    token["sub"] = str(user.pk)
    token["ver"] = user.token_version
    kinds = Authenticator.objects.filter(user_id=user.pk).values_list("type", flat=True)
    codes = {Authenticator.Type.TOTP: Proved.TOTP}
    codes[Authenticator.Type.RECOVERY_CODES] = Proved.RECOVERY_CODE
    raise SecondFactorRequired(
        token=str(token),
        expires_in=int(tokens.STEP_LIFETIME.total_seconds()),
        methods=[method.value for kind, method in codes.items() if kind in set(kinds)],
    )


def take_token(*, raw: str, proof: Proof) -> tuple[User, Proved]:
    """Answer the second step of the API; a token brings success once.

    :raises InvalidToken: not a token of a second step, expired, used, or its person
        has changed the password or left.
    :raises SecondStepLocked: :raises InvalidSecondFactor: as `answer`.
    """
    try:
        token = tokens.SecondStep(raw)  # type: ignore[arg-type]  # DRF's stubs
        pk, jti = UUID(str(token["sub"])), UUID(str(token["jti"]))
        version = int(token["ver"])
    except (TokenError, KeyError, ValueError) as error:
        raise InvalidToken from error
    living = User.objects.select_related("role")
    user = living.filter(pk=pk, token_version=version, is_active=True).first()
    if user is None:
        raise InvalidToken
    return user, answer(user=user, proof=proof, token=jti)


def answer(*, user: User, proof: Proof, token: UUID | None = None) -> Proved:
    """Look at one answer of a person, count it, and say what proved it.

    One at a time for each person, so that guesses in parallel are counted as well.

    :raises SecondStepLocked: five wrong ones in a quarter of an hour.
    :raises InvalidToken: the token was used. :raises InvalidSecondFactor: wrong.
    """
    with atomic():
        lock(user)
        _refuse_if_locked(user)
        if token and SecondStep.objects.filter(used_token=token).exists():
            raise InvalidToken
        proved = proof(user)
        if proved is None:
            _note_wrong(user)
        else:
            _note_right(user, proved, token)
    if proved is None:
        raise InvalidSecondFactor
    return proved


def lock(user: User) -> None:
    """Wait until nobody else answers for this person or changes her factors."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _refuse_if_locked(user: User) -> None:
    recent = SecondStep.objects.filter(at__gt=Now() - LOCKED_FOR, succeeded=False)
    if recent.filter(user=user).count() >= WRONG_ANSWERS:
        raise SecondStepLocked(retry_after=LOCKED_FOR)


def _note_wrong(user: User) -> None:
    SecondStep.objects.create(user=user, succeeded=False)
    record(Action.SECOND_STEP_FAILED, actor_id=user.pk, subject=("user", user.pk))


def _note_right(user: User, proved: Proved, token: UUID | None) -> None:
    SecondStep.objects.filter(user=user, succeeded=False).delete()
    SecondStep.objects.create(user=user, succeeded=True, used_token=token)
    about = ("user", user.pk)
    if proved is Proved.RECOVERY_CODE:
        record(Action.RECOVERY_CODE_USED, actor_id=user.pk, subject=about)
    else:
        record(
            Action.SECOND_STEP_PASSED,
            actor_id=user.pk,
            subject=about,
            facts={"how": proved.value},
        )


def confirm(*, user: User, password: str, proof: Proof) -> None:
    """Prove again who sits here: by password and, where there is one, second factor.

    :raises SecondStepLocked: :raises InvalidSecondFactor: as `answer`; a wrong password
        counts like a wrong code.
    """

    def both(person: User) -> Proved | None:
        if not person.check_password(password):
            return None
        return proof(person) if is_enrolled(person) else Proved.PASSWORD

    answer(user=user, proof=both)


def by_code(code: str, *, now: datetime) -> Proof:
    """The proof by six digits of an authenticator, or by a recovery code."""

    def look(user: User) -> Proved | None:
        factors = Authenticator.objects.filter(user_id=user.pk)
        for totp in factors.filter(type=Authenticator.Type.TOTP):
            if _use_totp(totp, code, now=now):
                return Proved.TOTP
        for codes in factors.filter(type=Authenticator.Type.RECOVERY_CODES):
            if RecoveryCodes(codes).validate_code(code):
                return Proved.RECOVERY_CODE
        return None

    return look


def _use_totp(factor: Authenticator, code: str, *, now: datetime) -> bool:
    """Take a code once; after it, none as old or older (RFC 6238, section 5.2)."""
    period = period_of(code, secret=decrypt(factor.data["secret"]), now=now)
    if period is None or period <= factor.data["used_period"]:
        return False
    factor.data["used_period"] = period
    factor.last_used_at = now
    factor.save(update_fields=["data", "last_used_at"])
    return True


def period_of(code: str, *, secret: str, now: datetime) -> int | None:
    """Which half-minute near `now` shows this code, counted since 1970; None: none."""
    present = int(now.timestamp()) // library.TOTP_PERIOD
    tolerance: int = library.TOTP_TOLERANCE
    for period in range(present - tolerance, present + tolerance + 1):
        expected = format_hotp_value(hotp_value(secret, period))
        if compare_user_code(actual=code, expected=expected):
            return period
    return None


def passkey_question(request: HttpRequest, user: User) -> dict[str, object]:
    """What the browser asks a passkey; its challenge waits in the session."""
    with request_context(request):
        options: dict[str, object] = passkeys.begin_authentication(user)
    return options


def by_passkey(
    request: HttpRequest, response: dict[str, object], *, now: datetime
) -> Proof:
    """The proof by a passkey's answer to the question in the session."""

    def look(user: User) -> Proved | None:
        with request_context(request):
            try:
                factor = passkeys.complete_authentication(user, response)
            except UNREADABLE:
                return None
            finally:
                passkeys.clear_state()
        factor.last_used_at = now
        factor.save(update_fields=["last_used_at"])
        return Proved.PASSKEY

    return look


def forget_old() -> None:
    """Delete answers that neither lock a person nor belong to a living token."""
    SecondStep.objects.filter(at__lt=Now() - LOCKED_FOR).delete()
