"""Who may do what to this very person; a sentence each."""

from django.conf import settings

from accounts.models import SYSTEM_ID, Role, User
from areamedica.permissions import Permission


def may_manage(actor: User, user: User) -> bool:
    """A manager of users manages those who may no more than he himself.

    Otherwise he would set a superuser's password and sign in as him.
    Neither the system nor a machine is anybody's to manage here.
    """
    if user.pk == SYSTEM_ID or user.is_machine:
        return False
    if not actor.can(Permission.USER_MANAGE):
        return False
    if actor.is_superuser:
        return True
    return not user.is_superuser and user.permission_names <= actor.permission_names


def may_give(actor: User, role: Role) -> bool:
    """A manager of users makes nobody who may more than he himself."""
    if actor.is_superuser:
        return True
    if not actor.can(Permission.USER_MANAGE):
        return False
    names = {permission.name for permission in role.permissions.all()}
    return names <= actor.permission_names


def needs_second_factor(user: User) -> bool:
    """The clinic lets nobody with this role work on a password alone."""
    required = settings.SECOND_FACTOR_REQUIRED_FOR
    if user.is_superuser and "superuser" in required:
        return True
    return user.role.name in required
