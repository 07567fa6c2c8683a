"""`manage.py import_books`."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Import, Transfer
from tests.ledger.files import A_FEE, CASH_IN, csv_of

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def run(person: Any, tmp_path: Path) -> Any:
    person("cora", "bookkeeper")

    def run(*rows: str, by: str = "cora", **options: Any) -> str:
        file = tmp_path / "libros.csv"
        file.write_bytes(csv_of(*rows))
        said = options.pop("stdout", None) or StringIO()
        given = {"by": f"{by}@clinica.test", "decimal": "comma", **options}
        call_command("import_books", str(file), stdout=said, **given)
        return said.getvalue()

    return run


def test_it_shows_what_would_be_and_books_nothing(run: Any) -> None:
    said = run(CASH_IN, A_FEE)
    assert "1120-VES: 0.00 -> 987.50" in said
    assert "2 rows: 2 new (1012.50 VES), 0 booked before, 0 wrong." in said
    assert Import.objects.get().state == "ready"
    assert not Transfer.objects.exists()


def test_it_books_when_told_to_and_once(run: Any) -> None:
    assert "2 booked." in run(CASH_IN, A_FEE, confirm=True)
    assert "2 booked before" in run(CASH_IN, A_FEE, confirm=True)
    assert Transfer.objects.count() == 2


def test_it_names_the_wrong_line_and_fails(run: Any) -> None:
    said = StringIO()
    with pytest.raises(CommandError):
        run(CASH_IN, A_FEE.replace("5100", "5101"), confirm=True, stdout=said)
    assert "line 3 debit: No existe esa cuenta.\n" in said.getvalue()
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("by", ["nobody", "cashier"])
def test_only_somebody_who_may_post(run: Any, person: Any, by: str) -> None:
    person("cashier", "cashier")
    with pytest.raises(CommandError):
        run(CASH_IN, by=by)
    assert not Import.objects.exists()


def test_a_file_that_is_not_there(person: Any) -> None:
    person("cora", "bookkeeper")
    with pytest.raises(CommandError):
        call_command(
            "import_books", "/nowhere", by="cora@clinica.test", decimal="point"
        )
