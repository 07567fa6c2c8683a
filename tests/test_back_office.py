"""Who may open what, and that looking changes nothing."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from accounts.models import Grant, Role, User
from accounts.models import Permission as PermissionRow
from accounts.services import access
from audit.models import Record
from banking.models import BankQuestion
from ledger.chart import account_id
from ledger.services.posting import post
from notifications.models import Endpoint
from notifications.signing import encrypted, new_secret
from tests.bank import Bank
from tests.conftest import PASSWORD
from tests.ledger.books import FEES, TRANSIT, posting
from tests.ledger.desk import ACCOUNTS, BOOKS, MONTHS
from tests.ledger.files import CASH_IN, upload
from tests.transactions.desk import ADMIN, in_review

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BOOKKEEPING = {"bookkeeper", "auditor", "admin"}
EVERYBODY = {"cashier", "support", "reviewer", "bookkeeper", "auditor", "admin"}
# Address -> the roles that may open it (a superuser may open everything).
PAGES: dict[str, set[str]] = {
    "/admin/": EVERYBODY,
    ADMIN: EVERYBODY,
    f"{ADMIN}{{row}}/change/": EVERYBODY,
    f"{ADMIN}{{row}}/live/": EVERYBODY,
    f"{ADMIN}{{row}}/receipt/": EVERYBODY,
    f"{ADMIN}new/": {"cashier", "reviewer", "admin"},
    f"{ADMIN}queue/": {"reviewer", "admin"},
    f"{ADMIN}queue/rows/": {"reviewer", "admin"},
    f"{ADMIN}{{row}}/review/": {"reviewer", "admin"},
    "/admin/transactions/inquiry/dead/": {"admin"},
    "/admin/banking/circuit/": {"admin"},
    "/admin/banking/bankquestion/": {"admin"},
    "/admin/banking/bankquestion/{question}/change/": {"admin"},
    "/admin/accounts/user/": {"admin"},
    "/admin/accounts/user/new/": {"admin"},
    "/admin/accounts/user/{ana}/change/": {"admin"},
    "/admin/accounts/role/": {"admin"},
    BOOKS: BOOKKEEPING,
    f"{BOOKS}trial/": BOOKKEEPING,
    f"{BOOKS}trial/?csv=1": BOOKKEEPING,
    f"{BOOKS}sheet/": BOOKKEEPING,
    f"{BOOKS}sheet/?csv=1": BOOKKEEPING,
    f"{BOOKS}result/": BOOKKEEPING,
    f"{BOOKS}result/?csv=1": BOOKKEEPING,
    f"{BOOKS}proof/": BOOKKEEPING,
    ACCOUNTS: BOOKKEEPING,
    f"{ACCOUNTS}{{account}}/change/": BOOKKEEPING,
    f"{ACCOUNTS}{{account}}/change/?csv=1": BOOKKEEPING,
    f"{ACCOUNTS}{{heading}}/change/": BOOKKEEPING,
    "/admin/ledger/transfer/{transfer}/": BOOKKEEPING,
    MONTHS: BOOKKEEPING,
    "/admin/ledger/import/": {"bookkeeper", "auditor", "admin"},
    "/admin/ledger/import/new/": {"bookkeeper", "admin"},
    "/admin/ledger/import/{file}/change/": {"bookkeeper", "auditor", "admin"},
    "/admin/ledger/import/{file}/live/": {"bookkeeper", "auditor", "admin"},
    "/admin/audit/record/": {"auditor", "admin"},
    "/admin/audit/record/{record}/change/": {"auditor", "admin"},
    "/admin/transactions/erasurerequest/": {"admin"},
    "/admin/audit/prunerequest/": {"admin"},
    "/admin/notifications/endpoint/": {"admin"},
    "/admin/notifications/endpoint/new/": {"admin"},
    "/admin/notifications/endpoint/given-up/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/change/": {"admin"},
    "/admin/audit/record/story/": {"auditor", "admin"},
    "/admin/audit/record/compliance/": {"auditor", "admin"},
}
BUTTONS: dict[str, set[str]] = {
    f"{ADMIN}{{row}}/ask/": {"cashier", "reviewer", "admin"},
    f"{ADMIN}{{row}}/withdraw/": {"cashier", "reviewer", "admin"},
    f"{ADMIN}{{row}}/approve/": {"reviewer", "admin"},
    f"{ADMIN}{{row}}/reject/": {"reviewer", "admin"},
    f"{ADMIN}{{row}}/reopen/": {"reviewer", "admin"},
    f"{ADMIN}{{row}}/evidence/": {"admin"},
    f"{ADMIN}export/": {"reviewer", "bookkeeper", "auditor", "admin"},
    "/admin/transactions/inquiry/{row}/replay/": {"admin"},
    "/admin/audit/record/evidence/": {"auditor", "admin"},
    f"{BOOKS}prove/": BOOKKEEPING,
    f"{ACCOUNTS}{{account}}/freeze/": {"bookkeeper", "admin"},
    f"{ACCOUNTS}{{account}}/release/": {"bookkeeper", "admin"},
    "/admin/ledger/transfer/{transfer}/reverse/": {"bookkeeper", "admin"},
    f"{MONTHS}close/": {"bookkeeper", "admin"},
    f"{MONTHS}ask/": {"bookkeeper", "admin"},
    f"{MONTHS}reopen/": {"bookkeeper", "admin"},
    "/admin/ledger/import/{file}/confirm/": {"bookkeeper", "admin"},
    "/admin/ledger/import/{file}/discard/": {"bookkeeper", "admin"},
    "/admin/ledger/import/export/": {"bookkeeper", "auditor", "admin"},
    "/admin/audit/record/period/": {"auditor", "admin"},
    "/admin/audit/record/look/": {"auditor", "admin"},
    "/admin/banking/circuit/close/": {"admin"},
    "/admin/accounts/user/{ana}/deactivate/": {"admin"},
    "/admin/accounts/user/{ana}/reactivate/": {"admin"},
    "/admin/accounts/user/{ana}/password/": {"admin"},
    "/admin/accounts/user/{ana}/role/": {"admin"},
    "/admin/accounts/user/{ana}/superuser/": {"admin"},
    "/admin/accounts/user/{ana}/grant/": {"admin"},
    "/admin/accounts/user/{ana}/revoke/1/": {"admin"},
    "/admin/accounts/role/1/edit/": {"admin"},
    "/admin/transactions/erasurerequest/ask/": {"admin"},
    "/admin/audit/prunerequest/ask/": {"admin"},
    "/admin/audit/prunerequest/{row}/approve/": {"admin"},
    "/admin/audit/prunerequest/{row}/decline/": {"admin"},
    "/admin/transactions/erasurerequest/hand-out/": {"admin"},
    "/admin/transactions/erasurerequest/{row}/carry-out/": {"admin"},
    "/admin/transactions/erasurerequest/{row}/withdraw/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/edit/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/rotate/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/test/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/disable/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/enable/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/replay/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/replay/1/": {"admin"},
    "/admin/notifications/endpoint/given-up/1/replay/": {"admin"},
    "/admin/notifications/endpoint/{webhook}/remove/": {"admin"},
}
ROLES = ("cashier", "support", "reviewer", "bookkeeper", "auditor", "admin")


@pytest.fixture
def address(ana: User, root: User, bank: Bank) -> Callable[[str], str]:
    """Fill in an address with a row, a question, a record and a file that exist."""
    row = in_review(ana, bank)
    booked = posting(TRANSIT, FEES)
    post(booked)
    webhook = Endpoint.objects.create(
        name="HIS",
        url="https://his.example.com/",
        event_types=["transaction.completed"],
        secret=encrypted(new_secret()),
        created_by=ana,
    )
    names = {
        "account": TRANSIT,
        "heading": account_id("2100-VES"),
        "transfer": booked.key,
        "row": row.pk,
        "ana": ana.pk,
        "webhook": webhook.pk,
        "question": BankQuestion.objects.values_list("pk", flat=True)[0],
        "record": Record.objects.values_list("pk", flat=True)[0],
        "file": upload(root, CASH_IN).pk,
    }
    return lambda template: template.format(**names)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_pages_and_no_other(
    back_office: Any, person: Any, address: Any, role: str
) -> None:
    visitor = person("visitor", role)
    client = back_office(visitor)
    for template, allowed in PAGES.items():
        answer = client.get(address(template))
        assert (answer.status_code == 200) is (role in allowed), template
        if role not in allowed:
            assert answer.status_code == 403, template
            assert "Usted no tiene permiso" in answer.content.decode()
    refused = [template for template, allowed in PAGES.items() if role not in allowed]
    journaled = Record.objects.filter(
        action="accounts.access_refused", actor_id=visitor.pk
    )
    assert journaled.count() == len(refused)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_presses_its_buttons_and_no_other(
    back_office: Any, person: Any, address: Any, role: str
) -> None:
    client = back_office(person("visitor", role))
    for template, allowed in BUTTONS.items():
        answer = client.post(address(template), {})
        assert (answer.status_code != 403) is (role in allowed), template
        assert answer.status_code < 500, template


def test_a_button_does_not_answer_a_get(
    back_office: Any, root: User, address: Any
) -> None:
    client = back_office(root)
    for template in BUTTONS:
        assert client.get(address(template)).status_code == 405, template


def test_a_page_does_not_answer_a_post(
    back_office: Any, root: User, address: Any
) -> None:
    client = back_office(root)
    forms = {
        f"{ADMIN}new/",
        "/admin/accounts/user/new/",
        "/admin/",
        ADMIN,
        "/admin/ledger/import/new/",
        "/admin/notifications/endpoint/new/",
    }
    lists = {
        "/admin/accounts/user/",
        "/admin/audit/record/",
        "/admin/banking/bankquestion/",
        "/admin/ledger/import/",
        "/admin/notifications/endpoint/",
        ACCOUNTS,
    }
    for template in set(PAGES) - forms - lists:
        assert client.post(address(template), {}).status_code in {403, 405}, template


def test_no_button_works_without_its_token(address: Any, root: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(root, backend="accounts.authentication.EmailBackend")
    for template in [*BUTTONS, f"{ADMIN}new/", "/admin/accounts/user/new/"]:
        assert client.post(address(template), {}).status_code == 403, template


def everything() -> set[str]:
    """Every row of every table but the session of who looks."""
    tables = connection.introspection.table_names()
    found: set[str] = set()
    with connection.cursor() as cursor:
        for name in sorted(set(tables) - {"django_session"}):
            cursor.execute(f'SELECT t::text FROM "{name}" t')
            found |= {f"{name} {row}" for (row,) in cursor.fetchall()}
    return found


def _routes(patterns: list[Any], prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            found.append(route)
    return found


def test_no_get_of_the_back_office_changes_a_row(
    back_office: Any, root: User, address: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # That somebody looks at a patient's data is noted, once an hour; it is this one.
    now = time.time()
    monkeypatch.setattr(access, "time", SimpleNamespace(time=lambda: now))
    client = back_office(root)
    known = {address(template) for template in [*PAGES, *BUTTONS]}
    plain = {
        f"/admin/{route}"
        for route in _routes(admin.site.get_urls())
        if "<" not in route and "(" not in route and "?" not in route
    }
    assert len(plain) > 15
    client.get("/admin/")
    for url in sorted(known):
        client.get(url)
    before = everything()
    for url in sorted(known | plain - {"/admin/logout/"}):
        client.get(url)
        client.get(url, {"q": "x", "status": "TO_REVIEW", "version": "1"})
    client.get("/admin/logout/")
    assert everything() ^ before == set()


def test_the_menu_shows_each_what_he_may_open(
    back_office: Any, ana: User, ruben: User, aldo: User, root: User
) -> None:
    def items(user: User) -> list[dict[str, Any]]:
        groups = back_office(user).get("/admin/").context["sidebar_navigation"]
        return [item for group in groups for item in group["items"]]

    def titles(user: User) -> list[str]:
        return [str(item["title"]) for item in items(user)]

    def thumbs(user: User) -> list[str]:
        return [str(each["title"]) for each in items(user) if each["on_thumb_bar"]]

    books = ["Libros", "Cuentas", "Meses", "Archivos de entrada y salida"]
    assert titles(ana) == ["Inicio", "Nueva consulta", "Transacciones"]
    assert titles(ruben)[-1] == "Cola de revisión"
    assert titles(aldo) == [
        "Inicio",
        "Transacciones",
        *books,
        "Diario",
        "Informe de cumplimiento",
    ]
    assert thumbs(aldo) == ["Inicio", "Transacciones", "Libros", "Diario"]
    assert thumbs(root) == [*titles(root)[:4], "Libros"]
    assert len(titles(root)) == 19
    assert titles(root)[-1] == "Clientes de servicio"


def test_the_queue_badge_counts_what_waits(
    back_office: Any, ana: User, ruben: User, bank: Bank
) -> None:
    in_review(ana, bank)
    groups = back_office(ruben).get("/admin/").context["sidebar_navigation"]
    badges = [item.get("badge") for item in groups[0]["items"]]
    assert badges == [None, None, None, "1"]


def test_a_permission_granted_by_hand_opens_its_door(
    back_office: Any, carla: User, root: User, address: Any
) -> None:
    permission = PermissionRow.objects.get(name="transaction:create")
    Grant.objects.create(
        user=carla, permission=permission, granted_by=root, reason="Suplencia"
    )
    assert back_office(carla).get(f"{ADMIN}new/").status_code == 200


def test_a_role_without_permissions_opens_nothing_but_home(
    back_office: Any, ana: User, address: Any
) -> None:
    Role.objects.get(name="cashier").permissions.clear()
    client = back_office(ana)
    for template in PAGES:
        expected = 200 if template == "/admin/" else 403
        assert client.get(address(template)).status_code == expected, template


def test_a_plain_user_does_not_come_in(person: Any) -> None:
    person("patient", "user")
    client = Client()
    answer = client.post(
        reverse("admin:login"),
        {"username": "patient@clinica.test", "password": PASSWORD},
    )
    assert answer.status_code == 200
    assert "sessionid" not in client.cookies
    assert client.get("/admin/").status_code == 302


def test_staff_signs_in_and_lands_at_home(ana: User) -> None:
    client = Client()
    answer = client.post(
        reverse("admin:login"), {"username": ana.email, "password": PASSWORD}
    )
    assert answer["Location"] == "/admin/"
    assert "Nueva consulta" in client.get("/admin/").content.decode()


def test_too_many_wrong_passwords_are_told_kindly(ana: User) -> None:
    client = Client()
    wrong = {"username": ana.email, "password": "nope"}
    for _ in range(5):
        answer = client.post(reverse("admin:login"), wrong)
    assert answer.status_code == 429
    assert "Demasiados intentos" in answer.content.decode()
    right = {"username": ana.email, "password": PASSWORD}
    assert client.post(reverse("admin:login"), right).status_code == 429


def test_english_is_spoken_to_who_asks_for_it(back_office: Any, ana: User) -> None:
    client = back_office(ana)
    page = client.get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert "New inquiry" in page
    client.post("/admin/language/", {"language": "en", "next": "/admin/"})
    assert "New inquiry" in client.get("/admin/").content.decode()


def test_home_asks_the_database_a_fixed_number_of_times(
    back_office: Any,
    ana: User,
    ruben: User,
    bank: Bank,
    django_assert_max_num_queries: Any,
) -> None:
    in_review(ana, bank)
    client = back_office(ruben)
    client.get("/admin/")
    with django_assert_max_num_queries(16):
        client.get("/admin/")


def test_pages_name_no_foreign_address_and_no_inline_script(
    back_office: Any, root: User, address: Any
) -> None:
    client = back_office(root)
    for template in PAGES:
        answer = client.get(address(template))
        if "text/html" not in answer["Content-Type"]:
            continue
        policy = answer["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-eval'" in policy
        page = answer.content.decode()
        assert "<script>" not in page, template
        assert " onclick=" not in page, template
        assert "//fonts." not in page, template
        assert "http://" not in page.replace("http://www.w3.org", ""), template
