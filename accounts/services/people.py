"""Accounts of people: made, changed, closed, forgotten."""

from collections.abc import Iterable

from django.contrib.auth.password_validation import validate_password
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.errors import EmailTaken, NotForMachines, SelfGrant
from accounts.models import Letter, Role, User, same_mailbox
from accounts.policies import may_give, may_manage
from accounts.services.letters import post
from accounts.services.rights import refuse_if_last_superuser
from accounts.services.sign_in import end_every_sign_in
from areamedica.database import violation_means
from areamedica.errors import Forbidden
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record


def _refuse_unless_manager(actor: User, user: User) -> None:
    """:raises Forbidden: the actor may less than the user, or manages nobody."""
    if not may_manage(actor, user):
        raise Forbidden(permission=Permission.USER_MANAGE.value)


@atomic
def create_user(
    *, actor: User | None, email: str, full_name: str, role: Role, password: str
) -> User:
    """Open an account; `actor` is None when somebody registers himself.

    :raises Forbidden: the actor manages nobody, or may less than the role.
    :raises EmailTaken: the mailbox has one already.
    :raises django.core.exceptions.ValidationError: the password breaks a rule.
    """
    if actor is not None and not may_give(actor, role):
        raise Forbidden(permission=Permission.USER_MANAGE.value)
    candidate = User(email=same_mailbox(email), full_name=full_name, role=role)
    validate_password(password, candidate)
    candidate.set_password(password)
    with violation_means("accounts_user_email_key", EmailTaken):
        candidate.save(force_insert=True)
    record(
        Action.USER_CREATED,
        actor_id=actor.pk if actor else candidate.pk,
        subject=("user", candidate.pk),
        facts={"role": role.name},
    )
    post(Letter.Kind.VERIFY, candidate)
    return candidate


def set_password(user: User, password: str) -> None:
    """Set it, end every sign-in and write to the user; in the caller's transaction.

    :raises django.core.exceptions.ValidationError: the password breaks a rule.
    """
    validate_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password", "updated_at"])
    end_every_sign_in(user)
    post(Letter.Kind.PASSWORD_CHANGED, user)


@atomic
def change_password(*, actor: User, user: User, password: str) -> None:
    """Set a new password and end every sign-in of the user.

    :raises NotForMachines: a machine shows keys.
    :raises Forbidden: it is neither his own nor of somebody he manages.
    :raises django.core.exceptions.ValidationError: the password breaks a rule.
    """
    if user.is_machine:
        raise NotForMachines
    if actor.pk != user.pk:
        _refuse_unless_manager(actor, user)
    set_password(user, password)
    record(Action.PASSWORD_CHANGED, actor_id=actor.pk, subject=("user", user.pk))


@atomic
def deactivate(*, actor: User, user: User) -> None:
    """Close an account at once: no sign-in, no token of it works any more.

    :raises SelfGrant: nobody closes his own.
    :raises Forbidden: it is of somebody he does not manage.
    :raises LastSuperuser: nobody would be left to administer.
    """
    if actor.pk == user.pk:
        raise SelfGrant
    _refuse_unless_manager(actor, user)
    refuse_if_last_superuser(user)
    user.is_active = False
    user.deleted_at = Now()
    user.save(update_fields=["is_active", "deleted_at", "updated_at"])
    end_every_sign_in(user)
    record(Action.USER_DEACTIVATED, actor_id=actor.pk, subject=("user", user.pk))


@atomic
def reactivate(*, actor: User, user: User) -> None:
    """Open a closed account again.

    :raises Forbidden: it is of somebody he does not manage.
    """
    _refuse_unless_manager(actor, user)
    user.is_active = True
    user.deleted_at = None
    user.save(update_fields=["is_active", "deleted_at", "updated_at"])
    record(
        Action.USER_CHANGED,
        actor_id=actor.pk,
        subject=("user", user.pk),
        facts={"is_active": True},
    )


@atomic
def describe(*, actor: User, user: User, changes: dict[str, str]) -> None:
    """Change what describes a person: full_name, phone, national_id.

    :raises NotForMachines: others know a machine by the name it was given.
    :raises Forbidden: it is neither himself nor somebody he manages.
    """
    if user.is_machine:
        raise NotForMachines
    if actor.pk != user.pk:
        _refuse_unless_manager(actor, user)
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=[*changes, "updated_at"])
    record(
        Action.USER_CHANGED,
        actor_id=actor.pk,
        subject=("user", user.pk),
        facts={"changed": sorted(changes)},
    )


@atomic
def forget(*, actor: User, users: Iterable[User]) -> int:
    """Blank the accounts of patients who want to be forgotten; how many.

    The row stays, for it recorded things; nobody signs in with it again. Staff are not
    forgotten: who decided what is kept as long as the books.

    :raises Forbidden: the actor may not erase personal data.
    """
    actor.demand(Permission.PRIVACY_MANAGE)
    patients = [user for user in users if not user.is_staff and not user.is_machine]
    for user in patients:
        user.email = f"{user.pk}@erased.invalid"
        user.full_name = user.phone = user.national_id = ""
        user.is_active = user.is_verified = False
        user.deleted_at = Now()
        user.set_unusable_password()
        user.save()
        end_every_sign_in(user)
        record(Action.USER_DEACTIVATED, actor_id=actor.pk, subject=("user", user.pk))
    return len(patients)
