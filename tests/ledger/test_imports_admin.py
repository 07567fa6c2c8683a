"""Files in and out of the books, in the back office."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.functional import Promise

from accounts.models import User
from areamedica.errors import Forbidden
from audit.models import Record
from ledger.chart import account_id
from ledger.errors import BalanceTooLarge
from ledger.import_file import LARGEST_FILE
from ledger.models import Import, Transfer
from ledger.services import imports
from ledger.services.accounts import freeze
from ledger.services.posting import REFUSED
from tests.journaled import staged
from tests.ledger.desk import account_page
from tests.ledger.files import A_FEE, CASH_IN, TODAY, booked, csv_of, upload

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]

HERE = "/admin/ledger/import/"


@pytest.fixture
def cora(person: Any) -> User:
    return person("cora", "bookkeeper")


@pytest.fixture
def desk(back_office: Any, cora: User) -> Client:
    return back_office(cora)


def send(desk: Client, content: bytes, mark: str = ",") -> Any:
    file = SimpleUploadedFile("apertura.csv", content)
    return desk.post(f"{HERE}new/", {"file": file, "mark": mark})


def test_upload_preview_confirm_and_watch_it_booked(desk: Client) -> None:
    page = send(desk, csv_of(CASH_IN, A_FEE))
    found = Import.objects.get()
    here = f"{HERE}{found.pk}/"
    assert page["Location"] == f"{here}change/"
    shown = desk.get(f"{here}change/").content.decode()
    assert "Se registrarían 2 asientos." in shown
    assert "1120-VES" in shown
    assert "Bs. 987,50" in shown
    assert "data-live" not in shown

    desk.post(f"{here}confirm/")
    moving = desk.get(f"{here}change/").content.decode()
    assert f'data-live="{here}live/" data-version="confirmed-0"' in moving
    assert desk.get(f"{here}live/?version=confirmed-0").status_code == 204
    Import.objects.update(rows_done=1)
    assert (
        "1 de 2 filas" in desk.get(f"{here}live/?version=confirmed-0").content.decode()
    )

    imports.book(import_id=found.pk, today=TODAY)
    done = desk.get(f"{here}live/?version=confirmed-0").content.decode()
    assert "Se registraron 2 asientos." in done
    for code in ("1120-VES", "5100-VES"):
        assert f'href="{account_page(account_id(code))}"' in done
    assert "data-live" not in done
    assert desk.get(HERE).content.decode().count("apertura.csv") == 1


def test_the_example_is_a_file_in_the_words_of_the_house(desk: Client) -> None:
    page = desk.get(f"{HERE}new/").content.decode()
    example = page.partition('<pre class="am-pre">')[2].partition("</pre>")[0]
    send(desk, example.encode())
    found = Import.objects.get()
    assert found.state == "ready"
    for code in (";apertura;", ";comision;"):
        assert code in example


def test_wrong_lines_are_named_and_nothing_can_be_confirmed(
    desk: Client, cora: User
) -> None:
    freeze(account_id=account_id("3900-VES"), actor=cora, reason="Auditoría")
    send(desk, csv_of(CASH_IN, A_FEE.replace("5100", "José Pérez")))
    found = Import.objects.get()
    shown = desk.get(f"{HERE}{found.pk}/change/").content.decode()
    assert "Línea 2, haber:</b> La cuenta está congelada. <code>3900-VES</code>" in (
        shown
    )
    assert "Línea 3, debe:</b> No existe esa cuenta.<" in shown
    assert "José Pérez" not in shown
    assert "Registrar</button>" not in shown
    assert f'href="{HERE}new/"' in shown
    # Of what will not happen there is no sum and no balance afterwards.
    assert "Bs. " not in shown
    desk.post(f"{HERE}{found.pk}/confirm/")
    assert not Transfer.objects.exists()


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        *((each.value, refusal.sentence) for each, refusal in REFUSED.items()),
        (
            Forbidden.code,
            "Quien lo confirmó ya no tiene permiso para registrar asientos.",
        ),
        (BalanceTooLarge.code, BalanceTooLarge.sentence),
        ("", ""),
    ],
)
def test_what_the_books_refused_is_told_in_words(
    desk: Client, cora: User, kept: str, words: str | Promise
) -> None:
    found = upload(cora, CASH_IN)
    failure = {"line": 2, "fault": "refused", "column": "", "cell": kept}
    with staged():
        Import.objects.update(state="failed", content=b"", failure=failure)
    shown = desk.get(f"{HERE}{found.pk}/change/").content.decode().split()
    told = f"<p>Línea 2: Los libros lo rechazaron. {words} </p>".split()
    assert " ".join(told) in " ".join(shown)


def test_the_same_file_again_says_so(desk: Client, cora: User) -> None:
    booked(cora, CASH_IN)
    send(desk, csv_of(CASH_IN))
    found = Import.objects.get(rows_booked=0)
    shown = desk.get(f"{HERE}{found.pk}/change/").content.decode()
    assert "Todo estaba ya en los libros" in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"x" * (LARGEST_FILE + 1), "pesa más de 5 MB"),
        (csv_of(A_FEE).decode().encode("latin-1"), "no está en UTF-8"),
        (csv_of(), "no tiene filas"),
        (b"fecha,debe,haber,moneda\n", "le falta la columna monto"),
        (b"", "enviado está vac"),
    ],
)
def test_an_unreadable_file_is_told_beside_its_field(
    desk: Client, content: bytes, words: str
) -> None:
    assert words in send(desk, content).content.decode()
    assert not Import.objects.exists()


def test_a_forgotten_file_is_gone(desk: Client, cora: User) -> None:
    found = upload(cora, CASH_IN)
    desk.post(f"{HERE}{found.pk}/discard/")
    found.refresh_from_db()
    assert found.state == "discarded"
    answer = desk.post(f"{HERE}{found.pk}/confirm/", follow=True)
    assert "no espera confirmación" in answer.content.decode()


def test_an_auditor_looks_and_takes_away_but_imports_nothing(
    back_office: Any, cora: User, aldo: User
) -> None:
    found = upload(cora, CASH_IN)
    desk = back_office(aldo)
    assert (
        "Registrar</button>"
        not in desk.get(f"{HERE}{found.pk}/change/").content.decode()
    )
    assert f'href="{HERE}new/"' not in desk.get(HERE).content.decode()
    for verb in ("confirm", "discard"):
        assert desk.post(f"{HERE}{found.pk}/{verb}/").status_code == 403
    assert send(desk, csv_of(CASH_IN)).status_code == 403
    assert Import.objects.get().state == "ready"
    assert desk.post(f"{HERE}export/", {"format": "csv"}).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["csv", "beancount"])
def test_the_books_are_taken_away_in_a_stream(
    desk: Client, cora: User, form: str
) -> None:
    booked(cora, CASH_IN, A_FEE)
    answer = desk.post(f"{HERE}export/", {"format": form, "last": "2026-11-01"})
    assert answer.streaming
    assert f'filename="libros.{form}"' in answer["Content-Disposition"]
    text = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    assert "Apertura" in text
    assert "Comisión" not in text
    [taken] = Record.objects.filter(action="ledger.books_exported")
    assert taken.actor_id == cora.pk


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"format": "pdf"}, "Elija días y un formato."),
        ({"format": "csv", "first": "ayer"}, "Elija días y un formato."),
        (
            {"format": "csv", "first": "2026-02-01", "last": "2026-01-01"},
            "El período termina antes de empezar.",
        ),
        (
            {"format": "beancount", "last": "9999-12-31"},
            "Indique un día entre 2000 y 2100.",
        ),
        (
            {"format": "beancount", "first": "0001-01-01"},
            "Indique un día entre 2000 y 2100.",
        ),
    ],
)
def test_an_odd_export_is_refused_kindly(
    desk: Client, given: dict[str, str], words: str
) -> None:
    answer = desk.post(f"{HERE}export/", given, follow=True)
    assert words in answer.content.decode()
    assert not Record.objects.filter(action="ledger.books_exported").exists()
