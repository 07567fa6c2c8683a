"""The list: found by what people remember, filtered, exported without formulae."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit.models import Record
from tests.transactions.desk import ADMIN, recorded, today
from transactions.admin import export
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def rows(ana: User, beto: User) -> dict[str, Transaction]:
    """Three claims that differ in everything."""
    return {
        "jose": recorded(ana),
        "maria": recorded(
            beto,
            type="TRANSFER",
            reference="000000088120",
            customer_full_name="María Núñez",
            customer_phone="584121112233",
            customer_document="E87654321",
            payer_phone="",
            bank_code="0134",
            amount=Decimal("100.00"),
        ),
        "empty": recorded(
            beto,
            type="TRANSFER",
            reference="000000099340",
            customer_full_name="Óscar D’León",
            customer_phone="",
            customer_document="J301234567",
            payer_phone="",
            bank_code="0105",
            amount=None,
        ),
    }


def listed(answer: Any) -> list[str]:
    return [row.customer_full_name for row in answer.context["cl"].result_list]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("417728", "jose"),
        ("7728", "jose"),
        ("12417728", "jose"),
        ("000000088120", "maria"),
        ("nunez", "maria"),
        ("María", "maria"),
        ("E-87.654.321", "maria"),
        ("87654321", "maria"),
        ("0412-111.22.33", "maria"),
        ("0414 123 4567", "jose"),
        ("100,00", "maria"),
        ("Bs. 2.350,75", "jose"),
        ("2350.75", "jose"),
        ("oscar d", "empty"),
        ("J-30123456-7", "empty"),
    ],
)
def test_a_single_hit_opens_at_once(
    back_office: Any, carla: User, rows: Any, typed: str, found: str
) -> None:
    answer = back_office(carla).get(ADMIN, {"q": typed})
    assert answer.status_code == 302, listed(answer)
    assert answer["Location"] == f"{ADMIN}{rows[found].pk}/change/"


@pytest.mark.parametrize("typed", ["nobody", "999999", "'; --", "%", "x" * 500])
def test_what_nobody_has_finds_nothing(
    back_office: Any, carla: User, rows: Any, typed: str
) -> None:
    answer = back_office(carla).get(ADMIN, {"q": typed})
    assert listed(answer) == []
    assert "Ninguna transacción coincide" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type__exact=TRANSFER", ["Óscar D’León", "María Núñez"]),
        ("bank_code=0105", ["Óscar D’León"]),
        ("mine=1", ["José Pérez"]),
        ("status=CANCELED", []),
        ("status=IN_PROGRESS&status=CANCELED&bank_code=0102", ["José Pérez"]),
        ("since=2999-01-01", []),
        ("until=2001-01-01", []),
        ("since=nonsense", ["Óscar D’León", "María Núñez", "José Pérez"]),
        ("status=NONSENSE", ["Óscar D’León", "María Núñez", "José Pérez"]),
        (
            "since=9999-12-31&until=0001-01-01",
            ["Óscar D’León", "María Núñez", "José Pérez"],
        ),
    ],
)
def test_filters_narrow_the_list(
    back_office: Any, ana: User, rows: Any, query: str, names: list[str]
) -> None:
    assert listed(back_office(ana).get(f"{ADMIN}?{query}")) == names


def test_a_day_is_a_caracas_day(back_office: Any, ana: User, rows: Any) -> None:
    # 03:30 UTC of the next day is 23:30 here.
    late = timezone.now().replace(hour=3, minute=30) - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE transactions_transaction SET created_at = %s WHERE id = %s",
            [late, rows["jose"].pk],
        )
    day = (late - timedelta(hours=4)).date()
    answer = back_office(ana).get(f"{ADMIN}?since={day}&until={day}")
    assert listed(answer) == ["José Pérez"]


def test_fifty_rows_cost_as_many_questions_as_one(
    back_office: Any, ana: User, rows: Any
) -> None:
    client = back_office(ana)

    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            client.get(ADMIN)
        return len(asked)

    client.get(ADMIN)
    before = cost()
    for number in range(20):
        recorded(ana, reference=f"0000777{number:05d}")
    assert cost() == before
    assert before <= 8


def test_the_whole_table_is_never_counted(
    back_office: Any, ana: User, rows: Any
) -> None:
    with CaptureQueriesContext(connection) as asked:
        back_office(ana).get(ADMIN)
    counts = [each["sql"] for each in asked if "COUNT(" in each["sql"]]
    assert counts
    assert all("LIMIT 10001" in sql for sql in counts)


def table(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_an_export_holds_what_is_filtered_and_is_journaled(
    back_office: Any, ruben: User, rows: Any
) -> None:
    answer = back_office(ruben).post(
        f"{ADMIN}export/?bank_code=0134", {"format": "csv"}
    )
    header, *lines = table(answer)
    assert header[0] == "Número"
    assert [line[5] for line in lines] == ["000000088120"]
    journaled = Record.objects.get(action="transactions.exported")
    assert journaled.actor_id == ruben.pk
    assert journaled.facts == '{"format":"csv","rows":1}'


def test_an_export_follows_the_search_too(
    back_office: Any, ruben: User, rows: Any
) -> None:
    answer = back_office(ruben).post(f"{ADMIN}export/?q=nunez", {"format": "csv"})
    assert len(table(answer)) == 2


@pytest.mark.parametrize(
    "typed",
    [
        '=HYPERLINK("http://x")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        " =1+1",
        "|calc",
        "%0A=1",
    ],
)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_cell_is_a_formula(
    back_office: Any, ana: User, ruben: User, typed: str, form: str
) -> None:
    recorded(ana, concept=typed)
    answer = back_office(ruben).post(f"{ADMIN}export/", {"format": form})
    if form == "csv":
        cells = table(answer)[1]
    else:
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        cells = [cell for cell in list(sheet.values)[1] if isinstance(cell, str)]
    assert any(cell.startswith("'") for cell in cells)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def test_amounts_are_numbers_in_a_sheet(
    back_office: Any, ruben: User, rows: Any
) -> None:
    answer = back_office(ruben).post(
        f"{ADMIN}export/?bank_code=0102", {"format": "xlsx"}
    )
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    assert list(sheet.values)[1][6] == pytest.approx(2350.75)


def test_too_many_rows_are_refused_in_words(
    back_office: Any, ruben: User, rows: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(export, "MOST_ROWS", 2)
    answer = back_office(ruben).post(
        f"{ADMIN}export/?since={today()}", {"format": "csv"}, follow=True
    )
    assert "Una exportación lleva 2 filas como máximo" in answer.content.decode()
    assert f"since={today()}" in answer.redirect_chain[0][0]
    assert not Record.objects.filter(action="transactions.exported").exists()


def test_an_unknown_format_is_refused_in_words(
    back_office: Any, ruben: User, rows: Any
) -> None:
    answer = back_office(ruben).post(f"{ADMIN}export/", {"format": "exe"}, follow=True)
    assert "Esto existe solo como CSV o Excel." in answer.content.decode()
