"""The bookkeeper's pages: why a balance is what it is, and what may be done then."""

import csv
import re
from contextlib import closing
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.utils import timezone

from accounts.models import User
from areamedica.clock import CARACAS, caracas_day, last_of_month
from audit.models import Record
from ledger.models import Account, Balance, Closing, Proof, Transfer
from ledger.services import reports
from ledger.services.accounts import open_account
from ledger.services.holds import hold, post_hold
from ledger.services.posting import post
from ledger.services.proof import prove
from tests.bank import Bank
from tests.ledger.books import FEES, TRANSIT, customer, posting
from tests.ledger.desk import ACCOUNTS, BOOKS, MONTHS, account_page, transfer_page
from tests.ledger.past import Booked, account, patient, random_book, write
from tests.transactions.desk import ADMIN, arrives, asked, recorded
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(20)]
EFFECT = {
    "freeze": "Nada se mueve en esta cuenta hasta que se libere.",
    "release": "Vuelve a aceptar movimientos.",
}
PERIOD = {"first": "2026-10-03", "last": "2026-10-12"}


@pytest.fixture
def clara(person: Any) -> User:
    """The bookkeeper."""
    return person("clara", "bookkeeper")


@pytest.fixture
def paid(ana: User, bank: Bank) -> Transaction:
    """A payment that the bank has shown."""
    arrives(bank)
    return asked(recorded(ana))


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def links_in(answer: Any) -> set[str]:
    return set(re.findall(r'href="([^"?]+)', answer.content.decode()))


def rows_in(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))


def test_why_a_balance_is_what_it_is_takes_three_clicks(
    back_office: Any, clara: User, paid: Transaction
) -> None:
    client = back_office(clara)
    [transfer] = Transfer.objects.all()
    assert BOOKS in links_in(client.get("/admin/"))
    start = client.get(BOOKS)
    assert account_page(TRANSIT) in links_in(start)
    statement = client.get(account_page(TRANSIT))
    assert transfer_page(transfer.pk) in links_in(statement)
    assert "José Pérez · …417728" in text_of(statement)
    shown = client.get(transfer_page(transfer.pk))
    assert f"{ADMIN}{paid.pk}/change/" in links_in(shown)
    claim = client.get(f"{ADMIN}{paid.pk}/change/")
    assert transfer_page(transfer.pk) in links_in(claim)


def test_the_start_page_says_what_matters(
    back_office: Any, clara: User, paid: Transaction
) -> None:
    post(posting(account("1110", "USD"), patient(1, "USD"), "7.00", currency="USD"))
    page = text_of(back_office(clara).get(BOOKS))
    assert "Los libros nunca se comprobaron." in page
    assert "Ningún mes está cerrado." in page
    assert re.search(r"[A-Z][a-z]+ \d{4} ya terminó y se puede cerrar", page)
    assert 'aria-label="VES"' in page
    assert 'aria-label="USD"' in page
    assert "2.350,75" in page
    assert "7,00" in page


def test_empty_books_open(back_office: Any, clara: User) -> None:
    client = back_office(clara)
    for address in (BOOKS, f"{BOOKS}trial/", f"{BOOKS}sheet/", f"{BOOKS}result/"):
        assert client.get(address).status_code == 200
    assert "No se registró nada en estos días." in text_of(
        client.get(account_page(TRANSIT))
    )
    heading = account_page(account("2100"))
    assert "No hay nada en ninguna cuenta." in text_of(client.get(heading))
    assert "No hay cuentas." in text_of(client.get(heading, {"all": "1"}))


