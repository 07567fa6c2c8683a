"""Why a balance is what it is, where no payment of a patient is the cause."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from ledger.chart import account_id
from ledger.models import Balance, Import, Transfer
from ledger.services.holds import hold, void_hold
from ledger.services.legs import book_entry
from ledger.services.posting import post
from ledger.services.reversal import reverse
from ledger.services.transfers import book
from tests.bank import Bank
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.ledger.desk import ACCOUNTS, account_page, transfer_page
from tests.ledger.files import A_FEE, CASH_IN, booked
from tests.ledger.test_admin import links_in, text_of
from tests.transactions.desk import arrives, asked, recorded

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

BANK = account_id("1120-VES")
YEAR = {"first": "2026-01-01", "last": "2026-12-31", "by": "effective"}


@pytest.fixture
def clara(person: Any) -> User:
    """The bookkeeper, who may not read the journal."""
    return person("clara", "bookkeeper")


@pytest.fixture
def berta(person: Any) -> User:
    """Another one, who has posted."""
    return person("berta", "bookkeeper")


@pytest.fixture
def desk(back_office: Any, clara: User) -> Client:
    return back_office(clara)


def seen(answer: Any) -> str:
    assert answer.status_code == 200
    return unescape(text_of(answer))


def statement(desk: Client, account: UUID) -> Any:
    return desk.get(account_page(account), YEAR)


def an_entry(actor: User, *, of: UUID = TRANSIT) -> list[Transfer]:
    """A hundred are paid to Ana; a fee of them is kept."""
    shares = [(customer("ana"), Decimal(98)), (FEES, Decimal(2))]
    parts, _is_new = book_entry(
        debits=[(of, Decimal(100))],
        credits_=shares,
        like=posting(of, FEES, code="payment"),
        actor=actor,
        is_dated=True,
    )
    return parts


def test_from_a_balance_to_the_line_of_its_file_it_takes_three_clicks(
    desk: Client, berta: User
) -> None:
    found = booked(berta, CASH_IN, A_FEE, file_name="año 2026.csv")
    page = f"/admin/ledger/import/{found.pk}/change/"
    [opening] = Transfer.objects.filter(code="opening")
    shown = statement(desk, BANK)
    for words in ("Apertura", "Comisión", "Archivo «año 2026.csv», línea 2"):
        assert words in seen(shown)
    assert {page, transfer_page(opening.pk)} <= links_in(shown)
    transfer = desk.get(transfer_page(opening.pk))
    assert "Archivo «año 2026.csv», línea 2" in seen(transfer)
    assert page in links_in(transfer)
    assert "<dt>Descripción</dt><dd>Apertura" in seen(transfer)
    assert "<dt>line</dt>" not in seen(transfer)
    assert "Berta" in seen(desk.get(page))


def test_what_a_client_posted_says_who_and_when(desk: Client, berta: User) -> None:
    like = {"metadata": {"description": "Ajuste de <b>junio</b>"}}
    book(postings=[posting(TRANSIT, FEES, **like)], actor=berta)
    an_entry(berta)
    shown = seen(statement(desk, TRANSIT))
    assert "Ajuste de <b>junio</b>" in shown
    assert "Registrado por Berta, " in shown
    assert "Asiento compuesto, registrado por Berta, " in shown
    for transfer in Transfer.objects.all():
        assert (
            "registrado por berta, "
            in seen(desk.get(transfer_page(transfer.pk))).lower()
        )


def parts_of(page: str) -> tuple[str, str]:
    """The facts that are told at once, and those behind "Datos técnicos"."""
    told, _, closed = page.partition('<details class="am-technical">')
    return told, closed.partition("</details>")[0]


def test_what_the_house_wrote_beside_a_payment_is_told_in_words(
    desk: Client, ana: User, bank: Bank
) -> None:
    arrives(bank)
    asked(recorded(ana))
    [transfer] = Transfer.objects.all()
    told, closed = parts_of(seen(desk.get(transfer_page(transfer.pk))))
    assert "<dt>Código</dt><dd>Pago confirmado</dd>" in told
    rule = transfer.metadata["rule"]
    for raw in ("payment_confirmed", str(transfer.pk), transfer.cause_id, rule):
        assert f">{raw}</dd>" not in told
        assert raw in closed
    assert "<dt>Regla</dt>" in closed


def test_what_a_client_wrote_beside_a_transfer_stands_as_he_wrote_it(
    desk: Client, berta: User
) -> None:
    order = str(uuid4())
    given = {"rule": "redondeo", "order": order}
    like = posting(TRANSIT, FEES, code="ajuste", metadata=given)
    book(postings=[like], actor=berta)
    told, closed = parts_of(seen(desk.get(transfer_page(like.key))))
    assert "<dt>Código</dt><dd>ajuste</dd>" in told
    assert "<dt>rule</dt><dd>redondeo</dd>" in told
    assert f'<dt>order</dt><dd class="am-mono">{order}</dd>' in closed


def test_a_client_cannot_pretend_that_a_file_brought_it(
    desk: Client, berta: User
) -> None:
    found = booked(berta, CASH_IN)
    forged = {"import": str(found.pk), "line": "2", "description": "x"}
    book(postings=[posting(TRANSIT, FEES, metadata=forged)], actor=berta)
    shown = statement(desk, FEES)
    assert "apertura.csv" not in seen(shown)
    assert "Registrado por Berta, " in seen(shown)


def test_an_entry_and_what_takes_it_back_are_told_apart(
    desk: Client, clara: User, berta: User
) -> None:
    """The key of the one is the cause of the other."""
    first, _fee = an_entry(berta)
    given = {"amount": None, "reason": "Duplicado", "now": first.at}
    reverse(original=first.pk, key=uuid4(), actor=clara, **given)
    shown = seen(statement(desk, TRANSIT))
    assert "Asiento compuesto, registrado por Berta, " in shown
    assert "Asiento Bs. 98,00" in shown


def test_what_is_not_known_of_a_cause_is_still_named(desk: Client) -> None:
    lost = uuid4()
    post(posting(TRANSIT, FEES, cause=("batch", str(lost))))
    post(posting(TRANSIT, FEES, cause=("batch", "x")))
    post(
        posting(
            TRANSIT,
            FEES,
            cause=("batch", str(lost)),
            metadata={"import": str(lost), "line": 7},
        )
    )
    shown = seen(statement(desk, TRANSIT))
    assert f"batch {str(lost)[:8]}" in shown
    assert f"import {str(lost)[:8]}" in shown


def test_a_statement_asks_no_more_for_many_rows_than_for_few(
    desk: Client, berta: User
) -> None:
    def book_some(many: int) -> int:
        for number in range(many):
            book(postings=[posting(BANK, FEES)], actor=berta)
            booked(berta, CASH_IN.replace("Apertura", f"{many}.{number}"))
            an_entry(berta, of=BANK)
        desk.get(account_page(BANK), YEAR)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            shown = desk.get(account_page(BANK), YEAR)
        assert len(shown.context["rows"]) >= 4 * many
        return len(asked)

    assert book_some(1) == book_some(12)
    assert Import.objects.count() == 13


def test_who_may_not_read_the_books_sees_nothing_of_them(
    back_office: Any, ana: User, berta: User
) -> None:
    found = booked(berta, CASH_IN)
    [transfer] = Transfer.objects.all()
    desk = back_office(ana)
    for address in (
        account_page(BANK),
        transfer_page(transfer.pk),
        f"/admin/ledger/import/{found.pk}/change/",
    ):
        answer = desk.get(address)
        assert answer.status_code == 403
        assert "apertura.csv" not in text_of(answer)


def test_who_froze_an_account_and_why_is_told(
    desk: Client, back_office: Any, berta: User
) -> None:
    ana, page = customer("ana"), account_page(customer("ana"))
    hers = back_office(berta)
    hers.post(f"{ACCOUNTS}{ana}/freeze/", {"reason": "Por un reclamo"})
    shown = seen(desk.get(page))
    assert "Congelada por Berta" in shown
    assert "Por un reclamo" in shown
    hers.post(f"{ACCOUNTS}{ana}/release/", {"reason": "Se aclaró"})
    shown = seen(desk.get(page))
    assert "Congelada por" not in shown
    for words in ("Cuenta congelada", "Por un reclamo", "Cuenta liberada", "Se aclaró"):
        assert words in shown
    hers.post(f"{ACCOUNTS}{ana}/freeze/", {"reason": "Otra vez"})
    assert "Congelada por Berta" in seen(desk.get(page))


def test_a_frozen_account_whose_freezing_was_never_journaled_is_still_frozen(
    desk: Client,
) -> None:
    Balance.objects.filter(pk=TRANSIT).update(is_frozen=True)
    assert "Congelada: nada se mueve en ella." in seen(desk.get(account_page(TRANSIT)))


def test_who_took_a_transfer_back_and_why_is_told_on_both_pages(
    desk: Client, berta: User
) -> None:
    book(postings=[posting(TRANSIT, FEES)], actor=berta)
    [original] = Transfer.objects.all()
    given = {"amount": None, "reason": "Vino dos veces", "now": original.at}
    back, _is_new = reverse(original=original.pk, key=uuid4(), actor=berta, **given)
    for pk in (original.pk, back.pk):
        shown = seen(desk.get(transfer_page(pk)))
        assert "Vino dos veces" in shown
        assert "Berta" in shown


def test_who_held_money_who_let_it_go_and_why_is_told(
    desk: Client, berta: User
) -> None:
    now = timezone.now()
    until = now + timedelta(hours=1)
    kept = posting(TRANSIT, FEES)
    held, _ = hold(posting=kept, expires_at=until, actor=berta, now=now, is_dated=True)
    void_hold(hold=held.pk, actor=berta, reason="Se arrepintió", now=now)
    shown = seen(desk.get(f"/admin/ledger/hold/{held.pk}/"))
    for words in ("Dinero retenido", "Retención liberada", "Se arrepintió", "Berta"):
        assert words in shown


def test_the_steps_of_a_file_are_told_with_whoever_wanted_them(
    desk: Client, berta: User
) -> None:
    booked(berta, CASH_IN)
    [transfer] = Transfer.objects.all()
    shown = seen(desk.get(transfer_page(transfer.pk)))
    assert "Sistema, por encargo de Berta" in shown


def test_what_other_rooms_journaled_takes_the_right_to_read_it(
    desk: Client, back_office: Any, ana: User, aldo: User, bank: Bank
) -> None:
    arrives(bank)
    asked(recorded(ana))
    [transfer] = Transfer.objects.all()
    page = transfer_page(transfer.pk)
    assert "Lo que dice el diario" not in seen(desk.get(page))
    assert "/admin/audit/record/" not in seen(desk.get(page))
    whole = seen(back_office(aldo).get(page))
    assert "Lo que dice el diario" in whole
    assert "/admin/audit/record/" in whole


def take_back(desk: Client, part: Transfer, verb: str, **given: str) -> Any:
    body = {"reason": "Pago devuelto", "key": str(uuid4()), **given}
    return desk.post(f"{transfer_page(part.pk)}{verb}/", body, follow=True)


def left_on(*accounts: UUID) -> list[int]:
    return [amount_of(each) for each in accounts]


def test_a_part_of_an_entry_shows_the_whole_and_its_sum(
    desk: Client, berta: User
) -> None:
    parts = an_entry(berta)
    for part in parts:
        page = desk.get(transfer_page(part.pk))
        assert "Asiento completo" in seen(page)
        assert 'data-label="Monto">100,00' in seen(page)
        others = {each.pk for each in parts} - {part.pk}
        linked = {*map(account_page, (TRANSIT, customer("ana"), FEES))}
        assert links_in(page) >= linked | {*map(transfer_page, others)}


def test_what_was_booked_alone_is_no_part_of_anything(
    desk: Client, berta: User
) -> None:
    book(postings=[posting(TRANSIT, FEES)], actor=berta)
    [alone] = Transfer.objects.all()
    shown = seen(desk.get(transfer_page(alone.pk)))
    assert "Asiento completo" not in shown
    assert "esta parte" not in shown
    assert 'id="reverse"' in shown


def test_an_entry_is_taken_back_whole_from_any_part_and_once(
    desk: Client, berta: User
) -> None:
    for part in an_entry(berta):
        assert 'id="reverse-entry"' in seen(desk.get(transfer_page(part.pk)))
    key = str(uuid4())
    for _ in range(2):
        answer = take_back(desk, part, "reverse-entry", key=key)
        assert "El reverso del asiento completo quedó registrado." in seen(answer)
    assert left_on(TRANSIT, customer("ana"), FEES) == [0, 0, 0]
    for back in Transfer.objects.filter(reverses__isnull=False):
        shown = seen(desk.get(transfer_page(back.pk)))
        assert "se reversaron juntas" in shown
        assert "Pago devuelto" in shown
        assert 'data-label="Monto">100,00' in shown
    for part in Transfer.objects.filter(reverses=None):
        shown = seen(desk.get(transfer_page(part.pk)))
        assert "data-opens" not in shown
        assert "No queda nada" in shown


def test_a_part_taken_back_alone_leaves_the_fee_and_the_page_says_so(
    desk: Client, berta: User
) -> None:
    paid, fee = an_entry(berta)
    before = seen(desk.get(transfer_page(paid.pk)))
    assert "Las demás partes del asiento siguen registradas: Bs. 2,00" in before
    take_back(desk, paid, "reverse", amount="98.00")
    assert left_on(TRANSIT, customer("ana"), FEES) == [200, 0, 200]
    after = seen(desk.get(transfer_page(paid.pk)))
    assert 'id="reverse"' not in after
    assert 'id="reverse-entry"' in after
    assert '<th scope="col" class="am-right">Queda</th>' in after
    alone = seen(desk.get(transfer_page(fee.pk)))
    assert 'id="reverse"' in alone
    assert 'id="reverse-entry"' not in alone
    take_back(desk, paid, "reverse-entry")
    assert left_on(TRANSIT, customer("ana"), FEES) == [0, 0, 0]
    refused = seen(take_back(desk, paid, "reverse-entry"))
    assert "lo que queda del original" in refused


def test_who_only_reads_takes_no_entry_back(
    back_office: Any, aldo: User, berta: User
) -> None:
    paid, _fee = an_entry(berta)
    desk = back_office(aldo)
    assert "reverse-entry" not in seen(desk.get(transfer_page(paid.pk)))
    assert take_back(desk, paid, "reverse-entry").status_code == 403
    assert Transfer.objects.count() == 2


@pytest.mark.parametrize("given", [{"reason": ""}, {"key": "x"}])
def test_taking_an_entry_back_without_a_reason_books_nothing(
    desk: Client, berta: User, given: dict[str, str]
) -> None:
    paid, _fee = an_entry(berta)
    take_back(desk, paid, "reverse-entry", **given)
    assert Transfer.objects.count() == 2


def test_the_page_of_an_entry_asks_no_more_for_many_parts(
    desk: Client, berta: User
) -> None:
    def asked_for(many: int) -> int:
        share = (customer("ana"), Decimal(1))
        shares = [share, *((customer(f"p{n}"), Decimal(1)) for n in range(many))]
        [first, *_others], _is_new = book_entry(
            debits=[(TRANSIT, Decimal(many + 1))],
            credits_=shares,
            like=posting(TRANSIT, FEES),
            actor=berta,
            is_dated=True,
        )
        desk.get(transfer_page(first.pk))
        with CaptureQueriesContext(connection) as asked:
            desk.get(transfer_page(first.pk))
        return len(asked)

    assert asked_for(1) == asked_for(30)
