"""A file into the books: what is said about it, and that it is booked once or not."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from accounts.models import SYSTEM_ID, User
from areamedica.errors import Forbidden
from audit.models import Record
from ledger.chart import account_id
from ledger.errors import ImportNotFound, ImportNotReady, UnreadableFile
from ledger.formats import LONGEST_TEXT
from ledger.import_file import LARGEST_FILE, MOST_ROWS, DecimalMark, read
from ledger.models import Account, Import, Transfer
from ledger.services import imports
from ledger.services.accounts import close, freeze
from ledger.services.periods import close_month
from ledger.services.proof import findings
from ledger.tasks import book_imports
from tests.journaled import staged
from tests.ledger.bodies import LEDGER
from tests.ledger.books import amount_of, customer, trial_balance
from tests.ledger.files import (
    A_FEE,
    CASH_IN,
    HEADING,
    PATIENT,
    TODAY,
    booked,
    csv_of,
    faults,
    upload,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.as_application,
]


@pytest.fixture
def cora(person: Any) -> User:
    """The bookkeeper."""
    return person("cora", "bookkeeper")


def test_a_preview_says_what_would_become_of_each_account(cora: User) -> None:
    found = upload(cora, CASH_IN, A_FEE)
    assert (found.state, found.rows_total) == ("ready", 2)
    assert found.preview == {
        "new": 2,
        "already": 0,
        "sums": {"VES": "1012.50"},
        "opens": 0,
        "accounts": [
            _becomes("1120-VES", "Banco conciliado", "987.50"),
            _becomes("3900-VES", "Saldos de apertura", "1000.00"),
            _becomes("5100-VES", "Gastos bancarios", "12.50"),
        ],
        "accounts_total": 3,
        "wrongs": [],
        "wrongs_total": 0,
    }
    assert not Transfer.objects.exists()
    [uploaded] = Record.objects.filter(action="ledger.import_uploaded")
    assert uploaded.actor_id == cora.pk
    assert found.digest in uploaded.facts
    assert "apertura.csv" not in uploaded.facts


def _becomes(code: str, name: str, after: str) -> dict[str, object]:
    return {
        "code": code,
        "name": name,
        "currency": "VES",
        "before": "0.00",
        "after": after,
        "is_new": False,
    }


def test_a_confirmed_file_is_booked_whole(api: Any, cora: User) -> None:
    found = booked(cora, CASH_IN, A_FEE)
    assert (found.state, found.rows_booked) == ("booked", 2)
    assert bytes(found.content) == b""
    fee = Transfer.objects.get(code="charge")
    shown = api(cora).get(f"{LEDGER}/entries/{fee.key}").json()
    assert shown["metadata"]["line"] == "3"
    assert fee.metadata == {
        "import": str(found.pk),
        "line": 3,
        "description": "Comisión",
    }
    [batch] = Record.objects.filter(action="ledger.batch_posted")
    assert (fee.cause_type, fee.cause_id) == ("batch", batch.subject_id)
    assert batch.actor_id == cora.pk
    assert fee.effective.isoformat() == "2026-11-02"
    assert amount_of(account_id("1120-VES")) == 98_750
    assert findings() == []
    told = Record.objects.filter(subject_id=str(found.pk)).order_by("pk")
    assert list(told.values_list("action", flat=True)) == [
        "ledger.import_uploaded",
        "ledger.import_confirmed",
        "ledger.import_booked",
    ]


WRONG_ROWS = {
    "2026-11-01;1120-VES;9999-VES;1,00;VES;;": "unknown_account",
    "2026-11-01;1120-VES;2100-VES;1,00;VES;;": "heading",
    "2026-11-01;1120-VES;2100-VES-x;1,00;VES;;": "unknown_account",
    "2026-11-01;1120-VES;3900-USD;1,00;VES;;": "other_currency",
    "2026-11-01;1120-VES;3900-VES;1,00;USD;;": "other_currency",
    "2026-11-01;1120-VES;3900-VES;1,00;XXX;;": "currency",
    "2026-11-01;1120-VES;1120-VES;1,00;VES;;": "same_account",
    "2026-11-01;1120-VES;3900-VES;0,00;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;-1,00;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;1,005;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;1.5;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;1.00,00;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;1e3;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;١;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;=1+1;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;999999999999999999;VES;;": "amount",
    "2026-11-01;1120-VES;3900-VES;;VES;;": "amount",
    "2026-11-23;1120-VES;3900-VES;1,00;VES;;": "future",
    "2026-02-30;1120-VES;3900-VES;1,00;VES;;": "date",
    "1926-11-01;1120-VES;3900-VES;1,00;VES;;": "date",
    "11/2026;1120-VES;3900-VES;1,00;VES;;": "date",
    "2026-11-01;1120-VES;3900-VES;1,00;VES": "cells",
    f"2026-11-01;1120-VES;3900-VES;1,00;VES;{'x' * 33};": "text",
    f"2026-11-01;1120-VES;3900-VES;1,00;VES;;{'x' * (LONGEST_TEXT + 1)}": "text",
    f"2026-11-01;{PATIENT};4000-VES;1,00;VES;;": "floor",
}


def test_each_wrong_row_is_named_by_its_line_and_reason(cora: User) -> None:
    found = upload(cora, CASH_IN, *WRONG_ROWS, A_FEE)
    assert found.state == "faulty"
    assert faults(found) == list(enumerate(WRONG_ROWS.values(), start=3))
    assert found.preview["wrongs_total"] == len(WRONG_ROWS)
    assert found.preview["new"] == 2
    with pytest.raises(ImportNotReady):
        imports.confirm(import_id=found.pk, actor=cora)
    assert not Transfer.objects.exists()


SOMEBODY = "José Pérez V12345678"
SHIFTED_ROWS = {
    f"{SOMEBODY * 4};2026-11-01;1120-VES;3900-VES;1,00;VES;;": "key",
    f";{SOMEBODY};1120-VES;3900-VES;1,00;VES;;": "date",
    f";2026-11-01;{SOMEBODY};3900-VES;1,00;VES;;": "debit",
    f";2026-11-01;1120-VES;{SOMEBODY};1,00;VES;;": "credit",
    f";2026-11-01;{SOMEBODY};{SOMEBODY};1,00;VES;;": "credit",
    f";2026-11-01;1120-VES;3900-VES;{SOMEBODY};VES;;": "amount",
    f";2026-11-01;1120-VES;3900-VES;1,00;{SOMEBODY};;": "currency",
    f";2026-11-01;1120-VES;3900-VES;1,00;VES;{SOMEBODY * 2};": "code",
    f";2026-11-01;1120-VES;3900-VES;1,00;VES;;{SOMEBODY * 26}": "description",
    f"{SOMEBODY};2026-11-01;1120-VES;3900-VES;1,00;VES": "",
}


def test_of_a_wrong_row_its_column_is_kept_and_nothing_that_stands_there(
    cora: User,
) -> None:
    found = upload(cora, content=csv_of(*SHIFTED_ROWS, heading=f"key;{HEADING}"))
    assert (found.state, bytes(found.content)) == ("faulty", b"")
    wrongs = found.preview["wrongs"]
    assert [each["column"] for each in wrongs] == list(SHIFTED_ROWS.values())
    kept = json.dumps(found.preview, ensure_ascii=False).lower()
    for word in SOMEBODY.lower().split():
        assert word not in kept


def test_what_was_kept_of_wrong_rows_before_is_forgotten(cora: User) -> None:
    found = upload(cora, CASH_IN, *SHIFTED_ROWS)
    lines = [each["line"] for each in found.preview["wrongs"]]
    for each in found.preview["wrongs"]:
        each["cell"] = SOMEBODY
    with staged():
        found.save(update_fields=["preview"])
    migration = import_module("ledger.migrations.0018_forget_wrong_cells")
    with staged(), connection.cursor() as cursor:
        cursor.execute(migration.FORGET)
    found.refresh_from_db()
    assert [each["line"] for each in found.preview["wrongs"]] == lines
    assert {each["cell"] for each in found.preview["wrongs"]} == {""}


def test_a_frozen_account_is_named(cora: User) -> None:
    freeze(account_id=account_id("3900-VES"), actor=cora, reason="Auditoría")
    found = upload(cora, CASH_IN)
    assert found.preview["wrongs"] == [
        {"line": 2, "fault": "frozen", "column": "credit", "cell": "3900-VES"}
    ]


def test_a_row_that_an_account_cannot_take_is_named_by_its_line_and_column(
    cora: User,
) -> None:
    """Of several faults the first in the order in which the books judge."""
    closed, frozen, full = customer("ana"), customer("beto"), customer("c", ceiling="9")
    close(account_id=closed, actor=cora, reason="Se mudó")
    freeze(account_id=frozen, actor=cora, reason="Auditoría")
    ana, beto, carla = (
        Account.objects.get(pk=each).code for each in (closed, frozen, full)
    )
    wrong = [
        ("1120-VES", carla, "9,01", "ceiling", "credit", carla),
        (carla, "1120-VES", "0,01", "floor", "debit", carla),
        ("1120-VES", ana, "1,00", "closed", "credit", ana),
        (beto, ana, "1,00", "closed", "credit", ana),
        (beto, carla, "9,01", "frozen", "debit", beto),
        (ana, "1120-USD", "1,00", "other_currency", "credit", "1120-USD"),
        (ana, "9999-VES", "1,00", "unknown_account", "credit", ""),
    ]
    found = upload(cora, *(f"2026-11-01;{d};{c};{n};VES;;" for d, c, n, *_ in wrong))
    assert found.preview["wrongs"] == [
        {"line": line, "fault": fault, "column": column, "cell": cell}
        for line, (*_, fault, column, cell) in enumerate(wrong, start=2)
    ]


def test_the_rows_of_a_file_together_keep_to_a_ceiling(cora: User) -> None:
    """As it adds up row by row, so that the worker is not the first to say it."""
    ours = customer("ana", ceiling="10")
    code = Account.objects.get(pk=ours).code
    rows = [f"2026-11-01;1120-VES;{code};6,00;VES;{n};" for n in ("a", "b")]
    assert faults(upload(cora, *rows)) == [(3, "ceiling")]
    back = f"2026-11-01;{code};1120-VES;2,00;VES;c;"
    assert booked(cora, rows[0], back, rows[1]).state == "booked"
    assert amount_of(ours) == 1000


def test_a_row_of_a_closed_month_is_named_also_when_it_closed_meanwhile(
    cora: User,
) -> None:
    october = CASH_IN.replace("2026-11-01", "2026-10-31")
    found = upload(cora, CASH_IN, october)
    imports.confirm(import_id=found.pk, actor=cora)
    month = date(2026, 10, 1)
    close_month(month=month, actor=cora, reason="Cierre", now=datetime.now(UTC))
    imports.book(import_id=found.pk, today=TODAY)
    found.refresh_from_db()
    assert found.failure == {
        "line": 3,
        "fault": "closed_month",
        "column": "date",
        "cell": "2026-10",
    }
    assert not Transfer.objects.exists()
    assert faults(upload(cora, CASH_IN, october)) == [(3, "closed_month")]


def test_who_lost_the_right_meanwhile_books_nothing(cora: User) -> None:
    found = upload(cora, CASH_IN)
    imports.confirm(import_id=found.pk, actor=cora)
    cora.role.permissions.clear()
    imports.book_confirmed(today=TODAY)
    found.refresh_from_db()
    assert found.failure == {
        "line": 0,
        "fault": "refused",
        "column": "",
        "cell": "FORBIDDEN",
    }
    assert not Transfer.objects.exists()


def test_a_key_stands_in_a_file_once_and_in_the_books_with_one_content(
    cora: User,
) -> None:
    heading = f"key;{HEADING}"
    one, other = f"A-1;{CASH_IN}", f"A-1;{A_FEE}"
    twice = upload(cora, content=csv_of(one, other, heading=heading))
    assert faults(twice) == [(3, "twice")]
    booked(cora, content=csv_of(one, heading=heading))
    reused = upload(cora, content=csv_of(other, heading=heading))
    assert faults(reused) == [(2, "key_reused")]
    again = upload(cora, content=csv_of(one, heading=heading))
    assert (again.state, again.preview["already"]) == ("booked", 1)


def test_the_same_file_again_books_nothing_and_says_so(cora: User) -> None:
    booked(cora, CASH_IN, CASH_IN, A_FEE)
    again = upload(cora, CASH_IN, CASH_IN, A_FEE)
    assert (again.state, again.rows_booked) == ("booked", 0)
    assert (again.preview["new"], again.preview["already"]) == (0, 3)
    assert bytes(again.content) == b""
    assert Transfer.objects.count() == 3


def test_a_file_that_has_grown_books_what_is_new(cora: User) -> None:
    """Written another way too: the row counts, not its characters."""
    booked(cora, CASH_IN)
    other_way = (
        b'\xef\xbb\xbf"currency","fecha","debe","haber","monto","code","description"\n'
    )
    row = 'ves,01/11/2026,1120-VES,3900-VES,"1,000.00",opening,Apertura\n'
    grown = upload(cora, content=other_way + row.encode() * 2, mark=DecimalMark.POINT)
    assert (grown.preview["new"], grown.preview["already"]) == (1, 1)


def test_patients_accounts_are_opened_by_the_file(cora: User) -> None:
    found = upload(cora, f"2026-11-01;3900-VES;{PATIENT};80,00;VES;opening;")
    assert (found.state, found.preview["opens"]) == ("ready", 1)
    assert not Account.objects.filter(code=PATIENT).exists()
    imports.confirm(import_id=found.pk, actor=cora)
    imports.book(import_id=found.pk, today=TODAY)
    assert amount_of(account_id(PATIENT)) == 8_000
    [opened] = Record.objects.filter(action="ledger.account_opened")
    assert opened.actor_id == cora.pk


def test_a_row_refused_at_the_last_moment_leaves_nothing(
    cora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The account is frozen after the preview; two batches were posted before."""
    monkeypatch.setattr(imports, "AT_ONCE", 2)
    rows = [f"2026-11-01;1120-VES;3900-VES;{n},00;VES;;" for n in range(1, 5)]
    found = upload(cora, *rows, A_FEE)
    imports.confirm(import_id=found.pk, actor=cora)
    freeze(account_id=account_id("5100-VES"), actor=cora, reason="Auditoría")
    imports.book(import_id=found.pk, today=TODAY)
    found.refresh_from_db()
    assert found.state == "failed"
    assert found.failure == {
        "line": 6,
        "fault": "frozen",
        "column": "debit",
        "cell": "5100-VES",
    }
    assert not Transfer.objects.exists()
    assert bytes(found.content) == b""
    assert Record.objects.filter(action="ledger.import_failed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_more_rows_are_done_than_there_are(
    cora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by others while the last of them wait for the end of the transaction."""
    monkeypatch.setattr(imports, "AT_ONCE", 2)
    rows = [f"2026-11-01;1120-VES;3900-VES;{n},00;VES;;" for n in range(1, 5)]
    booked(cora, rows[0])
    found = upload(cora, *rows)
    imports.confirm(import_id=found.pk, actor=cora)
    seen, end = [], imports._end

    def look_and_end(*given: Any, **facts: Any) -> None:
        seen.append(Import.objects.get(pk=found.pk).rows_done)
        end(*given, **facts)

    monkeypatch.setattr(imports, "_end", look_and_end)
    imports.book(import_id=found.pk, today=TODAY)
    assert (seen, found.rows_total) == ([4], 4)
    assert Import.objects.get(pk=found.pk).state == "booked"


def test_what_the_engine_refuses_in_the_middle_undoes_the_batches_before(
    cora: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the account were frozen between the look and the posting."""
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    found = upload(cora, CASH_IN, A_FEE)
    imports.confirm(import_id=found.pk, actor=cora)
    locked = imports.lock

    def lock_and_freeze(*accounts: UUID) -> None:
        locked(*accounts)
        freeze(account_id=account_id("5100-VES"), actor=cora, reason="Auditoría")

    monkeypatch.setattr(imports, "lock", lock_and_freeze)
    imports.book(import_id=found.pk, today=TODAY)
    found.refresh_from_db()
    assert found.failure == {
        "line": 3,
        "fault": "refused",
        "column": "",
        "cell": "frozen",
    }
    assert not Transfer.objects.exists()
    assert amount_of(account_id("1120-VES")) == 0


def test_a_file_that_our_own_code_cannot_book_is_given_up(cora: User) -> None:
    found = upload(cora, CASH_IN)
    imports.confirm(import_id=found.pk, actor=cora)
    Import.objects.update(attempts=imports.MOST_ATTEMPTS)
    imports.book_confirmed(today=TODAY)
    found.refresh_from_db()
    assert found.failure == {"line": 0, "fault": "refused", "column": "", "cell": ""}


def test_an_import_ends_once(cora: User) -> None:
    found = booked(cora, CASH_IN)
    imports.book(import_id=found.pk, today=TODAY)
    for act in (imports.confirm, imports.discard):
        with pytest.raises(ImportNotReady):
            act(import_id=found.pk, actor=cora)
        with pytest.raises(ImportNotFound):
            act(import_id=account_id("1120-VES"), actor=cora)
    assert Transfer.objects.count() == 1


def test_a_discarded_file_is_forgotten(cora: User) -> None:
    found = upload(cora, CASH_IN)
    imports.discard(import_id=found.pk, actor=cora)
    imports.book_confirmed(today=TODAY)
    found.refresh_from_db()
    assert (found.state, bytes(found.content)) == ("discarded", b"")
    assert not Transfer.objects.exists()


def test_a_file_that_nobody_confirms_is_forgotten_after_a_week(cora: User) -> None:
    old, confirmed = upload(cora, CASH_IN), upload(cora, A_FEE)
    imports.confirm(import_id=confirmed.pk, actor=cora)
    uploaded = Import.objects.get(pk=old.pk).uploaded_at
    imports.forget_unconfirmed(uploaded + timedelta(days=7))
    old.refresh_from_db()
    assert old.state == "ready"
    for _ in range(2):
        imports.forget_unconfirmed(uploaded + timedelta(days=7, seconds=1))
    old.refresh_from_db()
    confirmed.refresh_from_db()
    assert (old.state, bytes(old.content)) == ("discarded", b"")
    assert confirmed.state == "confirmed"
    [discarded] = Record.objects.filter(action="ledger.import_discarded")
    assert (discarded.actor_id, discarded.subject_id) == (SYSTEM_ID, str(old.pk))


def test_the_worker_forgets_what_nobody_confirmed(cora: User) -> None:
    found = upload(cora, CASH_IN)
    with staged():
        Import.objects.update(uploaded_at=datetime(2026, 11, 1, tzinfo=UTC))
    book_imports()
    found.refresh_from_db()
    assert found.state == "discarded"


@pytest.mark.parametrize("role", ["cashier", "support", "reviewer", "auditor"])
def test_only_who_may_post_imports(cora: User, person: Any, role: str) -> None:
    stranger = person("stranger", role)
    found = upload(cora, CASH_IN)
    with pytest.raises(Forbidden):
        upload(stranger, CASH_IN)
    for act in (imports.confirm, imports.discard):
        with pytest.raises(Forbidden):
            act(import_id=found.pk, actor=stranger)
    found.refresh_from_db()
    assert found.state == "ready"
    assert Import.objects.count() == 1


UNREADABLE = {
    "utf-16": csv_of(CASH_IN).decode().encode("utf-16"),
    "latin-1": csv_of(A_FEE).decode().encode("latin-1"),
    "with a NUL": csv_of(CASH_IN).replace(b"Apertura", b"\x00"),
    "empty": b"",
    "heading alone": csv_of(),
    "no heading": CASH_IN.encode(),
    "an unknown column": csv_of(CASH_IN + ";x", heading=f"{HEADING};mood"),
    "a column twice": csv_of(CASH_IN + ";x", heading=f"{HEADING};fecha"),
    "an open quote": csv_of('"2026-11-01;1120-VES'),
    "too large": b"x" * (LARGEST_FILE + 1),
    "a spreadsheet": b"PK\x03\x04\x14\x00\x06\x00",
}


@pytest.mark.parametrize("why", UNREADABLE)
def test_what_is_no_file_of_transfers_is_refused_and_not_kept(
    cora: User, why: str
) -> None:
    with pytest.raises(UnreadableFile):
        upload(cora, content=UNREADABLE[why])
    assert not Import.objects.exists()


def test_a_file_has_so_many_rows_and_no_more() -> None:
    rows, _ = read(csv_of(*[CASH_IN] * MOST_ROWS), mark=",", today=TODAY)
    assert len({row.key for row in rows}) == MOST_ROWS
    with pytest.raises(UnreadableFile):
        read(csv_of(*[CASH_IN] * (MOST_ROWS + 1)), mark=",", today=TODAY)


def test_a_quoted_cell_may_span_lines_and_rows_keep_their_own() -> None:
    rows, wrongs = read(
        csv_of(f'{CASH_IN[:-8]}"dos\nlíneas"', "", A_FEE, "x;y"), mark=",", today=TODAY
    )
    assert [(row.line, row.description) for row in rows] == [
        (3, "dos\nlíneas"),
        (5, "Comisión"),
    ]
    assert [wrong.line for wrong in wrongs] == [6]


def test_cells_that_a_spreadsheet_computes_are_texts_here(cora: User) -> None:
    row = '2026-11-01;1120-VES;3900-VES;5,00;VES;;=HYPERLINK("http://x")'
    booked(cora, row)
    one = Transfer.objects.get()
    assert one.metadata["description"] == '=HYPERLINK("http://x")'


def test_both_sides_of_the_trial_balance_agree_after_an_import(cora: User) -> None:
    booked(cora, CASH_IN, A_FEE)
    held = trial_balance("VES")
    assert sum(held.values()) == 0
    assert sum(each for each in held.values() if each > 0) == Decimal("1000.00")
