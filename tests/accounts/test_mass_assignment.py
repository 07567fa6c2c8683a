"""Fields that nobody asked for change nothing, at every writing endpoint of people."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import Grant, Letter, RefreshFamily, Role, User
from audit.models import Record
from tests.accounts.letterbox import link_of, post_comes, the_letter
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

API = "/api/v1"
NEW = "otra-clave-bien-larga-2"
TYPED_TWICE = {"password": NEW, "password_confirmation": NEW}
OTHER = "00000000-0000-4000-8000-00000000abcd"
# What a thief would like to be, in every spelling a careless serializer might take.
WISHES: dict[str, Any] = {
    "id": OTHER,
    "pk": OTHER,
    "user": OTHER,
    "user_id": OTHER,
    "actor": OTHER,
    "is_superuser": True,
    "isSuperuser": True,
    "is_staff": True,
    "is_verified": True,
    "token_version": 99,
    "role_id": 6,
    "role__name": "admin",
    "roles": ["admin"],
    "permissions": ["user:manage", "admin:access"],
    "user_permissions": [1],
    "groups": [1],
    "grant": [{"permission": "user:manage"}],
    "grants": ["user:manage"],
    "names_by_role": ["user:manage"],
    "names_by_grant": ["user:manage"],
    "permission_names": ["user:manage"],
    "created_at": "2001-01-01T00:00:00Z",
    "updated_at": "2001-01-01T00:00:00Z",
    "deleted_at": "2001-01-01T00:00:00Z",
    "last_login": "2001-01-01T00:00:00Z",
    "password_hash": "x",
    "_state": {},
    "__class__": "User",
    "__proto__": {"is_superuser": True},
    "constructor": {"prototype": {"is_superuser": True}},
}
# Of these some endpoints have a field of their own.
MORE = {
    "role": "admin",
    "is_active": False,
    "email": "thief@evil.test",
    "password": "taken-over-by-a-thief",
    "reason": "porque sí",
}
WATCHED = [field.name for field in User._meta.concrete_fields]


def seen(email: str) -> dict[str, Any]:
    return User.objects.filter(email=email).values(*WATCHED).get()


def wished(*but: str) -> dict[str, Any]:
    every = {**WISHES, **MORE}
    return {name: value for name, value in every.items() if name not in but}


def differs(before: dict[str, Any], email: str) -> set[str]:
    after = seen(email)
    changed = {name for name in WATCHED if before[name] != after[name]}
    return changed - {"updated_at", "last_login"}


def test_a_profile_is_a_name_a_phone_and_a_document(ana: User, api: Any) -> None:
    client, before = api(ana), seen(ana.email)
    answer = client.put(
        f"{API}/profile", {**wished(), "full_name": "Otra"}, format="json"
    )
    assert answer.status_code == 200
    assert differs(before, ana.email) == {"full_name"}
    assert not Grant.objects.exists()
    assert client.get(f"{API}/users").status_code == 403


def test_one_wish_at_a_time_is_not_granted_either(ana: User, api: Any) -> None:
    client, before = api(ana), seen(ana.email)
    for name, value in wished().items():
        answer = client.put(f"{API}/profile", {name: value}, format="json")
        assert answer.status_code == 200, name
        assert differs(before, ana.email) == set(), name


def test_a_changed_password_changes_no_more(ana: User, api: Any) -> None:
    client, before = api(ana), seen(ana.email)
    body = {**wished(), "current_password": PASSWORD, **TYPED_TWICE}
    answer = client.put(f"{API}/profile/password", body, format="json")
    assert answer.status_code == 204
    assert differs(before, ana.email) == {"password", "token_version"}
    assert seen(ana.email)["token_version"] == before["token_version"] + 1


@pytest.mark.parametrize("path", ["auth/register", "users"])
def test_an_account_is_born_with_its_role_alone(
    root: User, api: Any, settings: Any, path: str
) -> None:
    settings.ALLOW_PUBLIC_REGISTRATION = True
    client = api(root) if path == "users" else api(None)
    body = {**wished(), "email": "nueva@casa.test", "full_name": "Nueva", **TYPED_TWICE}
    if path == "users":
        body["role"] = "cashier"
    answer = client.post(f"{API}/{path}", body, format="json")
    assert answer.status_code == 201
    born = User.objects.get(email="nueva@casa.test")
    assert str(born.pk) != OTHER
    assert born.role.name == ("cashier" if path == "users" else "user")
    assert (born.is_superuser, born.is_active, born.is_verified) == (False, True, False)
    assert born.token_version == 1
    assert born.created_at.year > 2001
    assert born.deleted_at is None
    assert born.check_password(NEW)
    assert not Grant.objects.exists()


def test_a_manager_changes_what_the_address_names(
    root: User, ana: User, beto: User, api: Any
) -> None:
    before, neighbour = seen(ana.email), seen(beto.email)
    answer = api(root).put(
        f"{API}/users/{ana.pk}",
        {**wished("role", "is_active"), "id": str(beto.pk), "phone": ""},
        format="json",
    )
    assert answer.status_code == 200
    assert differs(before, ana.email) == set()
    assert differs(neighbour, beto.email) == set()


def test_a_manager_who_is_no_superuser_gives_no_role(
    person: Any, ana: User, api: Any
) -> None:
    manager = person("marta", "admin")
    before = seen(ana.email)
    answer = api(manager).put(f"{API}/users/{ana.pk}", wished(), format="json")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "SUPERUSER_ONLY"
    assert differs(before, ana.email) == set()


def test_a_link_changes_what_it_was_sent_for(ana: User, api: Any) -> None:
    stranger, before = api(None), seen(ana.email)
    stranger.post(
        f"{API}/auth/password-reset",
        {**wished(), "email": ana.email, "user": OTHER, "language": "x", "sent_at": 1},
        format="json",
    )
    _, token = link_of(the_letter())
    assert str(Letter.objects.get().user_id) == str(ana.pk)
    answer = stranger.post(
        f"{API}/auth/password-reset/confirm",
        {**wished(), "token": token, **TYPED_TWICE},
        format="json",
    )
    assert answer.status_code == 204
    assert differs(before, ana.email) == {"password", "token_version"}
    post_comes()
    stranger.force_authenticate(ana)
    stranger.post(f"{API}/auth/verify-email/resend", wished(), format="json")
    stranger.force_authenticate(None)
    before = seen(ana.email)
    _, token = link_of(the_letter())
    body = {**wished(), "token": token}
    assert stranger.post(
        f"{API}/auth/verify-email", body, format="json"
    ).status_code == (204)
    assert differs(before, ana.email) == {"is_verified"}


def test_a_sign_in_signs_in_who_knows_the_password(ana: User, root: User) -> None:
    client, before = APIClient(), seen(ana.email)
    body = {**wished(), "email": ana.email, "password": PASSWORD, "user": str(root.pk)}
    tokens = client.post(f"{API}/auth/login", body, format="json").json()
    assert tokens["user"]["email"] == ana.email
    for path in ("refresh", "logout"):
        family = RefreshFamily.objects.get()
        body = {**wished(), "refresh_token": tokens["refresh_token"], "fam": OTHER}
        answer = client.post(f"{API}/auth/{path}", body, format="json")
        assert answer.status_code < 300
        assert family.user_id == ana.pk
    assert differs(before, ana.email) == set()
    assert not Grant.objects.exists()
    assert not Record.objects.filter(actor_id=root.pk).exists()


def test_the_roles_are_what_they_were(ana: User, api: Any) -> None:
    before = {role.name: role.permissions.count() for role in Role.objects.all()}
    api(ana).put(f"{API}/profile", wished(), format="json")
    assert before == {
        role.name: role.permissions.count() for role in Role.objects.all()
    }