def test_a_proof_is_shown_with_what_it_found(
    back_office: Any, clara: User, paid: Transaction
) -> None:
    prove()
    client = back_office(clara)
    assert "Los libros cuadran." in text_of(client.get(BOOKS))
    transfer = Transfer.objects.get(cause_id=paid.pk)
    Proof.objects.create(
        transfers=3,
        problems=102,
        findings=[
            ["running_balance_wrong", f"{TRANSIT}/3", str(transfer.pk)],
            ["booked_otherwise", str(paid.pk), "seen"],
            ["debits_are_not_credits", "VES", "-1"],
            ["of_a_later_version", "/", ""],
            ["booked_but_not_completed", "x", ""],
            ["not_as_journaled", str(transfer.pk), "not in the journal"],
        ],
    )
    page = client.get(BOOKS)
    for words in (
        "encontró 102 cosas mal",
        "Un movimiento dejó un saldo distinto del debido",
        "1110-VES Pagos confirmados por conciliar, movimiento 3",
        "Asiento Bs. ",
        "Registrado de otra manera que la mostrada por el banco",
        paid.customer_full_name,
        "El debe no es igual al haber",
        "of_a_later_version",
        "Registrado, pero su transacción no está completada",
        "no está en el diario",
        "Se muestran las primeras",
    ):
        assert words in text_of(page)
    assert links_in(page) >= {
        account_page(TRANSIT),
        transfer_page(transfer.pk),
        f"{ADMIN}{paid.pk}/change/",
    }


@pytest.mark.parametrize("proofs", [0, 1])
def test_a_proof_that_was_asked_for_is_awaited_where_it_will_stand(
    back_office: Any, clara: User, proofs: int
) -> None:
    client, moving = back_office(clara), f"{BOOKS}proof/"
    newest = [0, *(prove()[0].pk for _ in range(proofs))][-1]
    seen = {"version": str(newest)}
    page = client.post(f"{BOOKS}prove/", follow=True)
    assert "Los libros se están comprobando." in text_of(page)
    assert "nunca" not in text_of(page)
    assert "Los libros cuadran." not in text_of(page)
    assert f'data-live="{moving}" data-version="{newest}"' in text_of(page)
    assert client.get(moving, seen).status_code == 204
    prove()
    again = client.get(page.wsgi_request.get_full_path())
    for done in (client.get(moving, seen), again):
        assert "Los libros cuadran." in text_of(done)
        assert "data-live" not in text_of(done)


