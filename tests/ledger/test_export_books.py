"""The books as a file: what the real Beancount says of it, and the way back."""

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from beancount import loader
from beancount.core import data, inventory, realization
from django.core.management import CommandError, call_command

from accounts.models import User
from audit.models import Record
from ledger.api.rows import read_metadata
from ledger.chart import account_id
from ledger.formats import LONGEST_TEXT
from ledger.import_file import DecimalMark
from ledger.models import Transfer
from ledger.services.batches import book_batch
from ledger.services.proof import findings
from tests.conftest import empty_tables
from tests.ledger.books import TRANSIT, posting, trial_balance
from tests.ledger.files import A_FEE, CASH_IN, PATIENT, booked, upload

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ODD = '2026-10-31;1120-USD;3900-USD;3,00;USD;=cmd;"@SUM(A1) ""dice"" \\ ñ"'
PAID = f"2026-11-03;1110-VES;{PATIENT};80,00;VES;paid;"
SERVED = f"2026-11-04;{PATIENT};4000-VES;75,25;VES;served;"
ROWS = (CASH_IN, A_FEE, ODD, PAID, SERVED)


@pytest.fixture
def cora(person: Any) -> User:
    cora: User = person("cora", "bookkeeper")
    booked(cora, *ROWS)
    return cora


def exported(form: str, **days: str) -> str:
    said = StringIO()
    given = [f"--{name}={day}" for name, day in days.items()]
    call_command("export_books", f"--format={form}", *given, stdout=said)
    return said.getvalue()


def balances_of(text: str) -> dict[tuple[str, str], Decimal]:
    """(account's code, currency) -> what Beancount makes of the file."""
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    found = {}
    for account in realization.iter_children(realization.realize(entries)):
        held: inventory.Inventory = account.balance
        for position in held:
            code = account.account.partition(":")[2]
            found[code, position.units.currency] = position.units.number
    return found


def ours() -> dict[tuple[str, str], Decimal]:
    return {
        (code, currency): held
        for currency in ("VES", "USD")
        for code, held in trial_balance(currency).items()
    }


def test_beancount_finds_no_error_and_holds_what_we_hold(cora: User) -> None:
    text = exported("beancount")
    assert balances_of(text) == ours()
    assert ours()[PATIENT, "VES"] == Decimal("-4.75")
    entries, _, _ = loader.load_string(text)
    asserted = [each for each in entries if isinstance(each, data.Balance)]
    assert {each.account.partition(":")[2] for each in asserted} == {
        code for code, _ in ours()
    }
    odd = next(each for each in entries if getattr(each, "payee", "") == "=cmd")
    assert odd.narration == '@SUM(A1) "dice" \\ ñ'


def test_an_assertion_of_the_file_would_notice_a_missing_row(cora: User) -> None:
    text = exported("beancount")
    start = text.index("2026-11-02 *")
    end = text.index("2026-11-03 *")
    _, errors, _ = loader.load_string(text[:start] + text[end:])
    assert len(errors) == 2


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-02", "2026-11-03"),
        ("2026-11-04", "2026-11-30"),
        ("2020-01-01", "2020-01-02"),
    ],
)
def test_a_period_begins_with_what_was_there_before(
    cora: User, first: str, last: str
) -> None:
    held = balances_of(exported("beancount", first=first, last=last))
    everything = balances_of(exported("beancount", last=last))
    assert held == everything


def test_a_period_may_begin_after_the_last_transfer(cora: User) -> None:
    """What the accounts must hold is asserted after they are opened."""
    assert balances_of(exported("beancount", first="2026-12-01")) == ours()


def test_the_csv_of_a_period_holds_its_rows_and_no_formula(cora: User) -> None:
    rows = list(csv.DictReader(StringIO(exported("csv", last="2026-11-02"))))
    assert [row["date"] for row in rows] == ["2026-10-31", "2026-11-01", "2026-11-02"]
    assert (rows[0]["code"], rows[0]["description"]) == (
        "'=cmd",
        '\'@SUM(A1) "dice" \\ ñ',
    )
    everything = exported("csv").splitlines()
    assert len(everything) == 6
    assert everything[2].endswith(",1120-VES,3900-VES,1000.00,VES,opening,Apertura")


def test_there_and_back_gives_the_same_trial_balance(cora: User, person: Any) -> None:
    file, before = exported("csv").encode(), ours()
    known = upload(cora, content=file, mark=DecimalMark.POINT)
    assert (known.preview["new"], known.preview["already"]) == (0, len(ROWS))

    empty_tables(None)
    assert ours() == {}
    carlos = person("carlos", "bookkeeper")
    assert booked(carlos, content=file, mark=DecimalMark.POINT).rows_booked == len(ROWS)
    assert ours() == before
    assert exported("csv").encode() == file
    assert findings() == []


def test_the_longest_text_that_a_client_may_write_comes_back(
    cora: User, person: Any
) -> None:
    words = {"description": "=" + "ñ" * (LONGEST_TEXT - 1)}
    paid = posting(TRANSIT, account_id(PATIENT), metadata=read_metadata(words))
    book_batch(postings=[paid], actor=cora, batch=paid.key)
    file = exported("csv").encode()

    empty_tables(None)
    carlos = person("carlos", "bookkeeper")
    assert booked(carlos, content=file, mark=DecimalMark.POINT).state == "booked"
    there = Transfer.objects.get(pk=paid.key)
    assert there.metadata["description"] == words["description"]


def test_who_takes_the_books_away_is_journaled(cora: User) -> None:
    exported("csv", first="2026-11-01")
    [taken] = Record.objects.filter(action="ledger.books_exported")
    assert taken.facts == '{"first":"2026-11-01","format":"csv","last":""}'


def test_a_period_that_ends_before_it_begins_is_refused(cora: User) -> None:
    with pytest.raises(CommandError):
        exported("csv", first="2026-11-02", last="2026-11-01")


@pytest.mark.parametrize("days", [{"first": "0001-01-01"}, {"last": "9999-12-31"}])
def test_days_that_nobody_means_are_refused(cora: User, days: dict[str, str]) -> None:
    with pytest.raises(CommandError):
        exported("beancount", **days)
    assert not Record.objects.filter(action="ledger.books_exported").exists()


def test_empty_books_are_a_file_too(transactional_db: None) -> None:
    assert exported("csv").count("\n") == 1
    assert balances_of(exported("beancount")) == {}
