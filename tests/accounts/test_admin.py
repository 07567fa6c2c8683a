"""People in the back office: nothing is written but by the services."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import SYSTEM_ID, Grant, Role, User
from accounts.models import Permission as PermissionRow
from audit.models import Record
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

PEOPLE = "/admin/accounts/user/"
LONG = "otra-clave-bien-larga-9"


@pytest.fixture
def gabi(person: Any) -> User:
    """An administrator who is no superuser."""
    user: User = person("gabi", "admin")
    return user


def role(name: str) -> Role:
    return Role.objects.get(name=name)


def press(client: Any, user: User, verb: str, **said: Any) -> str:
    answer = client.post(f"{PEOPLE}{user.pk}/{verb}/", said, follow=True)
    user.refresh_from_db()
    return str(answer.content.decode())


def journaled(action: str) -> Record:
    return Record.objects.get(action=f"accounts.{action}")


def test_an_administrator_opens_an_account(back_office: Any, gabi: User) -> None:
    typed = {
        "full_name": "Nora Gil",
        "email": "Nora@Clinica.test",
        "role": role("cashier").pk,
        "password": LONG,
    }
    back_office(gabi).post(f"{PEOPLE}new/", typed)
    nora = User.objects.get(email="nora@clinica.test")
    assert nora.check_password(LONG)
    assert nora.role.name == "cashier"
    assert not nora.is_superuser
    assert journaled("user_created").actor_id == gabi.pk


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("password", "corta"),
        ("password", "123456789012345678"),
        ("email", "nora"),
        ("email", "ana@clinica.test"),
        ("role", "999"),
        ("full_name", ""),
    ],
)
def test_a_wrong_account_is_refused_at_its_field(
    back_office: Any, gabi: User, ana: User, field: str, typed: str
) -> None:
    said = {
        "full_name": "Nora Gil",
        "email": "nora@clinica.test",
        "role": role("cashier").pk,
        "password": LONG,
        field: typed,
    }
    answer = back_office(gabi).post(f"{PEOPLE}new/", said)
    assert field in answer.context["form"].errors
    assert not User.objects.filter(full_name="Nora Gil").exists()


def test_nobody_opens_an_account_that_may_more_than_he(
    back_office: Any, gabi: User
) -> None:
    role("admin").permissions.remove(PermissionRow.objects.get(name="bank:manage"))
    role("auditor").permissions.add(PermissionRow.objects.get(name="bank:manage"))
    said = {
        "full_name": "Nora Gil",
        "email": "nora@clinica.test",
        "role": role("auditor").pk,
        "password": LONG,
    }
    answer = back_office(gabi).post(f"{PEOPLE}new/", said)
    assert "role" in answer.context["form"].errors


def test_an_account_is_closed_and_opened_again(
    back_office: Any, gabi: User, ana: User
) -> None:
    client, hers = back_office(gabi), back_office(ana)
    press(client, ana, "deactivate")
    assert not ana.is_active
    assert hers.get("/admin/").status_code == 302
    press(client, ana, "reactivate")
    assert ana.is_active


def test_nobody_closes_his_own(back_office: Any, gabi: User) -> None:
    page = press(back_office(gabi), gabi, "deactivate")
    assert gabi.is_active
    assert "Nadie cambia sus propios permisos." in page


def test_a_password_is_set_for_somebody(
    back_office: Any, gabi: User, ana: User
) -> None:
    hers = back_office(ana)
    press(back_office(gabi), ana, "password", password=LONG)
    assert ana.check_password(LONG)
    assert hers.get("/admin/").status_code == 302
    assert journaled("password_changed").actor_id == gabi.pk


def test_a_weak_password_is_refused_in_words(
    back_office: Any, gabi: User, ana: User
) -> None:
    page = press(back_office(gabi), ana, "password", password="corta")
    assert ana.check_password(PASSWORD)
    assert "Use al menos 15 caracteres." in page


@pytest.mark.parametrize("verb", ["deactivate", "password"])
def test_an_administrator_does_not_touch_a_superuser(
    back_office: Any, gabi: User, root: User, verb: str
) -> None:
    page = press(back_office(gabi), root, verb, password=LONG)
    assert root.is_active
    assert root.check_password(PASSWORD)
    assert "Solo un superusuario" in page


def test_an_administrator_does_not_touch_one_who_may_more(
    back_office: Any, gabi: User, aldo: User, root: User
) -> None:
    role("admin").permissions.remove(PermissionRow.objects.get(name="ledger:read"))
    press(back_office(gabi), aldo, "password", password=LONG)
    assert aldo.check_password(PASSWORD)


def test_a_superuser_changes_a_role_with_a_reason(
    back_office: Any, root: User, ana: User
) -> None:
    client = back_office(root)
    reviewer = role("reviewer")
    assert "Motivo" in press(client, ana, "role", role=reviewer.pk)
    assert ana.role.name == "cashier"
    press(client, ana, "role", role=reviewer.pk, reason="Ascenso")
    assert ana.role.name == "reviewer"
    assert "Ascenso" in journaled("role_changed").facts


def test_a_superuser_grants_and_revokes(
    back_office: Any, root: User, carla: User
) -> None:
    client = back_office(root)
    permission = PermissionRow.objects.get(name="transaction:export")
    press(client, carla, "grant", permission=permission.pk, reason="Auditoría")
    given = Grant.objects.get(user=carla)
    assert given.granted_by_id == root.pk
    press(client, carla, f"revoke/{given.pk}", reason="Terminó")
    assert not Grant.objects.exists()
    assert journaled("permission_granted").actor_id == root.pk
    assert journaled("permission_revoked").actor_id == root.pk


def test_a_grant_is_taken_from_its_own_holder_only(
    back_office: Any, root: User, carla: User, ana: User
) -> None:
    client = back_office(root)
    permission = PermissionRow.objects.get(name="transaction:export")
    press(client, carla, "grant", permission=permission.pk, reason="Auditoría")
    given = Grant.objects.get()
    answer = client.post(f"{PEOPLE}{ana.pk}/revoke/{given.pk}/", {"reason": "x"})
    assert answer.status_code == 404
    assert Grant.objects.exists()


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("role", {"role": "auditor"}),
        ("superuser", {"is_superuser": "yes"}),
        ("grant", {"permission": "transaction:review"}),
    ],
)
@pytest.mark.parametrize("who", ["admin on another", "superuser on himself"])
def test_rights_are_given_by_superusers_and_never_to_oneself(
    back_office: Any, gabi: User, root: User, ana: User, verb: str, said: Any, who: str
) -> None:
    actor, target = (gabi, ana) if who == "admin on another" else (root, root)
    if "role" in said:
        said = {"role": role(said["role"]).pk}
    if "permission" in said:
        row = PermissionRow.objects.get(name=said["permission"])
        said = {"permission": row.pk}
    before = (target.role_id, target.is_superuser, Grant.objects.count())
    page = press(back_office(actor), target, verb, reason="Porque sí", **said)
    assert (target.role_id, target.is_superuser, Grant.objects.count()) == before
    assert "Solo un superusuario" in page or "Nadie cambia sus propios" in page


def test_a_second_superuser_is_made_and_unmade(
    back_office: Any, root: User, gabi: User
) -> None:
    client = back_office(root)
    press(client, gabi, "superuser", is_superuser="yes", reason="Suplencia")
    assert gabi.is_superuser
    press(client, gabi, "superuser", is_superuser="no", reason="Terminó")
    assert not gabi.is_superuser


def test_a_role_is_edited_by_superusers_only(
    back_office: Any, root: User, gabi: User
) -> None:
    support = role("support")
    url = f"/admin/accounts/role/{support.pk}/edit/"
    wanted = {"permission": ["transaction:read", "transaction:export"]}
    refused = back_office(gabi).post(url, wanted, follow=True)
    assert "Solo un superusuario" in refused.content.decode()
    assert support.permissions.count() == 1
    back_office(root).post(url, wanted)
    assert support.permissions.count() == 2
    assert '"added":["transaction:export"]' in journaled("role_edited").facts


def test_the_system_is_nobody_to_be_managed(back_office: Any, root: User) -> None:
    client = back_office(root)
    assert client.get(f"{PEOPLE}{SYSTEM_ID}/change/").status_code == 404
    assert client.post(f"{PEOPLE}{SYSTEM_ID}/reactivate/").status_code == 404
    assert not User.objects.get(pk=SYSTEM_ID).is_active


def test_djangos_own_forms_offer_no_way_around(
    back_office: Any, root: User, ana: User
) -> None:
    client = back_office(root)
    assert client.get(f"{PEOPLE}add/").status_code == 403
    answer = client.post(f"{PEOPLE}{ana.pk}/change/", {"is_superuser": "on"})
    assert answer.status_code == 405
    assert client.post(f"{PEOPLE}{ana.pk}/delete/", {"post": "yes"}).status_code == 403
    ana.refresh_from_db()
    assert not ana.is_superuser


def test_the_own_password_is_changed_with_the_old_one(
    back_office: Any, ana: User
) -> None:
    client = back_office(ana)
    url = reverse("admin:password_change")
    typed = {"old_password": "x", "new_password1": LONG, "new_password2": LONG}
    assert "old_password" in client.post(url, typed).context["form"].errors
    client.post(url, {**typed, "old_password": PASSWORD})
    ana.refresh_from_db()
    assert ana.check_password(LONG)
    assert client.get("/admin/").status_code == 200
    assert journaled("password_changed").actor_id == ana.pk


def test_the_journal_tells_one_transactions_story(
    back_office: Any, aldo: User, ana: User
) -> None:
    from tests.transactions.desk import recorded

    row = recorded(ana)
    recorded(ana, reference="000099999999")
    answer = back_office(aldo).get(f"/admin/audit/record/?q={row.pk}")
    told = [(each.action, each.actor_name) for each in answer.context["cl"].result_list]
    assert told == [("transactions.recorded", "Ana")]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("action__exact=transactions.recorded", 1),
        ("action__exact=accounts.signed_out", 0),
        ("since=2999-01-01", 0),
        ("until=2001-01-01", 0),
        ("actor=nonsense&action__exact=transactions.recorded", 1),
    ],
)
def test_the_journal_is_filtered(
    back_office: Any, aldo: User, ana: User, query: str, number: int
) -> None:
    from tests.transactions.desk import recorded

    recorded(ana)
    answer = back_office(aldo).get(f"/admin/audit/record/?{query}")
    assert answer.context["cl"].result_count == number