def test_a_proof_that_nobody_can_be_asked_for_is_not_awaited(
    back_office: Any, clara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("areamedica.doorbell.ring", lambda _: False)
    page = text_of(back_office(clara).post(f"{BOOKS}prove/", follow=True))
    assert "No se pudo avisar al servicio" in page
    assert "Los libros nunca se comprobaron." in page


@pytest.mark.parametrize(
    "typed",
    ["2100-VES", "V-12.345.678", "v12345678", "{owner}", "crédito de pacientes"],
)
def test_an_account_is_found_by_what_a_bookkeeper_knows(
    back_office: Any, clara: User, paid: Transaction, typed: str
) -> None:
    owned = Account.objects.get(owner_id__isnull=False)
    term = typed.format(owner=owned.owner_id)
    page = back_office(clara).get(ACCOUNTS, {"q": term})
    assert account_page(owned.pk) in links_in(page)


def test_a_search_that_finds_nothing_shows_nothing(
    back_office: Any, clara: User, paid: Transaction
) -> None:
    page = back_office(clara).get(ACCOUNTS, {"q": "V-99.999.999"})
    assert page.status_code == 200
    assert not [link for link in links_in(page) if link.endswith("/change/")]


@pytest.mark.parametrize("by", ["booked", "effective"])
def test_a_statement_shows_its_period_page_by_page(
    back_office: Any, clara: User, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(random_book(7, DAYS, 60))
    monkeypatch.setattr("ledger.admin.accounts._PAGE", 5)
    client, query, seen = back_office(clara), {**PERIOD, "by": by}, []
    while True:
        page = client.get(account_page(TRANSIT), query)
        found = page.context["found"]
        seen += [row.entry.seq for row in page.context["rows"]]
        if found.following is None:
            break
        query["after"] = str(found.following)
    assert len(seen) == len(set(seen)) > 10
    sheet = rows_in(client.get(account_page(TRANSIT), {**query, "csv": "1"}))
    opening, *lines, closing = sheet
    assert len(lines) == len(seen)
    assert lines[-1]["Saldo"] == closing["Saldo"] == str(found.closing)
    assert opening["Saldo"] == str(found.opening)
    assert (opening["Registrado"], opening["Fecha valor"]) == (
        "Saldo inicial",
        "2026-10-03",
    )
    assert (closing["Registrado"], closing["Fecha valor"]) == (
        "Saldo final",
        "2026-10-12",
    )


@pytest.mark.parametrize("by", ["booked", "effective"])
def test_a_statement_that_is_cut_says_so_at_its_end(
    back_office: Any, clara: User, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(random_book(7, DAYS, 60))
    client, query = back_office(clara), {**PERIOD, "by": by, "csv": "1"}
    whole = rows_in(client.get(account_page(TRANSIT), query))
    monkeypatch.setattr("ledger.services.statements.LARGEST_PAGE", 4)
    monkeypatch.setattr("ledger.admin.rows.MOST_ROWS", len(whole) - 2)
    assert rows_in(client.get(account_page(TRANSIT), query)) == whole
    monkeypatch.setattr("ledger.admin.rows.MOST_ROWS", len(whole) - 4)
    *lines, closing, told = rows_in(client.get(account_page(TRANSIT), query))
    assert lines == whole[:-3]
    assert closing == whole[-1]
    most = len(whole) - 4
    assert told["Registrado"] == (
        f"El archivo se cortó tras {most} movimientos; elija menos días."
    )


def test_a_heading_lists_its_accounts(
    back_office: Any, clara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        post(posting(TRANSIT, patient(number), "3.00"))
    monkeypatch.setattr("ledger.admin.accounts._PAGE", 3)
    client, heading = back_office(clara), account_page(account("2100"))
    first = client.get(heading)
    rest = client.get(heading, {"after": first.context["following"]})
    shown = [*first.context["lines"], *rest.context["lines"]]
    assert {line.account_id for line in shown} == {patient(n) for n in range(5)}
    assert not rest.context["following"]


NONSENSE = [
    {"first": "x"},
    {"first": "2026-10-12", "last": "2026-10-01"},
    {"first": "0001-01-01", "last": "9999-12-31"},
    {"after": "x", "by": "x"},
    {"on": "9999-12-31", "currency": "x"},
    {"after": "2026-10-01.1.99999999999999999999"},
]


@pytest.mark.parametrize("query", NONSENSE)
def test_an_address_that_makes_no_sense_opens_the_plain_page(
    back_office: Any, clara: User, query: dict[str, str]
) -> None:
    client = back_office(clara)
    for address in (
        account_page(TRANSIT),
        f"{BOOKS}trial/",
        f"{BOOKS}sheet/",
        f"{BOOKS}result/",
    ):
        assert client.get(address, query).status_code == 200, address


OF_A_PERIOD = (account_page(TRANSIT), f"{BOOKS}result/")


@pytest.mark.parametrize("address", OF_A_PERIOD)
@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-12-01", "2026-01-31", "El período termina antes de empezar."),
        ("2026-10-01", "1999-12-31", "entre 2000 y 2100"),
        ("2026-10-01", "2026-02-30", "Hasta el día: Introduzca una fecha válida."),
    ],
)
def test_what_is_no_period_is_told_and_what_is_shown_instead(
    back_office: Any, clara: User, address: str, first: str, last: str, told: str
) -> None:
    answer = back_office(clara).get(address, {"first": first, "last": last})
    month, today = months_ago(0), caracas_day(timezone.now())
    end = last_of_month(today)
    assert told in text_of(answer)
    assert f"Se muestra del {today:01/%m/%Y} al {end:%d/%m/%Y}." in text_of(answer)
    assert f"?first={month}-01&amp;last={end}" in text_of(answer)


@pytest.mark.parametrize("address", OF_A_PERIOD)
@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ({"first": "", "last": "2026-10-31"}, "01/10/2026", "31/10/2026"),
        ({"last": "2026-02-10"}, "01/02/2026", "10/02/2026"),
        ({"first": "2026-10-05", "last": ""}, "05/10/2026", "{today:%d/%m/%Y}"),
        ({"first": "2099-02-05"}, "05/02/2099", "28/02/2099"),
    ],
)
def test_a_period_of_one_day_alone_is_what_the_day_suggests(
    back_office: Any,
    clara: User,
    address: str,
    asked: dict[str, str],
    first: str,
    last: str,
) -> None:
    last = last.format(today=caracas_day(timezone.now()))
    page = text_of(back_office(clara).get(address, asked))
    assert f"Del {first} al {last}" in page
    assert "Se muestra" not in page


