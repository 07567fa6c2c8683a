"""Who gives whom what; never to oneself, always journaled."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.transaction import atomic

from accounts.errors import EmailTaken, LastSuperuser, SelfGrant, SuperuserOnly
from accounts.models import SYSTEM_ID, Grant, Permission, Role, User
from accounts.policies import may_give, may_manage
from accounts.services import people, rights
from areamedica.permissions import Permission as Name
from audit.models import Record

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

WHY = "Cubre las vacaciones"


@pytest.fixture
def review(db: None) -> Permission:
    return Permission.objects.get(name=Name.TRANSACTION_REVIEW)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_grant_adds_to_the_role_and_a_revocation_takes_it_back(
    root: User, ana: User, review: Permission
) -> None:
    assert not fresh(ana).can(Name.TRANSACTION_REVIEW)
    given = rights.grant(actor=root, user=ana, permission=review, reason=WHY)
    rights.grant(actor=root, user=ana, permission=review, reason="otra vez")
    assert fresh(ana).can(Name.TRANSACTION_REVIEW)
    rights.revoke(actor=root, given=given, reason="Volvió")
    assert not fresh(ana).can(Name.TRANSACTION_REVIEW)
    told = list(
        Record.objects.filter(action__startswith="accounts.permission_")
        .order_by("id")
        .values_list("action", "actor_id", "subject_id")
    )
    assert told == [
        ("accounts.permission_granted", root.pk, str(ana.pk)),
        ("accounts.permission_revoked", root.pk, str(ana.pk)),
    ]


def deeds(actor: User, user: User, review: Permission) -> dict[str, Any]:
    role = Role.objects.get(name="reviewer")
    return {
        "grant": lambda: rights.grant(
            actor=actor, user=user, permission=review, reason=WHY
        ),
        "revoke": lambda: rights.revoke(
            actor=actor, given=Grant(user=user, permission=review), reason=WHY
        ),
        "change_role": lambda: rights.change_role(
            actor=actor, user=user, role=role, reason=WHY
        ),
        "set_superuser": lambda: rights.set_superuser(
            actor=actor, user=user, is_superuser=True, reason=WHY
        ),
    }


@pytest.mark.parametrize("deed", ["grant", "revoke", "change_role", "set_superuser"])
def test_only_superusers_give_and_never_to_themselves(
    root: User, ruben: User, ana: User, review: Permission, deed: str
) -> None:
    before = Record.objects.count()
    with pytest.raises(SuperuserOnly):
        deeds(ruben, ana, review)[deed]()
    with pytest.raises(SelfGrant):
        deeds(root, root, review)[deed]()
    assert Record.objects.count() == before


def test_the_database_refuses_a_grant_to_oneself(
    root: User, review: Permission
) -> None:
    with pytest.raises(IntegrityError, match="grant_not_to_oneself"), atomic():
        Grant.objects.create(user=root, granted_by=root, permission=review, reason=WHY)


def test_a_role_is_data_a_superuser_edits(
    root: User, ruben: User, ana: User, review: Permission
) -> None:
    cashier = Role.objects.get(name="cashier")
    wanted = {*cashier.permissions.all(), review}
    with pytest.raises(SuperuserOnly):
        rights.edit_role(actor=ruben, role=cashier, permissions=wanted)
    rights.edit_role(actor=root, role=cashier, permissions=wanted)
    assert fresh(ana).can(Name.TRANSACTION_REVIEW)
    noted = Record.objects.get(action="accounts.role_edited")
    assert '"added":["transaction:review"]' in noted.facts
    assert '"removed":[]' in noted.facts


def test_the_last_superuser_stays(root: User, person: Any) -> None:
    other = person("otro", "admin", is_superuser=True)
    rights.set_superuser(actor=root, user=other, is_superuser=False, reason=WHY)
    assert not fresh(other).is_superuser
    rights.set_superuser(actor=root, user=other, is_superuser=True, reason=WHY)
    stale = fresh(root)
    people.deactivate(actor=other, user=root)
    lone = fresh(other)
    with pytest.raises(LastSuperuser):
        # Root still believes himself active: two superusers close each other at once.
        people.deactivate(actor=stale, user=lone)
    people.reactivate(actor=lone, user=fresh(root))
    assert fresh(root).is_active


def test_nobody_closes_his_own_account(root: User) -> None:
    with pytest.raises(SelfGrant):
        people.deactivate(actor=root, user=root)


def test_a_change_of_role_is_told(root: User, ana: User) -> None:
    rights.change_role(
        actor=root, user=ana, role=Role.objects.get(name="reviewer"), reason=WHY
    )
    assert fresh(ana).can(Name.TRANSACTION_REVIEW)
    noted = Record.objects.get(action="accounts.role_changed")
    assert noted.facts == (
        '{"became":"reviewer","reason":"Cubre las vacaciones","was":"cashier"}'
    )


def test_one_mailbox_one_account(root: User, ana: User) -> None:
    with pytest.raises(EmailTaken):
        people.create_user(
            actor=root,
            email="ANA@clinica.test",
            full_name="Ana Dos",
            role=ana.role,
            password="una-clave-bastante-larga",
        )


@pytest.mark.parametrize(
    ("role", "password", "is_good"),
    [
        ("user", "corta12", False),
        ("user", "suficiente-9", True),
        ("cashier", "suficiente-9", False),
        ("cashier", "quince-letras-x", True),
        ("user", "password", False),
        ("user", "1357924680", False),
        ("user", "x" * 129, False),
        ("user", "pepita@casa.test", False),
    ],
)
def test_passwords_by_role(root: User, role: str, password: str, is_good: bool) -> None:
    def make() -> User:
        return people.create_user(
            actor=root,
            email="pepita@casa.test",
            full_name="Pepita",
            role=Role.objects.get(name=role),
            password=password,
        )

    if is_good:
        assert make().check_password(password)
        return
    with pytest.raises(ValidationError):
        make()
    assert not User.objects.filter(email="pepita@casa.test").exists()


def test_the_system_cannot_sign_in(db: None) -> None:
    from accounts.models import SYSTEM_ID

    system = User.objects.get(pk=SYSTEM_ID)
    assert not system.is_active
    assert not system.has_usable_password()
    assert not system.can(Name.TRANSACTION_READ)


def test_who_manages_whom(ana: User, beto: User, ruben: User, root: User) -> None:
    """The system is nobody's; who manages nobody manages and makes nobody."""
    system = User.objects.get(pk=SYSTEM_ID)
    cashier = Role.objects.get(name="cashier")
    assert not may_manage(root, system)
    assert not may_manage(ana, beto)
    assert may_manage(root, ruben)
    assert not may_give(ana, cashier)
    assert may_give(root, cashier)
