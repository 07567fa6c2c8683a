"""Service clients: who makes them, what they are, and what they never become."""

import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.utils import timezone

from accounts import errors
from accounts.models import ClientKey, Permission, Role, ServiceClient, User
from accounts.services import machines, people, rights
from areamedica.permissions import Permission as P
from audit.models import Record
from tests.accounts.machines import make_machine, private_pem, public_pem
from tests.conftest import PASSWORD
from tests.together import codes, together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]


def told(action: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(
        Record.objects.get(action=f"accounts.{action}").facts
    )
    return facts


def test_a_client_is_registered_with_nothing_to_do_and_nothing_to_show(
    root: User,
) -> None:
    client = machines.register(
        actor=root,
        name="Laboratorio",
        allowed_addresses=["203.0.113.7", "2001:db8::/32"],
    )
    user = User.objects.get(pk=client.pk)
    assert (user.is_machine, user.is_staff, user.is_superuser) == (True, False, False)
    assert user.permission_names == frozenset()
    assert not user.has_usable_password()
    assert user.email.endswith(".invalid")
    assert client.allowed_addresses == ["203.0.113.7/32", "2001:db8::/32"]
    assert client.requests_per_minute == 60
    assert told("client_registered") == {
        "allowed_addresses": ["203.0.113.7/32", "2001:db8::/32"],
        "requests_per_minute": 60,
    }


def test_a_name_is_given_once(root: User) -> None:
    machines.register(actor=root, name="Laboratorio")
    with pytest.raises(errors.ClientNameTaken):
        machines.register(actor=root, name="Laboratorio")
    assert User.objects.filter(is_machine=True).count() == 1


@pytest.mark.parametrize(
    "written", ["", "clinica.example", "203.0.113.7/24", "10.0.0.0/33", "1.2.3"]
)
def test_what_is_no_network_is_refused(root: User, written: str) -> None:
    with pytest.raises(errors.UnreadableNetwork):
        machines.register(actor=root, name="Socio", allowed_addresses=[written])
    assert not ServiceClient.objects.exists()


def test_of_a_key_only_prefix_and_digest_are_kept(root: User) -> None:
    machine = make_machine(root)
    text = machine.issued.text
    _, prefix, secret = text.split("_", 2)
    key = ClientKey.objects.get()
    assert key.prefix == prefix
    stored = str(list(ClientKey.objects.values()) + list(Record.objects.values()))
    assert secret not in stored
    assert text not in repr(machine.issued)
    assert key.expires_at - key.created_at == timedelta(days=365)
    assert told("key_issued")["key"] == prefix
    assert told("key_issued")["can_sign"] is True


def test_a_public_key_is_read_from_pem_or_raw(root: User) -> None:
    import base64

    private = Ed25519PrivateKey.generate()
    raw = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    client = machines.register(actor=root, name="Socio")
    for written in (public_pem(private), base64.b64encode(raw).decode() + "\n"):
        issued = machines.issue_key(actor=root, client=client, public_key=written)
        assert issued.key.public_key == public_pem(private)


def unfit_keys() -> list[str]:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = other.public_key()
    return [
        "x",
        "AAAA",
        "ñ",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        private_pem(Ed25519PrivateKey.generate()).decode(),
    ]


def test_no_other_key_is_taken(root: User) -> None:
    client = machines.register(actor=root, name="Socio")
    for written in unfit_keys():
        with pytest.raises(errors.UnreadablePublicKey):
            machines.issue_key(actor=root, client=client, public_key=written)
    assert not ClientKey.objects.exists()


def test_rotation_gives_a_new_key_and_lets_the_old_one_end_soon(root: User) -> None:
    old = make_machine(root).issued.key
    new = machines.rotate(actor=root, key=old).key
    old.refresh_from_db()
    left = old.expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    assert new.public_key == old.public_key
    assert new.prefix != old.prefix
    assert told("key_rotated")["replaces"] == old.prefix


def test_rotation_never_lengthens_a_life(root: User) -> None:
    machine = make_machine(root)
    brief = machines.issue_key(
        actor=root, client=machine.client, lives=timedelta(hours=1)
    ).key
    machines.rotate(actor=root, key=brief)
    ends = brief.expires_at
    brief.refresh_from_db()
    assert brief.expires_at == ends


def test_a_dead_key_is_neither_rotated_nor_revoked(root: User) -> None:
    machine = make_machine(root)
    key = machine.issued.key
    machines.revoke_key(actor=root, key=key, reason="Fuga")
    spent = machines.issue_key(actor=root, client=machine.client).key
    ClientKey.objects.filter(pk=spent.pk).update(
        created_at=Now() - timedelta(2), expires_at=Now() - timedelta(1)
    )
    for dead in (key, spent):
        with pytest.raises(errors.KeyEnded):
            machines.rotate(actor=root, key=dead)
        with pytest.raises(errors.KeyEnded):
            machines.revoke_key(actor=root, key=dead, reason="Otra vez")
    assert ClientKey.objects.count() == 2


def test_a_closed_client_gets_no_key_and_its_keys_stay_dead(root: User) -> None:
    machine = make_machine(root)
    machines.close(actor=root, client=machine.client, reason="Terminó")
    assert not machine.user.is_active
    assert told("client_closed") == {"reason": "Terminó", "keys_ended": 1}
    with pytest.raises(errors.ClientClosed):
        machines.issue_key(actor=root, client=machine.client)
    machines.reopen(actor=root, client=machine.client, reason="Renovó")
    assert machine.user.is_active
    assert not ClientKey.objects.living().exists()


DEEDS: dict[str, Any] = {
    "register": lambda actor, m: machines.register(actor=actor, name="Otro"),
    "issue": lambda actor, m: machines.issue_key(actor=actor, client=m.client),
    "rotate": lambda actor, m: machines.rotate(actor=actor, key=m.issued.key),
    "revoke": lambda actor, m: machines.revoke_key(
        actor=actor, key=m.issued.key, reason="x"
    ),
    "limit": lambda actor, m: machines.set_limits(
        actor=actor, client=m.client, allowed_addresses=[], requests_per_minute=9
    ),
    "close": lambda actor, m: machines.close(actor=actor, client=m.client, reason="x"),
    "reopen": lambda actor, m: machines.reopen(
        actor=actor, client=m.client, reason="x"
    ),
    "grant": lambda actor, m: rights.grant(
        actor=actor,
        user=m.client.user,
        permission=Permission.objects.get(name="audit:read"),
        reason="x",
    ),
}


@pytest.mark.parametrize("role", ["cashier", "reviewer", "auditor", "admin", "machine"])
@pytest.mark.parametrize("deed", list(DEEDS))
def test_only_superusers_manage_machines(
    root: User, person: Any, role: str, deed: str
) -> None:
    machine = make_machine(root)
    if role == "machine":
        actor = make_machine(root, name="Ajena").user
    else:
        actor = person("paula", role)
    before = (Record.objects.count(), list(ClientKey.objects.values()))
    with pytest.raises(errors.SuperuserOnly):
        DEEDS[deed](actor, machine)
    assert (Record.objects.count(), list(ClientKey.objects.values())) == before
    DEEDS[deed](root, machine)
    assert Record.objects.latest("id").actor_id == root.pk


@pytest.mark.parametrize("name", ["admin:access", "user:manage"])
def test_no_machine_administers(root: User, name: str) -> None:
    machine = make_machine(root)
    row = Permission.objects.get(name=name)
    with pytest.raises(errors.NotForMachines):
        rights.grant(actor=root, user=machine.user, permission=row, reason="x")
    # Not even by a row that somebody wrote past the service.
    machine.user.grant_set.create(permission=row, granted_by=root, reason="x")
    assert not machine.user.can(P(name))


def test_a_machine_is_made_into_nothing_else(root: User) -> None:
    user = make_machine(root).user
    admin = Role.objects.get(name="admin")
    with pytest.raises(errors.NotForMachines):
        rights.change_role(actor=root, user=user, role=admin, reason="x")
    with pytest.raises(errors.NotForMachines):
        rights.set_superuser(actor=root, user=user, is_superuser=True, reason="x")
    with pytest.raises(errors.NotForMachines):
        people.change_password(actor=root, user=user, password=PASSWORD)
    with pytest.raises(errors.NotForMachines):
        people.describe(actor=user, user=user, changes={"full_name": "Root"})
    with pytest.raises(IntegrityError), atomic():
        User.objects.filter(pk=user.pk).update(is_superuser=True)
    assert not user.is_staff


def test_what_a_role_may_is_nothing_to_a_machine(root: User) -> None:
    user = make_machine(root).user
    plain = Role.objects.get(name="user")
    plain.permissions.add(Permission.objects.get(name="transaction:read"))
    assert User.objects.get(pk=user.pk).permission_names == frozenset()


def test_a_machine_signs_in_nowhere(root: User, api: Any, client: Any) -> None:
    user = make_machine(root).user
    for password in (PASSWORD, "", "!"):
        answer = api(None).post(
            "/api/v1/auth/login",
            {"email": user.email, "password": password},
            format="json",
        )
        assert answer.status_code in {400, 401}
    # Whatever somebody did by hand.
    user.set_password(PASSWORD)
    user.save()
    answer = api(None).post(
        "/api/v1/auth/login",
        {"email": user.email, "password": PASSWORD},
        format="json",
    )
    assert answer.status_code == 401
    client.post("/admin/login/", {"username": user.email, "password": PASSWORD})
    assert client.get("/admin/").status_code == 302


def test_machines_are_no_people(root: User, api: Any, back_office: Any) -> None:
    machine = make_machine(root, name="Laboratorio Andes")
    browser = api(root)
    listed = browser.get("/api/v1/users").json()["items"]
    assert [each["email"] for each in listed] == [root.email]
    assert browser.get("/api/v1/users/stats").json()["total_users"] == 1
    url = f"/api/v1/users/{machine.client.pk}"
    for answer in (
        browser.get(url),
        browser.put(url, {"full_name": "Root"}, format="json"),
        browser.delete(url),
    ):
        assert answer.status_code == 404
    office = back_office(root)
    page = office.get("/admin/accounts/user/").content.decode()
    assert "Laboratorio Andes" not in page
    one = f"/admin/accounts/user/{machine.client.pk}/"
    assert office.get(f"{one}change/").status_code == 404
    assert office.post(f"{one}deactivate/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_two_who_revoke_one_key_one_is_told_it_ended(root: User) -> None:
    key = make_machine(root).issued.key
    results = together(
        *[lambda: machines.revoke_key(actor=root, key=key, reason="Fuga")] * 4
    )
    assert codes(results) == ["KEY_ENDED"] * 3 + ["None"]


@pytest.mark.django_db(transaction=True)
def test_no_key_outlives_its_client_that_is_closed_meanwhile(root: User) -> None:
    for number in range(5):
        client = machines.register(actor=root, name=f"Socio {number}")
        together(
            lambda client=client: machines.issue_key(actor=root, client=client),
            lambda client=client: machines.close(
                actor=root, client=client, reason="Terminó"
            ),
        )
        assert not client.keys.living().exists()
