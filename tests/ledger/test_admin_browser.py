"""The bookkeeper's pages on a desk and on a phone, with the longest words and sums."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from ledger.chart import account_id
from ledger.models import Transfer
from ledger.services.accounts import freeze
from ledger.services.holds import hold, void_hold
from ledger.services.legs import book_entry
from ledger.services.proof import prove
from ledger.services.reversal import reverse
from ledger.services.transfers import book
from tests.ledger.books import FEES, customer, posting
from tests.ledger.desk import BOOKS, account_page, transfer_page
from tests.ledger.files import A_FEE, CASH_IN, booked
from tests.pages import fits

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
]

BANK = account_id("1120-VES")
YEAR = "?first=2026-01-01&last=2026-12-31&by=effective"


@pytest.mark.parametrize("width", [1440, 390])
def test_why_fits_the_screen_however_long_it_is(
    sign_in: Any, person: Any, width: int
) -> None:
    berta = person("berta", "bookkeeper")
    long = "Nómina_" * 30
    booked(
        berta,
        CASH_IN.replace("1.000,00", "99.000.000.000,00"),
        A_FEE.replace("Comisión", long),
        file_name="apertura_" * 12 + ".csv",
    )
    day = {"metadata": {"description": "Ajuste de noviembre, según acta"}}
    book(postings=[posting(BANK, FEES, "7.00", **day)], actor=berta)
    [paid, fee], _is_new = book_entry(
        debits=[(BANK, Decimal("99000000000.00"))],
        credits_=[(customer("ana"), Decimal("98999999998.00")), (FEES, Decimal(2))],
        like=posting(BANK, FEES, code="payment"),
        actor=berta,
        is_dated=True,
    )
    now = timezone.now()
    why = {"reason": long, "now": now, "actor": berta}
    reverse(original=paid.pk, key=uuid4(), amount=Decimal("1.50"), **why)
    until = now + timedelta(hours=1)
    kept = posting(customer("ana"), FEES)
    held, _ = hold(posting=kept, expires_at=until, actor=berta, now=now, is_dated=True)
    void_hold(hold=held.pk, **why)
    freeze(account_id=customer("beto"), actor=berta, reason=long)
    page = sign_in(berta, width)
    imported = Transfer.objects.get(code="charge")
    back = Transfer.objects.get(reverses=paid.pk)
    for url in (
        f"{account_page(BANK)}{YEAR}",
        f"{account_page(customer('beto'))}{YEAR}",
        transfer_page(imported.pk),
        transfer_page(paid.pk),
        transfer_page(fee.pk),
        transfer_page(back.pk),
        f"/admin/ledger/hold/{held.pk}/",
    ):
        page.goto(url)
        fits(page, width)
    page.goto(transfer_page(fee.pk))
    for name in ("Reversar solo esta parte", "Reversar el asiento completo"):
        page.get_by_role("button", name=name).click()
        fits(page, width)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Reversar el asiento completo").click()
    page.locator("#whole_reason").fill("Pago devuelto")
    page.keyboard.press("Control+Enter")
    told = "El reverso del asiento completo quedó registrado."
    expect(page.get_by_text(told)).to_be_visible()


def test_a_proof_comes_by_itself_to_whoever_asked_for_it(
    sign_in: Any, person: Any
) -> None:
    page = sign_in(person("berta", "bookkeeper"), 390)
    page.goto(BOOKS)
    page.get_by_role("button", name="Comprobar ahora").click()
    expect(page.get_by_text("Los libros se están comprobando.")).to_be_visible()
    prove()
    expect(page.get_by_text("Los libros cuadran.")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("button", name="Comprobar ahora")).to_be_visible()


def test_the_tab_of_the_page_is_in_sight_on_a_phone(sign_in: Any, person: Any) -> None:
    page = sign_in(person("berta", "bookkeeper"), 390)
    page.goto(f"{BOOKS}result/")
    tab = page.get_by_role("link", name="Estado de resultados")
    expect(tab).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0


def test_a_link_in_a_table_is_seen_to_be_one(sign_in: Any, person: Any) -> None:
    page = sign_in(person("berta", "bookkeeper"), 390)
    page.goto(f"{BOOKS}sheet/")
    link = page.get_by_role("link", name="Ingresos menos gastos")
    expect(link).to_have_css("text-decoration-line", "underline")
    page.emulate_media(media="print")
    expect(link).to_have_css("text-decoration-line", "none")
