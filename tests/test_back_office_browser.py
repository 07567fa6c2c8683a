"""The back office as fingers and eyes meet it: keys alone, live pages, a phone."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from accounts.models import User
from accounts.services.machines import register
from banking.models import AskBudget
from tests.bank import Bank
from tests.pages import arrived, fits
from tests.transactions.desk import ADMIN, arrives, asked, in_review, recorded
from transactions.models import Transaction

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]


def test_a_cashier_records_with_the_keyboard_alone(
    sign_in: Any, ana: User, bank: Bank
) -> None:
    arrives(bank, reference="000012417728")
    page = sign_in(ana)
    page.keyboard.press("c")
    arrived(page, "/new/$")
    keys = page.keyboard
    for typed in ("000012417728", "2.350,75", "0102"):
        keys.press("Tab")
        keys.type(typed)
    # A day has parts of its own; it stays today.
    while page.evaluate("document.activeElement.name") != "phone_prefix":
        keys.press("Tab")
    for typed in ("0414", "1234567", "V", "12345678", "José Pérez", "Consulta"):
        keys.type(typed)
        keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("[data-verdict]")).to_contain_text("El dinero llegó")
    row = Transaction.objects.get()
    assert row.status == "COMPLETED"
    assert row.bank_code == "0102"
    assert row.payer_phone == "584141234567"


def test_the_kind_of_payment_is_chosen_with_an_arrow_key(
    sign_in: Any, ana: User
) -> None:
    page = sign_in(ana)
    page.goto(f"{ADMIN}new/")
    expect(page.get_by_text("Teléfono que pagó")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Teléfono del paciente")).to_be_visible()
    expect(page.get_by_text("Teléfono que pagó")).to_be_hidden()


def test_the_waiting_page_turns_green_by_itself(
    sign_in: Any, ana: User, bank: Bank
) -> None:
    row = asked(recorded(ana))
    page = sign_in(ana)
    page.goto(f"{ADMIN}{row.pk}/change/")
    expect(page.locator("[data-verdict]")).to_contain_text("Todavía no")
    arrives(bank)
    AskBudget.objects.all().delete()
    asked(row)
    expect(page.locator("[data-verdict]")).to_contain_text("El dinero llegó")
    expect(page.locator("[data-live]")).to_have_count(0)


def test_the_queue_is_worked_with_keys(
    sign_in: Any, ana: User, ruben: User, bank: Bank
) -> None:
    first = in_review(ana, bank)
    second = in_review(ana, bank, reference="000099999999")
    page = sign_in(ruben)
    page.goto(f"{ADMIN}queue/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    arrived(page, f"{first.pk}/review/")
    page.keyboard.press("n")
    arrived(page, f"{second.pk}/review/")
    page.keyboard.press("k")
    arrived(page, f"{first.pk}/review/")
    page.keyboard.press("a")
    page.keyboard.press("4")
    page.keyboard.press("Control+Enter")
    arrived(page, f"{second.pk}/review/")
    page.keyboard.press("r")
    # Inside a field letters are letters.
    page.locator("dialog[open] textarea").press_sequentially("Nada, rápido")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("No hay nada pendiente")).to_be_visible()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("COMPLETED", "CANCELED")
    assert second.events.get(reason="REJECTED").note == "Nada, rápido"


def test_the_other_keys_open_their_dialogs(
    sign_in: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    page = sign_in(ruben)
    page.goto(f"{ADMIN}{row.pk}/review/")
    for key, dialog in (("p", "again"), ("e", "correct"), ("?", "help")):
        page.keyboard.press(key)
        expect(page.locator(f"dialog#{dialog}")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_key_right_after_a_dialog_was_closed_is_not_lost(
    sign_in: Any, ana: User, ruben: User, bank: Bank
) -> None:
    """The browser leaves the focus in the closed dialog until its next frame."""
    row = in_review(ana, bank)
    page = sign_in(ruben)
    page.goto(f"{ADMIN}{row.pk}/review/")
    page.keyboard.press("e")
    page.evaluate(
        """() => {
            document.querySelector("dialog[open]").close();
            const key = new KeyboardEvent("keydown", { key: "?", bubbles: true });
            document.activeElement.dispatchEvent(key);
        }"""
    )
    expect(page.locator("dialog#help")).to_be_visible()


def test_the_queue_refreshes_itself(
    sign_in: Any, ana: User, ruben: User, bank: Bank
) -> None:
    page = sign_in(ruben)
    page.goto(f"{ADMIN}queue/")
    expect(page.get_by_text("No hay nada pendiente")).to_be_visible()
    in_review(ana, bank)
    expect(page.locator("[data-row]")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(
    sign_in: Any, ana: User, root: User, bank: Bank, width: int
) -> None:
    name = "María de los Ángeles Fernández de la Concepción y Urdaneta"
    row = in_review(
        ana,
        bank,
        customer_full_name=name,
        reference="00000000000012417728",
        amount=Decimal("99999999999.99"),
        concept="x" * 120,
    )
    page = sign_in(root, width)
    for url in (
        "/admin/",
        ADMIN,
        f"{ADMIN}new/",
        f"{ADMIN}queue/",
        f"{ADMIN}{row.pk}/review/",
        f"{ADMIN}{row.pk}/change/",
        "/admin/transactions/inquiry/dead/",
        "/admin/banking/circuit/",
        "/admin/banking/bankquestion/",
        "/admin/accounts/user/",
        f"/admin/accounts/user/{ana.pk}/change/",
        "/admin/accounts/role/",
        "/admin/audit/record/",
    ):
        page.goto(url)
        fits(page, width)


def test_a_reviewer_decides_with_one_thumb(
    sign_in: Any, ana: User, ruben: User, bank: Bank
) -> None:
    row = in_review(ana, bank)
    page = sign_in(ruben, 390)
    page.locator(".am-thumb").get_by_text("Cola de revisión").click()
    page.locator("[data-row]").click()
    arrived(page, f"{row.pk}/review/")
    approve = page.locator(".am-decide-bar").get_by_text("Aprobar")
    box = approve.bounding_box()
    assert box is not None
    assert box["y"] > 600, "within reach of the thumb"
    approve.click()
    page.get_by_text("Comparado con el comprobante").click()
    page.locator("dialog[open]").get_by_role("button", name="Aprobar").click()
    expect(page.get_by_text("No hay nada pendiente")).to_be_visible()
    row.refresh_from_db()
    assert row.status == "COMPLETED"


def test_nothing_is_fetched_from_elsewhere(
    sign_in: Any, ana: User, live_server: Any
) -> None:
    page = sign_in(ana)
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto("/admin/")
    page.goto(ADMIN)
    assert asked_for
    assert all(url.startswith((live_server.url, "data:")) for url in asked_for)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_machines_key_is_shown_to_be_copied(
    sign_in: Any, root: User, width: int
) -> None:
    client = register(actor=root, name="Laboratorio Andes")
    page = sign_in(root, width)
    page.goto(f"/admin/accounts/serviceclient/{client.pk}/change/")
    page.get_by_role("button", name="Emitir una clave").press("Enter")
    page.keyboard.press("Control+Enter")
    page.get_by_role("button", name="Copiar").press("Enter")
    expect(page.get_by_role("button", name="Copiada")).to_be_visible()
    assert page.get_by_label("Clave de API").input_value().startswith("am_")
    fits(page, width)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_bookkeeper_finds_why_and_takes_a_transfer_back(
    sign_in: Any, person: Any, ana: User, bank: Bank, width: int
) -> None:
    arrives(bank)
    asked(recorded(ana))
    page = sign_in(person("clara", "bookkeeper"), width)
    page.goto("/admin/ledger/balance/")
    page.get_by_role("link", name="1110-VES").first.click()
    page.get_by_role("link", name="Pago confirmado").click()
    expect(page.get_by_text("Los dos lados")).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("button", name="Reversar").click()
    page.locator("#id_reason").fill("Duplicado")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("El reverso quedó registrado.")).to_be_visible()
    page.get_by_role("link", name="Asiento Bs. 2.350,75").first.click()
    page.get_by_role("link", name="Ver el origen").click()
    expect(page.locator("[data-verdict]")).to_contain_text("El dinero llegó")
    fits(page, width)