def test_no_page_of_an_account_or_transfer_that_is_none(
    back_office: Any, clara: User
) -> None:
    client = back_office(clara)
    assert client.get(account_page(uuid4())).status_code == 404
    assert client.get(transfer_page(uuid4())).status_code == 404
    assert client.get(f"{ACCOUNTS}x/change/").status_code == 404


def test_reports_are_printed_and_taken_along(back_office: Any, clara: User) -> None:
    write(random_book(8, DAYS, 60))
    client = back_office(clara)
    for currency in ("VES", "USD"):
        query = {"currency": currency, "on": "2026-10-09", "csv": "1"}
        trial = rows_in(client.get(f"{BOOKS}trial/", query))
        *lines, total = trial
        sheet = reports.balances(currency, reports.AsOf(on=DAYS[8]))
        assert [line["Código"] for line in lines] == [x.code for x in sheet.lines]
        assert total["Debe"] == total["Haber"] == str(sheet.debit)
        general = rows_in(client.get(f"{BOOKS}sheet/", query))
        assert general[-1]["Monto"] == str(sheet.result)
        asked = {**PERIOD, "currency": currency}
        result = rows_in(client.get(f"{BOOKS}result/", {**asked, "csv": "1"}))
        found = reports.income_statement(currency, first=DAYS[2], last=DAYS[11])
        assert result[-1]["Monto"] == str(found.result)
        page = text_of(client.get(f"{BOOKS}result/", asked))
        assert "03/10/2026" in page


def file_of(answer: Any) -> str:
    return str(answer["Content-Disposition"]).partition("filename=")[2].strip('"')


def test_a_file_is_named_after_what_it_tells_of(back_office: Any, clara: User) -> None:
    client, day = back_office(clara), {"on": "2026-10-31", "csv": "1"}
    days = {**PERIOD, "csv": "1"}
    period = "2026-10-03-a-2026-10-12.csv"
    for address, query, name in (
        (f"{BOOKS}trial/", day, "balance-de-comprobacion-VES-2026-10-31.csv"),
        (f"{BOOKS}sheet/", day, "balance-general-VES-2026-10-31.csv"),
        (f"{BOOKS}result/", days, f"resultados-VES-{period}"),
        (account_page(TRANSIT), days, f"estado-de-cuenta-1110-VES-{period}"),
    ):
        assert file_of(client.get(address, query)) == name
    today = caracas_day(timezone.now())
    for report in ("trial", "sheet"):
        now = file_of(client.get(f"{BOOKS}{report}/", {"csv": "1"}))
        assert re.fullmatch(rf"balance-[a-z-]+-VES-{today}-[0-9]{{4}}\.csv", now)


def test_a_statement_is_taken_along_with_the_time_it_is_in_the_clinic(
    back_office: Any, clara: User
) -> None:
    late = datetime.fromisoformat("2026-10-05T20:30:00-04:00")
    write([Booked(TRANSIT, customer("ana"), 300, late, DAYS[4])])
    query = {**PERIOD, "csv": "1"}
    _, line, _ = rows_in(back_office(clara).get(account_page(TRANSIT), query))
    assert line["Registrado"] == "2026-10-05T20:30:00-04:00"
    assert line["Debe"] == "3.00"


@pytest.mark.parametrize(
    ("by", "words"),
    [("booked", "por fecha de registro"), ("effective", "por fecha valor")],
)
def test_a_statement_says_whose_days_those_above_it_are(
    back_office: Any, clara: User, by: str, words: str
) -> None:
    page = text_of(back_office(clara).get(account_page(TRANSIT), {**PERIOD, "by": by}))
    assert f"Pagos confirmados por conciliar · VES · {words}</p>" in page


