"""`/profile` for oneself, `/users` for who manages users."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Record
from tests.conftest import PASSWORD

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
]

USERS = "/api/v1/users"
NEW = "otra-clave-bien-larga-2"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "email": "nueva@clinica.test",
        "full_name": "Nueva Persona",
        "role": "cashier",
        "password": NEW,
        "password_confirmation": NEW,
        **changes,
    }


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def chief(person: Any) -> User:
    """Manages users, and is no superuser."""
    made: User = person("jefe", "admin")
    return made


def test_everybody_has_a_profile(api: Any, carla: User) -> None:
    client = api(carla)
    assert client.get("/api/v1/profile").json()["email"] == carla.email
    changed = client.put(
        "/api/v1/profile",
        {"full_name": "Carla Paz", "phone": "584141234567"},
        format="json",
    )
    assert changed.json()["full_name"] == "Carla Paz"
    assert changed.json()["phone"] == "584141234567"
    noted = Record.objects.get(action="accounts.user_changed")
    assert noted.facts == '{"changed":["full_name","phone"]}'


@pytest.mark.parametrize(
    "change", [{"phone": "123"}, {"national_id": "x"}, {"full_name": ""}]
)
def test_a_senseless_profile_is_refused(api: Any, carla: User, change: Any) -> None:
    answer = api(carla).put("/api/v1/profile", change, format="json")
    assert answer.status_code == 400


def test_rights_are_no_part_of_a_profile(api: Any, carla: User) -> None:
    api(carla).put(
        "/api/v1/profile",
        {"role": "admin", "is_superuser": True, "email": "x@y.test"},
        format="json",
    )
    carla.refresh_from_db()
    assert (carla.role.name, carla.is_superuser) == ("support", False)
    assert carla.email == "carla@clinica.test"


def test_a_new_password_needs_the_old_one(api: Any, carla: User) -> None:
    client = api(carla)

    def put(current: str, password: str = NEW, again: str = NEW) -> Any:
        return client.put(
            "/api/v1/profile/password",
            {
                "current_password": current,
                "password": password,
                "password_confirmation": again,
            },
            format="json",
        )

    assert code(put("wrong")) == (401, "INVALID_PASSWORD")
    assert code(put(PASSWORD, NEW, "other")) == (400, "VALIDATION_ERROR")
    weak = put(PASSWORD, "corta", "corta")
    assert list(weak.json()["error"]["details"]["fields"]) == ["password"]
    assert put(PASSWORD).status_code == 204
    assert client.get("/api/v1/profile").status_code == 401


def test_a_manager_makes_reads_changes_and_closes_accounts(
    api: Any, chief: User
) -> None:
    client = api(chief)
    made = client.post(USERS, body(), format="json")
    assert made.status_code == 201
    assert made.json()["role"] == "cashier"
    one = f"{USERS}/{made.json()['id']}"
    assert client.get(one).json()["email"] == "nueva@clinica.test"
    changed = client.put(one, {"full_name": "Otro Nombre"}, format="json")
    assert changed.json()["full_name"] == "Otro Nombre"
    assert client.delete(one).status_code == 204
    assert client.get(one).json()["is_active"] is False
    opened = client.put(one, {"is_active": True}, format="json")
    assert opened.json()["is_active"] is True
    shut = client.put(one, {"is_active": False}, format="json")
    assert shut.json()["is_active"] is False


def test_lists_filter_sort_and_count(api: Any, chief: User, ana: User) -> None:
    client = api(chief)
    assert client.get(USERS).json()["total"] == 2
    assert client.get(USERS, {"role": "cashier"}).json()["total"] == 1
    assert client.get(USERS, {"status": "inactive"}).json()["total"] == 0
    assert client.get(USERS, {"search": "ANA@"}).json()["total"] == 1
    by_mail = client.get(USERS, {"sort": "email:desc"}).json()["items"]
    assert [item["email"][0] for item in by_mail] == ["j", "a"]
    assert len(client.get(USERS, {"cursor": "", "limit": 1}).json()["items"]) == 1
    assert client.get(USERS, {"sort": "password"}).status_code == 400
    assert client.get(USERS, {"status": "x"}).status_code == 400
    assert client.get(f"{USERS}/stats").json() == {
        "total_users": 2,
        "active_users": 2,
        "admin_users": 1,
        "suspended_users": 0,
    }


@pytest.mark.parametrize("who", ["ana", "ruben", "carla", "aldo"])
def test_others_do_not_even_read_them(
    request: pytest.FixtureRequest, api: Any, who: str
) -> None:
    client = api(request.getfixturevalue(who))
    assert code(client.get(USERS)) == (403, "FORBIDDEN")
    assert code(client.post(USERS, body(), format="json")) == (403, "FORBIDDEN")


def test_a_manager_is_not_above_a_superuser(
    api: Any, chief: User, root: User, ana: User
) -> None:
    client = api(chief)
    superuser = f"{USERS}/{root.pk}"
    assert code(client.delete(superuser)) == (403, "FORBIDDEN")
    named = client.put(superuser, {"full_name": "Xx"}, format="json")
    assert code(named) == (403, "FORBIDDEN")
    role = {"role": "reviewer", "reason": "Asciende"}
    raised = client.put(f"{USERS}/{ana.pk}", role, format="json")
    assert code(raised) == (403, "SUPERUSER_ONLY")
    done = api(root).put(f"{USERS}/{ana.pk}", role, format="json")
    assert done.json()["role"] == "reviewer"
    silent = api(root).put(f"{USERS}/{ana.pk}", {"role": "cashier"}, format="json")
    assert silent.status_code == 400


def test_nobody_closes_his_own(api: Any, chief: User) -> None:
    assert code(api(chief).delete(f"{USERS}/{chief.pk}")) == (403, "SELF_GRANT")


def test_a_manager_gives_no_more_than_he_has(api: Any, person: Any, root: User) -> None:
    from accounts.models import Permission
    from accounts.services import rights

    clerk = person("olga", "cashier")
    permission = Permission.objects.get(name="user:manage")
    rights.grant(actor=root, user=clerk, permission=permission, reason="Ayuda")
    client = api(clerk)
    made = client.post(USERS, body(role="reviewer"), format="json")
    assert code(made) == (403, "FORBIDDEN")
    assert client.post(USERS, body(), format="json").status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"email": "no"},
        {"role": "king"},
        {"password": "corta", "password_confirmation": "corta"},
        {"password_confirmation": "x"},
    ],
)
def test_a_senseless_account_is_refused(api: Any, chief: User, change: Any) -> None:
    answer = api(chief).post(USERS, body(**change), format="json")
    assert answer.status_code == 400
    assert not User.objects.filter(email="nueva@clinica.test").exists()


@pytest.mark.parametrize("name", ["x", "00000000-0000-4000-8000-000000000001"])
def test_an_id_that_names_nobody_is_not_found(api: Any, chief: User, name: str) -> None:
    assert code(api(chief).get(f"{USERS}/{name}")) == (404, "USER_NOT_FOUND")
