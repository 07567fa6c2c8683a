"""The cast, their clients, and a bank that answers over real HTTP."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings as given
from django.core.cache import cache
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone, translation
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from rest_framework.test import APIClient
from structlog.contextvars import clear_contextvars

from accounts.models import SYSTEM_ID, Role, User
from areamedica import doorbell
from areamedica.clock import caracas_day, end_of
from audit.checks import GUARDED as OF_THE_JOURNAL
from ledger.services.proof import GUARDED as OF_THE_BOOKS
from tests import application
from tests.api.documented import held_to_the_document
from tests.bank import Bank, start_bank
from tests.journaled import staged, unguarded, watch
from tests.pages import arrived

PASSWORD = "clave-de-prueba-larga-1"
CHROMIUM = "/usr/bin/chromium"
# A page is late on a busy machine; the default of 5 s took that for a fault.
expect.set_options(timeout=30_000)
# Nor does how long an example takes say anything.
hypothesis.settings.register_profile(
    "busy",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("busy")
# Nor does a Redis that is late mean that it is gone. Processes of their own, which some
# tests start, keep the short times of a clinic.
_PATIENT = {"socket_connect_timeout": 30.0, "socket_timeout": 30.0}
given.REDIS_TIMEOUTS.update(_PATIENT)
doorbell._PATIENCE.update(_PATIENT)
_LONGEST_TEST = timedelta(seconds=90)
_KEPT = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "accounts_role",
    "accounts_permission",
    "accounts_role_permissions",
    "accounts_user",
    "roles_as_migrated",
    "ledger_account",
    "ledger_balance",
}
_GUARDED = (*OF_THE_JOURNAL, *OF_THE_BOOKS)
# What a migration opened stays, as it was then.
_CHART_ALONE = """
DELETE FROM ledger_balance WHERE account_id IN (
    SELECT id FROM ledger_account WHERE owner_id IS NOT NULL);
DELETE FROM ledger_account WHERE owner_id IS NOT NULL;
UPDATE ledger_balance
   SET amount = 0, held = 0, seq = 0, is_frozen = false, moved_at = NULL;
"""
_ROLES_AS_MIGRATED = """
DELETE FROM accounts_role_permissions WHERE (role_id, permission_id) NOT IN (
    SELECT role_id, permission_id FROM roles_as_migrated);
INSERT INTO accounts_role_permissions (role_id, permission_id)
SELECT role_id, permission_id FROM roles_as_migrated ON CONFLICT DO NOTHING;
"""


def begin_anew() -> None:
    """The database was just migrated: watch it, and remember the roles' rights."""
    watch()
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS roles_as_migrated;"
            "CREATE TABLE roles_as_migrated AS TABLE accounts_role_permissions"
        )


