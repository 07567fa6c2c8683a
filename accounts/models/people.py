"""People and what they may do."""

import unicodedata
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, Q
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.utils.translation import gettext_lazy as _

from accounts.errors import SignatureRequired
from areamedica import permissions
from areamedica.database import prepared
from areamedica.errors import Forbidden
from areamedica.permissions import FOR_PEOPLE_ONLY, MOVES_MONEY
from audit.actions import Action
from audit.causes import SYSTEM_ID as SYSTEM_ID
from audit.services import record


def same_mailbox(email: str) -> str:
    """The one form an e-mail is stored and compared in."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


class Permission(models.Model):
    """One thing that can be done; its names are `areamedica.permissions`."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.CharField(_("description"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("permission")
        verbose_name_plural = _("permissions")
        ordering = ("name",)

    def __str__(self) -> str:
        try:
            return str(permissions.Permission(self.name).label)
        except ValueError:
            return self.name


class Role(models.Model):
    """A bundle of permissions that a superuser may change."""

    name = models.CharField(_("name"), max_length=32, unique=True)
    label = models.CharField(_("label"), max_length=64)
    is_staff = models.BooleanField(_("works in the back office"), default=True)
    permissions = models.ManyToManyField(
        Permission, verbose_name=_("permissions"), blank=True
    )

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.label


class UserQuerySet(models.QuerySet["User"]):
    def people(self) -> Self:
        """Everybody but the system and the machines of others."""
        return self.exclude(pk=SYSTEM_ID).filter(is_machine=False)

    def with_rights(self) -> Self:
        """Bring role and permission names along, in the same question."""
        by_role = Permission.objects.filter(role__user=OuterRef("pk"))
        by_grant = Permission.objects.filter(grant__user=OuterRef("pk"))
        return self.select_related("role").annotate(
            names_by_role=ArraySubquery(by_role.values("name")),
            names_by_grant=ArraySubquery(by_grant.values("name")),
        )


# Asked at every request of the API; building it from the ORM's parts took longer than
# PostgreSQL needs to answer it.
_SIGNED_IN = """
SELECT {columns},
       ARRAY(SELECT permission.name
               FROM accounts_role_permissions bundle
               JOIN accounts_permission permission
                 ON permission.id = bundle.permission_id
              WHERE bundle.role_id = person.role_id) AS names_by_role,
       ARRAY(SELECT permission.name
               FROM accounts_grant given
               JOIN accounts_permission permission
                 ON permission.id = given.permission_id
              WHERE given.user_id = person.id) AS names_by_grant
  FROM accounts_user person
  JOIN accounts_refreshfamily family ON family.user_id = person.id
 WHERE person.id = %s AND person.is_active AND person.token_version = %s
   AND family.id = %s AND family.revoked_at IS NULL
"""


@cache
def _asked() -> str:
    columns = (f"person.{field.column}" for field in User._meta.concrete_fields)
    return _SIGNED_IN.format(columns=", ".join(columns))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.with_rights().get(email=same_mailbox(username or ""))
        return user

    def signed_in(self, *, pk: UUID, family_id: UUID, version: int) -> "User | None":
        """The user of a token with his rights, while that sign-in is still good."""
        found = prepared(_asked(), [pk, version, family_id])
        if not found:
            return None
        [(*person, by_role, by_grant)] = found
        names = [field.attname for field in User._meta.concrete_fields]
        user = User.from_db(self.db, names, person)
        user.names_by_role, user.names_by_grant = by_role, by_grant
        return user

    def create_user(
        self, *, email: str, password: str | None, role: Role, **fields: Any
    ) -> "User":
        user = User(email=same_mailbox(email), role=role, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, *, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """For `manage.py createsuperuser`, which has no service of ours between."""
        role = Role.objects.get(name="admin")
        with atomic():
            user = self.create_user(
                email=email, password=password, role=role, is_superuser=True, **fields
            )
            record(
                Action.USER_CREATED,
                actor_id=SYSTEM_ID,
                subject=("user", user.pk),
                facts={"role": role.name, "superuser": True},
            )
        return user


class User(AbstractBaseUser):
    """Somebody who signs in with an e-mail address, or a machine with a key."""

    # Whether the request this user was read for carries his own good signature.
    has_signed = False

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=255, unique=True)
    full_name = models.CharField(_("full name"), max_length=255)
    phone = models.CharField(_("phone"), max_length=12, blank=True)
    national_id = models.CharField(_("document"), max_length=11, blank=True)
    role = models.ForeignKey(Role, models.PROTECT, verbose_name=_("role"))
    is_active = models.BooleanField(_("active"), default=True)
    is_verified = models.BooleanField(_("verified"), default=False)
    is_superuser = models.BooleanField(_("superuser"), default=False)
    # The user of a `ServiceClient`: its role says nothing, its grants say it all.
    is_machine = models.BooleanField(
        _("machine"), default=False, db_default=False, editable=False
    )
    # Goes up when every token out there must die: new password, deactivation.
    token_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ("full_name", "email")
        constraints = [
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(is_active=False),
                name="user_deleted_is_inactive",
            ),
            models.CheckConstraint(
                condition=Q(is_machine=False) | Q(is_superuser=False),
                name="user_machine_is_no_superuser",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email

    @property
    def permission_names(self) -> frozenset[str]:
        """What this user may do, by name; everything for a superuser."""
        names = self._names_held
        return names - MOVES_MONEY if self.is_machine and not self.has_signed else names

    @property
    def _names_held(self) -> frozenset[str]:
        if self.is_superuser:
            return frozenset(permissions.Permission.values)
        if not hasattr(self, "names_by_role"):
            rights = type(self).objects.with_rights().get(pk=self.pk)
            self.names_by_role: list[str] = rights.names_by_role
            self.names_by_grant: list[str] = rights.names_by_grant
        if self.is_machine:
            return frozenset(self.names_by_grant) - FOR_PEOPLE_ONLY
        return frozenset(self.names_by_role) | frozenset(self.names_by_grant)

    def can(self, permission: permissions.Permission) -> bool:
        return self.is_active and permission.value in self.permission_names

    def demand(self, permission: permissions.Permission) -> None:
        """Do nothing if the user may.

        :raises SignatureRequired: it is a machine that may, but only with a signature.
        :raises Forbidden: otherwise.
        """
        if self.can(permission):
            return
        if self.is_active and permission.value in self._names_held:
            raise SignatureRequired(permission=permission.value)
        raise Forbidden(permission=permission.value)

    @property
    def is_staff(self) -> bool:
        """Whether the back office opens for this user."""
        return not self.is_machine and (self.is_superuser or self.role.is_staff)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions: library tables are for superusers."""
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser


class Grant(models.Model):
    """A permission given to one user beside his role, by whom and why."""

    user = models.ForeignKey(User, models.CASCADE, verbose_name=_("user"))
    permission = models.ForeignKey(
        Permission, models.CASCADE, verbose_name=_("permission")
    )
    granted_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )
    granted_at = models.DateTimeField(_("granted at"), db_default=Now())
    reason = models.CharField(_("reason"), max_length=500)

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        constraints = [
            models.UniqueConstraint(fields=["user", "permission"], name="grant_once"),
            models.CheckConstraint(
                condition=~Q(user=models.F("granted_by")), name="grant_not_to_oneself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.permission}"