def test_paper_says_when_it_was_printed(back_office: Any, clara: User) -> None:
    client = back_office(clara)
    said = f"Impreso {timezone.now().astimezone(CARACAS):%d/%m/%Y} "
    for report in ("trial/", "sheet/", "result/"):
        assert said in text_of(client.get(f"{BOOKS}{report}"))
    assert said in text_of(client.get(account_page(TRANSIT)))


def test_when_it_was_booked_is_told_with_its_day_beside_another_day(
    back_office: Any, clara: User
) -> None:
    """Also what was booked today: no page stays of today."""
    now = timezone.now()
    earlier = caracas_day(now) - timedelta(days=3)
    post(posting(TRANSIT, FEES, effective=earlier))
    [transfer] = Transfer.objects.all()
    told = f"{transfer.at.astimezone(CARACAS):%d/%m/%Y %H:%M}</time>"
    client = back_office(clara)
    statement = client.get(account_page(TRANSIT), {"first": str(earlier)})
    assert "registrado <time" in text_of(statement)
    for page in (statement, client.get(transfer_page(transfer.pk))):
        assert told in text_of(page)


def test_a_name_that_is_a_formula_is_taken_along_as_text(
    back_office: Any, clara: User
) -> None:
    post(posting(TRANSIT, customer("ana"), "3.00"))
    Account.objects.filter(pk=TRANSIT).update(name="=HYPERLINK(1)")
    [line, *_] = rows_in(back_office(clara).get(f"{BOOKS}trial/", {"csv": "1"}))
    assert line["Cuenta"] == "'=HYPERLINK(1)"
    Account.objects.filter(pk=TRANSIT).update(name="Pagos confirmados por conciliar")


def test_an_account_is_frozen_and_released_for_a_reason(
    back_office: Any, clara: User
) -> None:
    client, ana = back_office(clara), customer("ana")
    for verb, frozen in (("freeze", True), ("release", False)):
        address = f"{ACCOUNTS}{ana}/{verb}/"
        dialog = text_of(client.get(account_page(ana)))
        for said in (EFFECT[verb], "Se guarda para siempre: no nombre a ningún"):
            assert said in dialog
        client.post(address, {})
        assert Balance.objects.get(pk=ana).is_frozen is not frozen
        answer = client.post(address, {"reason": "Por orden"}, follow=True)
        assert Balance.objects.get(pk=ana).is_frozen is frozen
        assert ("Congelada" in text_of(answer)) is frozen
    assert [record.action for record in Record.objects.filter(subject_id=str(ana))] == [
        "ledger.account_released",
        "ledger.account_frozen",
        "ledger.account_opened",
    ]


def test_an_empty_account_is_closed_and_stays_so(back_office: Any, clara: User) -> None:
    client, ana = back_office(clara), customer("ana")
    page = account_page(ana)
    assert 'id="close"' in text_of(client.get(page))
    assert 'id="close"' not in text_of(client.get(account_page(TRANSIT)))
    post(posting(TRANSIT, ana, "3.00"))
    assert 'id="close"' not in text_of(client.get(page))
    refused = client.post(f"{ACCOUNTS}{ana}/close/", {"reason": "Fin"}, follow=True)
    assert "Solo se cierra la cuenta de un titular" in text_of(refused)
    post(posting(ana, TRANSIT, "3.00"))
    client.post(f"{ACCOUNTS}{ana}/close/", {"reason": "Se mudó"}, follow=True)
    shown = text_of(client.get(page))
    assert "Cerrada para siempre" in shown
    assert "Clara" in shown
    assert "Se mudó" in shown
    assert "data-opens" not in shown
    assert "cerrada" in text_of(client.get(ACCOUNTS, {"q": "2100-VES-"}))


def test_metadata_are_shown_whatever_they_are_called(
    back_office: Any, clara: User
) -> None:
    named = {"items": "como un diccionario", "<b>": "<script>"}
    opened, _ = open_account(
        number="2100", currency="VES", owner_id=uuid4(), actor=clara, metadata=named
    )
    post(posting(TRANSIT, opened.pk, metadata=named))
    [transfer] = Transfer.objects.all()
    for page in (account_page(opened.pk), transfer_page(transfer.pk)):
        shown = text_of(back_office(clara).get(page))
        assert "como un diccionario" in shown
        assert "&lt;script&gt;" in shown


