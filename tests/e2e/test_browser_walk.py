"""The same walk with a real browser, as the people of the clinic do it.

The tests are one story and run in order.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import claims
from tests.e2e.claims import Late, arrives, mobile
from tests.e2e.demo import DOMAIN, PASSWORD, Demo, Person, until
from tests.pages import arrived

ADMIN = "/admin/transactions/transaction/"

pytestmark = [pytest.mark.e2e]

Window = Callable[[str], Page]


@pytest.fixture(scope="module")
def window(browser: Browser, demo: Demo) -> Iterator[Window]:
    """Each person's own window, signed in; nothing may go wrong in any of them."""
    troubles: list[str] = []
    pages: dict[str, Page] = {}

    def of(name: str) -> Page:
        if name not in pages:
            pages[name] = _signed_in(browser, demo, name, troubles)
        return pages[name]

    yield of
    for page in pages.values():
        page.context.close()
    assert troubles == []


def _signed_in(browser: Browser, demo: Demo, name: str, troubles: list[str]) -> Page:
    context = browser.new_context(locale="es-VE", base_url=demo.address)
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto("/admin/login/")
    page.get_by_label("Correo").fill(f"{name}@{DOMAIN}")
    page.get_by_label("Contraseña").fill(PASSWORD)
    page.keyboard.press("Enter")
    arrived(page, r"/admin/$")
    return page


def record(page: Page, body: dict[str, Any]) -> None:
    """Fill in "Nueva consulta" and send it."""
    page.goto(f"{ADMIN}new/")
    page.locator("[name=reference]").fill(body["reference_number"])
    page.locator("[name=amount]").fill("2.350,75")
    page.locator("[name=bank_code]").select_option(body["bank_code"])
    page.locator("[name=phone_prefix]").select_option("0414")
    page.locator("[name=number]").fill("1234567")
    page.locator("[name=letter]").select_option("V")
    page.locator("[name=document]").fill("18.234.567")
    page.locator("[name=full_name]").fill(body["customer_full_name"])
    page.locator(".am-new__foot button").click()
    page.wait_for_load_state()


def verdict_of(page: Page) -> Any:
    return expect(page.locator("[data-verdict]"))


def shown_in(page: Page) -> UUID:
    """Which transaction the page is about."""
    found = re.search(r"/transaction/([0-9a-f-]{36})/", page.url)
    assert found, page.url
    return UUID(found[1])


@pytest.fixture(scope="module", autouse=True)
def late(demo: Demo, cashier: Person) -> Late:
    """Recorded before anything else, so that the others walk while it waits."""
    body = mobile()
    arrives(demo, body, visible_after_seconds=40)
    answer = claims.record(cashier, body)
    assert answer.status_code == 201
    assert answer.json()["status"] == "IN_PROGRESS"
    assert answer.json()["status_reason"] == "NOT_SEEN_YET"
    return Late(answer.json()["id"])


@pytest.fixture(scope="module")
def late_body() -> dict[str, Any]:
    return mobile()


@pytest.fixture(scope="module")
def late_page(window: Window, demo: Demo, late_body: dict[str, Any]) -> Page:
    """The cashier's window on a claim whose money comes forty seconds later."""
    # Signed in first: the forty seconds are the claim's alone.
    page = window("cashier")
    arrives(demo, late_body, visible_after_seconds=40)
    record(page, late_body)
    return page


def test_the_bank_does_not_show_the_money_yet(late_page: Page) -> None:
    verdict_of(late_page).to_contain_text("Todavía no")


def test_another_cashier_is_refused_and_led_to_the_first(
    late_page: Page, late_body: dict[str, Any], window: Window
) -> None:
    page = window("cashier2")
    record(page, late_body)
    expect(page.get_by_role("alert").first).to_contain_text("ya fue registrado")
    page.get_by_role("link", name="Ver esa transacción").click()
    verdict_of(page).to_be_visible()
    assert shown_in(page) == shown_in(late_page)


def test_a_cent_less_is_rejected_and_the_auditor_reads_why(
    window: Window, demo: Demo
) -> None:
    body = mobile()
    arrives(demo, body, amount="2350.74")
    till = window("cashier2")
    record(till, body)
    verdict_of(till).to_contain_text("Debe verla un revisor")
    claim = shown_in(till)

    desk = window("reviewer")
    desk.goto(f"{ADMIN}queue/")
    desk.locator(f"#row-{claim}").click()
    arrived(desk, f"{claim}/review/")
    expect(desk.locator(".am-cell--differs")).to_have_count(1)
    expect(desk.locator(".am-cell--differs")).to_contain_text("2.350,74")
    desk.keyboard.press("r")
    dialog = desk.locator("dialog[open]")
    dialog.locator("[name=note]").fill("Falta un céntimo")
    dialog.locator(".am-button--bad").click()
    expect(desk.get_by_text("rechazada").first).to_be_visible()

    archive = window("auditor")
    archive.goto(f"{ADMIN}{claim}/change/")
    verdict_of(archive).to_contain_text("No es válida")
    story = archive.locator(".am-story li")
    expect(story).to_have_count(3)
    expect(story.first).to_contain_text("Rechazada por un revisor")
    expect(story.first.locator("q")).to_contain_text("Falta un céntimo")
    archive.goto(f"/admin/audit/record/?q={claim}")
    rows = archive.locator("#result_list tbody tr")
    looks = "Datos personales consultados"
    expect(rows.filter(has_not_text=looks)).to_have_count(3)
    expect(rows.filter(has_text=looks)).not_to_have_count(0)


def test_who_may_not_decide_finds_the_door_closed(window: Window, demo: Demo) -> None:
    answer = window("cashier2").goto(f"{ADMIN}queue/")
    assert answer is not None
    assert answer.status == 403


def test_the_page_turns_green_by_itself_and_shows_the_receipt(late_page: Page) -> None:
    verdict_of(late_page).to_contain_text("El dinero llegó", timeout=240_000)
    expect(late_page.locator(".am-compare")).to_contain_text("2.350,75")
    expect(late_page.locator(".am-cell--differs")).to_have_count(0)
    paper = late_page.request.get(f"{ADMIN}{shown_in(late_page)}/receipt/")
    assert paper.body().startswith(b"%PDF")


def test_money_that_comes_forty_seconds_later_is_found_by_the_workers_alone(
    late: Late, cashier: Person, auditor: Person
) -> None:
    """Asked at once, after half a minute and two minutes later: nobody presses a key.

    Reading the transaction asks nobody; reading its `/status` would. It stands here
    because the page above had to be waited for as long.
    """
    one = f"/transactions/{late.id}"

    def is_found() -> bool:
        return bool(cashier.get(one).json()["status"] == "COMPLETED")

    until(is_found, "it is found", 240, every=2)
    found = cashier.get(one).json()
    assert found["status_reason"] == "MATCHED"
    assert found["amount"] == found["claimed_amount"] == "2350.75"
    assert found["completed_at"]
    assert found["banesco_details"]["trnType"] == "CR"
    assert all(fact["equal"] is not False for fact in found["comparison"])
    paper = cashier.get(f"{one}/receipt")
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    assert [each["new_status"] for each in auditor.get(f"{one}/events").json()] == [
        "IN_PROGRESS",
        "COMPLETED",
    ]