def empty_tables(_: object) -> None:
    """Empty what a test wrote; the journal's guards are lifted by their owner only."""
    tables = [
        name for name in connection.introspection.table_names() if name not in _KEPT
    ]
    with unguarded(*_GUARDED) as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("DELETE FROM accounts_user WHERE id <> %s", [SYSTEM_ID])
        cursor.execute(_CHART_ALONE + _ROLES_AS_MIGRATED)


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[method-assign]
APIClient.request = held_to_the_document(APIClient.request)  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest file: at the end one process alone would be at it."""
    items.sort(key=lambda item: "test_browser_walk" not in item.nodeid)


@pytest.fixture(autouse=True)
def _within_one_day() -> None:
    """Begin no test shortly before midnight in Caracas.

    It would record before midnight, and date what it compares with the day after.
    """
    now = timezone.now()
    left = end_of(caracas_day(now)) - now
    if left < _LONGEST_TEST:
        time.sleep(left.total_seconds() + 1)


@pytest.fixture(autouse=True)
def _no_leftovers() -> Iterator[None]:
    """Neither in Redis nor of the last request: who asked, and in which language."""
    yield
    cache.clear()
    clear_contextvars()
    translation.deactivate()


@pytest.fixture(autouse=True, scope="module")
def _as_application(request: pytest.FixtureRequest) -> Iterator[None]:
    """Before anything else of a module, so that no connection is the owner's."""
    if (
        not request.node.get_closest_marker(application.MARK)
        or not application.is_known()
    ):
        yield
        return
    request.getfixturevalue("django_db_setup")
    blocker = request.getfixturevalue("django_db_blocker")
    with ExitStack() as stack:
        with blocker.unblock():
            stack.enter_context(application.as_application())
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The tests' database refuses a change of what matters that nobody records."""
    with django_db_blocker.unblock():
        begin_anew()


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make somebody: `person("ana", "cashier")`."""

    def make(name: str, role: str, **fields: Any) -> User:
        with staged():
            return User.objects.create_user(
                email=f"{name}@clinica.test",
                password=PASSWORD,
                full_name=name.title(),
                role=Role.objects.get(name=role),
                **fields,
            )

    return make


@pytest.fixture
def ana(person: Callable[..., User]) -> User:
    """The cashier who records."""
    return person("ana", "cashier")


@pytest.fixture
def beto(person: Callable[..., User]) -> User:
    """Another cashier."""
    return person("beto", "cashier")


@pytest.fixture
def ruben(person: Callable[..., User]) -> User:
    """A reviewer."""
    return person("ruben", "reviewer")


@pytest.fixture
def rosa(person: Callable[..., User]) -> User:
    """A second reviewer."""
    return person("rosa", "reviewer")


@pytest.fixture
def carla(person: Callable[..., User]) -> User:
    """Support: may look, no more."""
    return person("carla", "support")


@pytest.fixture
def aldo(person: Callable[..., User]) -> User:
    """The auditor."""
    return person("aldo", "auditor")


@pytest.fixture
def root(person: Callable[..., User]) -> User:
    """The superuser."""
    return person("root", "admin", is_superuser=True)


@pytest.fixture
def api() -> Callable[[User | None], APIClient]:
    """A signed-in API client: `api(ana).post(...)`; `api(None)` is a stranger."""

    def sign_in(user: User | None) -> APIClient:
        client = APIClient(raise_request_exception=False)
        if user is not None:
            answer = client.post(
                "/api/v1/auth/login",
                {"email": user.email, "password": PASSWORD},
                format="json",
            )
            token = answer.json()["access_token"]
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    return sign_in


@pytest.fixture
def back_office() -> Callable[[User], Client]:
    """A browser signed in to the admin; CSRF is checked as in real life."""

    def sign_in(user: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user, backend="accounts.authentication.EmailBackend")
        return client

    return sign_in


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium, where there is one."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    # Playwright's loop runs in this thread; Django only warns of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_window(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """A window of `width` pixels on our server; no script may fail in any."""
    troubles: list[str] = []
    windows = []

    def complain(told: ConsoleMessage) -> None:
        # A form that is refused is answered with 400, and Chromium says so.
        if told.type == "error" and "status of 400" not in told.text:
            troubles.append(told.text)

    def open_one(width: int = 1440) -> Page:
        window = browser.new_context(
            viewport={"width": width, "height": 844},
            locale="es-VE",
            base_url=live_server.url,
        )
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", complain)
        return page

    yield open_one
    for window in windows:
        window.close()
    assert troubles == []


@pytest.fixture
def sign_in(open_window: Callable[..., Page]) -> Callable[..., Page]:
    """A window in which somebody has signed in by keys: `sign_in(ana, 390)`."""

    def signed_in(user: User, width: int = 1440) -> Page:
        page = open_window(width)
        page.goto("/admin/login/")
        page.keyboard.type(user.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        arrived(page, r"/admin/$")
        return page

    return signed_in


@pytest.fixture(scope="session")
def _bank_process() -> Iterator[Bank]:
    with start_bank() as bank:
        yield bank


@pytest.fixture
def bank(_bank_process: Bank, settings: Any) -> Iterator[Bank]:
    """The sandbox bank, empty, and our gateway pointed at it."""
    _bank_process.empty()
    settings.BANESCO = {**settings.BANESCO, **_bank_process.settings}
    settings.QUICK_QUESTION_SECONDS = 30
    yield _bank_process
    _bank_process.empty()
