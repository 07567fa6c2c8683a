"""Service clients in the back office: superusers only, a key shown once."""

import re
from typing import Any

import pytest

from accounts.models import ClientKey, Grant, ServiceClient, User
from accounts.models import Permission as PermissionRow
from audit.models import Record
from tests.accounts.machines import Machine, deliver, make_machine

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

CLIENTS = "/admin/accounts/serviceclient/"
KEY = re.compile(r"am_[0-9a-f]{10}_[\w-]{43}")
ROLES = ("cashier", "support", "reviewer", "bookkeeper", "auditor", "admin")


@pytest.fixture
def machine(root: User) -> Machine:
    return make_machine(root, "transaction:read")


@pytest.fixture
def office(back_office: Any, root: User) -> Any:
    return back_office(root)


def page_of(machine: Machine) -> str:
    return f"{CLIENTS}{machine.client.pk}/"


def buttons(machine: Machine) -> dict[str, dict[str, Any]]:
    key = machine.issued.key.pk
    given = Grant.objects.get().pk
    permission = PermissionRow.objects.get(name="audit:read").pk
    why = {"reason": "Porque sí"}
    return {
        "issue/": {"days": 30},
        f"rotate/{key}/": {"days": 30, "hours": 1},
        f"revoke-key/{key}/": why,
        "limits/": {"requests_per_minute": 5},
        "close/": why,
        "reopen/": why,
        "grant/": {"permission": permission, **why},
        f"revoke/{given}/": why,
    }


def everything() -> list[Any]:
    return [
        list(ServiceClient.objects.values()),
        list(ClientKey.objects.values()),
        list(Grant.objects.values()),
        list(User.objects.filter(is_machine=True).values_list("is_active")),
    ]


@pytest.mark.parametrize("role", ROLES)
def test_nobody_but_superusers_comes_near(
    back_office: Any, person: Any, machine: Machine, role: str
) -> None:
    visitor = person("paula", role)
    client = back_office(visitor)
    before = everything()
    pages = [CLIENTS, f"{CLIENTS}new/", f"{page_of(machine)}change/"]
    for url in pages:
        assert client.get(url).status_code == 403, url
    for verb, said in buttons(machine).items():
        assert client.post(page_of(machine) + verb, said).status_code == 403, verb
    assert client.post(f"{CLIENTS}new/", {"name": "Otro"}).status_code == 403
    assert everything() == before
    refused = Record.objects.filter(
        action="accounts.access_refused", actor_id=visitor.pk
    )
    assert refused.count() == len(pages) + len(buttons(machine)) + 1
    assert "Clientes de servicio" not in client.get("/admin/").content.decode()


def test_superusers_see_and_press_all_of_it(office: Any, machine: Machine) -> None:
    assert "Clientes de servicio" in office.get("/admin/").content.decode()
    for url in (CLIENTS, f"{CLIENTS}new/", f"{page_of(machine)}change/"):
        assert office.get(url).status_code == 200
    for verb, said in buttons(machine).items():
        assert office.get(page_of(machine) + verb).status_code == 405, verb
        before = everything()
        assert office.post(page_of(machine) + verb, said).status_code < 400, verb
        assert everything() != before, verb


def test_a_client_is_registered(office: Any, root: User) -> None:
    said = {
        "name": "Laboratorio Andes",
        "allowed_addresses": "203.0.113.7\r\n2001:db8::/32\r\n",
        "requests_per_minute": "30",
    }
    answer = office.post(f"{CLIENTS}new/", said, follow=True)
    client = ServiceClient.objects.get()
    assert client.allowed_addresses == ["203.0.113.7/32", "2001:db8::/32"]
    assert client.requests_per_minute == 30
    assert client.created_by_id == root.pk
    assert "Ninguna todavía" in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", ""),
        ("name", "Socio"),
        ("allowed_addresses", "clinica.example"),
        ("requests_per_minute", "0"),
        ("requests_per_minute", "muchas"),
    ],
)
def test_a_wrong_client_is_refused_at_its_field(
    office: Any, machine: Machine, field: str, typed: str
) -> None:
    said = {"name": "Otro", "requests_per_minute": "30", field: typed}
    answer = office.post(f"{CLIENTS}new/", said)
    assert field in answer.context["form"].errors
    assert ServiceClient.objects.count() == 1


def test_a_key_is_shown_once_and_works(office: Any, machine: Machine) -> None:
    answer = office.post(f"{page_of(machine)}issue/", {"days": 30})
    (text,) = set(KEY.findall(answer.content.decode()))
    assert "no-store" in answer["Cache-Control"]
    secret = text.split("_", 2)[2]
    for url in (CLIENTS, f"{page_of(machine)}change/", "/admin/audit/record/"):
        assert secret not in office.get(url).content.decode()
    assert secret not in str(answer.cookies) + str(dict(office.session))
    request = machine.request("GET", "/api/v1/transactions", X_API_Key=text)
    assert deliver(request).status_code == 200


def test_a_rotation_shows_the_new_key_and_both_work(
    office: Any, machine: Machine
) -> None:
    url = f"{page_of(machine)}rotate/{machine.issued.key.pk}/"
    answer = office.post(url, {"days": 365, "hours": 24})
    (text,) = set(KEY.findall(answer.content.decode()))
    for key in (text, machine.issued.text):
        request = machine.request("GET", "/api/v1/transactions", X_API_Key=key)
        assert deliver(request).status_code == 200
    assert "firma con keyid" in answer.content.decode()


@pytest.mark.parametrize(
    ("verb", "said", "words"),
    [
        ("issue/", {"days": 0}, "vigencia"),
        ("issue/", {"days": 30, "public_key": "x"}, "Ed25519"),
        ("limits/", {"requests_per_minute": 5, "allowed_addresses": "x"}, "x no es"),
        ("close/", {}, "Motivo"),
    ],
)
def test_what_cannot_be_done_is_said(
    office: Any, machine: Machine, verb: str, said: Any, words: str
) -> None:
    before = everything()
    answer = office.post(page_of(machine) + verb, said, follow=True)
    assert words in answer.content.decode()
    assert everything() == before


def test_a_page_offers_no_scope_that_is_for_people(
    office: Any, machine: Machine
) -> None:
    row = PermissionRow.objects.get(name="user:manage")
    said = {"permission": row.pk, "reason": "x"}
    office.post(f"{page_of(machine)}grant/", said)
    assert not Grant.objects.filter(permission=row).exists()


def test_one_clients_page_ends_no_key_or_grant_of_another(
    office: Any, root: User, machine: Machine
) -> None:
    other = make_machine(root, name="Otro")
    given, key = Grant.objects.get(), machine.issued.key
    for verb in (f"revoke/{given.pk}/", f"revoke-key/{key.pk}/", f"rotate/{key.pk}/"):
        answer = office.post(page_of(other) + verb, {"reason": "x"})
        assert answer.status_code == 404, verb


def test_djangos_own_forms_offer_no_way_around(office: Any, machine: Machine) -> None:
    assert office.get(f"{CLIENTS}add/").status_code == 403
    assert office.post(f"{page_of(machine)}delete/", {"post": "yes"}).status_code == 403
    answer = office.post(f"{page_of(machine)}change/", {"name": "Otro"})
    assert answer.status_code == 405
    assert ServiceClient.objects.get().name == "Socio"