def test_what_is_held_is_seen_and_let_go(back_office: Any, clara: User) -> None:
    client, ana = back_office(clara), customer("ana")
    now = timezone.now()
    post(posting(TRANSIT, ana, "10.00"))
    given = {"expires_at": now + timedelta(hours=1), "actor": clara, "now": now}
    held = [
        hold(posting=posting(ana, FEES, "4.00"), is_dated=True, **given)[0]
        for _ in range(2)
    ]
    first, second = (f"/admin/ledger/hold/{each.pk}/" for each in held)
    assert {first, second} <= links_in(client.get(account_page(ana)))
    shown = client.get(first)
    assert "Bs. 4,00" in text_of(shown)
    assert {account_page(ana), account_page(FEES)} <= links_in(shown)
    client.post(f"{first}let-go/", {})
    assert Balance.objects.get(pk=ana).held == 800
    for _ in range(2):
        answer = client.post(
            f"{first}let-go/", {"reason": "Se arrepintió"}, follow=True
        )
        assert "El dinero está libre de nuevo." in text_of(answer)
    assert Balance.objects.get(pk=ana).held == 400
    assert 'data-opens="let-go"' not in text_of(client.get(first))
    assert links_in(client.get(account_page(ana))) & {first, second} == {second}
    key = uuid4()
    post_hold(hold=held[1].pk, key=key, amount=None, actor=clara, now=now)
    assert transfer_page(key) in links_in(client.get(second))
    assert second in links_in(client.get(transfer_page(key)))
    assert client.get(f"/admin/ledger/hold/{uuid4()}/").status_code == 404


def reverse(client: Any, transfer: Transfer, **given: Any) -> Any:
    body = {"amount": "4.00", "reason": "Duplicado", "key": str(uuid4()), **given}
    address = f"{transfer_page(transfer.pk)}reverse/"
    return client.post(address, body, follow=True)


def test_a_transfer_is_taken_back_in_parts_and_not_twice(
    back_office: Any, clara: User
) -> None:
    client, ana = back_office(clara), customer("ana")
    post(posting(TRANSIT, ana, "10.00"))
    [original] = Transfer.objects.all()
    key = str(uuid4())
    for _ in range(2):
        answer = reverse(client, original, key=key)
        assert "El reverso quedó registrado." in text_of(answer)
    assert Balance.objects.get(pk=ana).amount == 600
    page = text_of(client.get(transfer_page(original.pk)))
    assert "Queda Bs. 6,00" in page
    assert transfer_page(Transfer.objects.get(pk=key).pk) in page
    assert transfer_page(original.pk) in text_of(client.get(transfer_page(key)))
    assert 'id="reverse"' not in text_of(client.get(transfer_page(key)))
    refused = text_of(reverse(client, original, amount="6.01"))
    assert "lo que queda del original" in refused
    reverse(client, original, amount="6.00")
    assert 'id="reverse"' not in text_of(client.get(transfer_page(original.pk)))
    assert Balance.objects.get(pk=ana).amount == 0


@pytest.mark.parametrize(
    "given",
    [
        {"amount": "0"},
        {"amount": "-1"},
        {"amount": "1.001"},
        {"amount": "x"},
        {"reason": ""},
        {"key": "x"},
    ],
)
def test_a_reversal_that_makes_no_sense_books_nothing(
    back_office: Any, clara: User, given: dict[str, str]
) -> None:
    post(posting(TRANSIT, FEES, "10.00"))
    [original] = Transfer.objects.all()
    answer = reverse(back_office(clara), original, **given)
    assert 'class="' in text_of(answer)
    assert Transfer.objects.count() == 1


def months_ago(number: int) -> str:
    day = caracas_day(timezone.now()).replace(day=1)
    for _ in range(number):
        day = (day - timedelta(days=1)).replace(day=1)
    return f"{day:%Y-%m}"


