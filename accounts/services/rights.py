"""Who gives whom what: grants, roles. Superusers only, never to oneself."""

from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.errors import (
    LastSuperuser,
    NotForMachines,
    SelfGrant,
    SuperuserOnly,
)
from accounts.models import Grant, Permission, Role, User
from areamedica.permissions import FOR_PEOPLE_ONLY
from audit.actions import Action
from audit.services import record


def refuse_unless_superior(actor: User, user: User) -> None:
    """:raises SuperuserOnly: :raises SelfGrant:"""
    if not actor.is_superuser:
        raise SuperuserOnly
    if actor.pk == user.pk:
        raise SelfGrant


def _refuse_machine(user: User) -> None:
    """:raises NotForMachines:"""
    if user.is_machine:
        raise NotForMachines


@atomic
def grant(*, actor: User, user: User, permission: Permission, reason: str) -> Grant:
    """Give one user one permission beside his role; giving it twice changes nothing.

    :raises SuperuserOnly: the giver is none. :raises SelfGrant: it is himself.
    :raises NotForMachines: no machine administers.
    """
    refuse_unless_superior(actor, user)
    if permission.name in FOR_PEOPLE_ONLY:
        _refuse_machine(user)
    given, is_new = Grant.objects.get_or_create(
        user=user,
        permission=permission,
        defaults={"granted_by": actor, "reason": reason, "granted_at": Now()},
    )
    if is_new:
        record(
            Action.PERMISSION_GRANTED,
            actor_id=actor.pk,
            subject=("user", user.pk),
            facts={"permission": permission.name, "reason": reason},
        )
    return given


@atomic
def revoke(*, actor: User, given: Grant, reason: str) -> None:
    """Take a grant back.

    :raises SuperuserOnly: the taker is none. :raises SelfGrant: it is his own.
    """
    refuse_unless_superior(actor, given.user)
    record(
        Action.PERMISSION_REVOKED,
        actor_id=actor.pk,
        subject=("user", given.user_id),
        facts={"permission": given.permission.name, "reason": reason},
    )
    given.delete()


@atomic
def change_role(*, actor: User, user: User, role: Role, reason: str) -> None:
    """Move a user to another role.

    :raises SuperuserOnly: :raises SelfGrant: as for a grant.
    :raises NotForMachines: a machine has grants only.
    """
    refuse_unless_superior(actor, user)
    _refuse_machine(user)
    was = user.role
    user.role = role
    user.save(update_fields=["role", "updated_at"])
    record(
        Action.ROLE_CHANGED,
        actor_id=actor.pk,
        subject=("user", user.pk),
        facts={"was": was.name, "became": role.name, "reason": reason},
    )


@atomic
def set_superuser(*, actor: User, user: User, is_superuser: bool, reason: str) -> None:
    """Make somebody a superuser, or no longer one.

    :raises SuperuserOnly: :raises SelfGrant: as for a grant.
    :raises NotForMachines: it is a machine.
    :raises LastSuperuser: nobody would be left to grant anything.
    """
    refuse_unless_superior(actor, user)
    _refuse_machine(user)
    if not is_superuser:
        refuse_if_last_superuser(user)
    user.is_superuser = is_superuser
    user.save(update_fields=["is_superuser", "updated_at"])
    record(
        Action.ROLE_CHANGED,
        actor_id=actor.pk,
        subject=("user", user.pk),
        facts={"is_superuser": is_superuser, "reason": reason},
    )


def refuse_if_last_superuser(user: User) -> None:
    """:raises LastSuperuser: no other active superuser exists. Locks them all."""
    others = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    if user.is_superuser and not [other for other in others if other.pk != user.pk]:
        raise LastSuperuser


@atomic
def edit_role(*, actor: User, role: Role, permissions: set[Permission]) -> None:
    """Change what a role may do.

    :raises SuperuserOnly: the editor is none.
    """
    if not actor.is_superuser:
        raise SuperuserOnly
    before = set(role.permissions.all())
    role.permissions.set(permissions)
    record(
        Action.ROLE_EDITED,
        actor_id=actor.pk,
        subject=("role", role.pk),
        facts={
            "role": role.name,
            "added": sorted(each.name for each in permissions - before),
            "removed": sorted(each.name for each in before - permissions),
        },
    )
