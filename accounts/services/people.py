"""Accounts of people: made, changed, closed."""

from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.errors import EmailTaken, SelfGrant
from accounts.models import Role, User, same_mailbox
from accounts.services.rights import refuse_if_last_superuser
from accounts.services.sign_in import end_every_sign_in
from areamedica.database import violated
from audit.actions import Action
from audit.services import record


@atomic
def create_user(
    *, actor: User | None, email: str, full_name: str, role: Role, password: str
) -> User:
    """Open an account; `actor` is None when somebody registers himself.

    :raises EmailTaken: the mailbox has one already.
    :raises django.core.exceptions.ValidationError: the password breaks a rule.
    """
    candidate = User(email=same_mailbox(email), full_name=full_name, role=role)
    validate_password(password, candidate)
    candidate.set_password(password)
    try:
        with atomic():
            candidate.save(force_insert=True)
    except IntegrityError as error:
        if violated(error) != "accounts_user_email_key":
            raise
        raise EmailTaken from error
    record(
        Action.USER_CREATED,
        actor_id=actor.pk if actor else candidate.pk,
        subject=("user", candidate.pk),
        facts={"role": role.name},
    )
    return candidate


@atomic
def change_password(*, actor: User, user: User, password: str) -> None:
    """Set a new password and end every sign-in of the user.

    :raises django.core.exceptions.ValidationError: the password breaks a rule.
    """
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    end_every_sign_in(user)
    record(Action.PASSWORD_CHANGED, actor_id=actor.pk, subject=("user", user.pk))


@atomic
def deactivate(*, actor: User, user: User) -> None:
    """Close an account at once: no sign-in, no token of it works any more.

    :raises SelfGrant: nobody closes his own.
    :raises LastSuperuser: nobody would be left to administer.
    """
    if actor.pk == user.pk:
        raise SelfGrant
    refuse_if_last_superuser(user)
    user.is_active = False
    user.deleted_at = Now()
    user.save(update_fields=["is_active", "deleted_at", "updated_at"])
    end_every_sign_in(user)
    record(Action.USER_DEACTIVATED, actor_id=actor.pk, subject=("user", user.pk))


@atomic
def reactivate(*, actor: User, user: User) -> None:
    """Open a closed account again."""
    user.is_active = True
    user.deleted_at = None
    user.save(update_fields=["is_active", "deleted_at", "updated_at"])
    record(
        Action.USER_CHANGED,
        actor_id=actor.pk,
        subject=("user", user.pk),
        facts={"is_active": True},
    )