def test_months_are_closed_in_their_order_and_reopened_by_two(
    back_office: Any, clara: User, person: Any
) -> None:
    client, other = back_office(clara), back_office(person("dora", "bookkeeper"))

    def press(who: Any, verb: str, prefix: str, month: str) -> str:
        body = {f"{prefix}-month": month, f"{prefix}-reason": "Cierre"}
        return text_of(who.post(f"{MONTHS}{verb}/", body, follow=True))

    assert "cuando ha terminado" in press(client, "close", "close", months_ago(0))
    assert "El mes quedó cerrado." in press(client, "close", "close", months_ago(2))
    assert months_ago(1) in press(client, "close", "close", months_ago(0))
    press(client, "close", "close", months_ago(1))
    assert "Solicitado." in press(client, "ask", "last", months_ago(1))
    assert 'data-opens="reopen"' not in text_of(client.get(MONTHS))
    assert 'data-opens="reopen"' in text_of(other.get(MONTHS))
    assert "pide reabrir" in text_of(other.get(BOOKS))
    press(client, "reopen", "last", months_ago(1))
    assert Closing.objects.first().kind == "asked"
    assert "El mes está abierto de nuevo." in press(
        other, "reopen", "last", months_ago(1)
    )
    assert Closing.objects.count() == 4


@pytest.mark.parametrize("month", ["", "x", "2026-13", "2026-10-01", "9999-12"])
def test_a_month_that_is_none_is_told(
    back_office: Any, clara: User, month: str
) -> None:
    body = {"close-month": month, "close-reason": "Cierre"}
    answer = back_office(clara).post(f"{MONTHS}close/", body)
    assert answer["Location"] == MONTHS
    assert not Closing.objects.exists()


def test_all_that_is_wrong_with_a_form_is_told_at_once(
    back_office: Any, clara: User
) -> None:
    told = text_of(back_office(clara).post(f"{MONTHS}close/", follow=True))
    assert "Mes: Este campo es obligatorio." in told
    assert "Motivo: Este campo es obligatorio." in told


def test_who_only_reads_sees_no_buttons(
    back_office: Any, aldo: User, paid: Transaction
) -> None:
    client = back_office(aldo)
    [transfer] = Transfer.objects.all()
    for address in (account_page(TRANSIT), transfer_page(transfer.pk), MONTHS):
        page = text_of(client.get(address))
        assert "data-opens" not in page, address
    assert "Lo que dice el diario" in text_of(client.get(transfer_page(transfer.pk)))


@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_for_an_account_is_told_so(
    back_office: Any, clara: User
) -> None:
    """As while a whole file is booked."""
    client, ana = back_office(clara), customer("ana")
    other = connections.create_connection("default")
    with closing(other), connection.cursor() as cursor:
        other.set_autocommit(False)
        held = "SELECT 1 FROM ledger_balance WHERE account_id = %s FOR UPDATE"
        other.cursor().execute(held, [ana])
        cursor.execute("SET lock_timeout = '50ms'")
        try:
            page = client.post(
                f"{ACCOUNTS}{ana}/freeze/", {"reason": "Reclamo"}, follow=True
            )
        finally:
            cursor.execute("RESET lock_timeout")
    assert "no se perdió nada" in text_of(page)
    assert not Balance.objects.get(pk=ana).is_frozen


@pytest.mark.parametrize(("language", "words"), [("es", "Aquí no hay"), ("en", "here")])
def test_what_is_nowhere_has_a_page_in_words(
    back_office: Any, clara: User, language: str, words: str
) -> None:
    client = back_office(clara)
    answer = client.get(account_page(uuid4()), headers={"accept-language": language})
    assert (answer.status_code, words in text_of(answer)) == (404, True)


def test_what_breaks_has_a_page_in_words(
    back_office: Any, clara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = back_office(clara)
    client.raise_request_exception = False
    monkeypatch.delattr(reports, "gathered")
    [heading] = Account.objects.filter(code="2100-VES")
    answer = client.get(account_page(heading.pk))
    assert answer.status_code == 500
    assert "mire antes de repetirlo" in text_of(answer)
    assert "below" not in text_of(answer)
