"""The same file by two people at once, and a worker that dies in the middle."""

from typing import Any
from uuid import uuid4

import psycopg
import pytest

from accounts.models import User
from ledger.chart import account_id
from ledger.import_file import read
from ledger.models import Import, Transfer
from ledger.services import imports
from ledger.services.proof import findings
from tests.journaled import staged
from tests.ledger.books import amount_of
from tests.ledger.files import TODAY, upload
from tests.storms.house import CeleryProcess, House, until
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROWS = [f"2026-11-01;1120-VES;3900-VES;{n},00;VES;;" for n in range(1, 3_001)]
SUM = 100 * 3_000 * 3_001 // 2


def confirmed(actor: User, *rows: str) -> Import:
    found = upload(actor, *rows)
    imports.confirm(import_id=found.pk, actor=actor)
    return found


def test_the_same_file_by_two_people_at_once_is_booked_once(
    person: Any, root: User
) -> None:
    cora = person("cora", "bookkeeper")

    def act(actor: User) -> Any:
        return lambda: imports.book_now(
            import_id=confirmed(actor, *ROWS[:50]).pk, today=TODAY
        )

    results = together(act(cora), act(root))
    assert sorted(each.rows_booked for each in results) == [0, 50]
    assert {each.state for each in results} == {"booked"}
    assert Transfer.objects.count() == 50
    assert findings() == []


def test_one_import_worked_off_by_three_at_once_is_booked_once(person: Any) -> None:
    found = confirmed(person("cora", "bookkeeper"), *ROWS[:50])

    def work() -> None:
        imports.book_now(import_id=found.pk, today=TODAY)

    together(work, work, work)
    found.refresh_from_db()
    assert (found.state, found.rows_booked) == ("booked", 50)
    assert Transfer.objects.count() == 50


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_books_all(
    house: House, victim: CeleryProcess, survivor: CeleryProcess, person: Any
) -> None:
    house.wait(victim, survivor)
    cora = person("cora", "bookkeeper")
    found = upload(cora, *ROWS)
    # Confirmed, and the bell was not heard.
    with staged():
        Import.objects.update(state="confirmed", confirmed_by=cora)
    with psycopg.connect(house.database_url) as line:
        # The key of a row of the last batch, not committed: there the worker stands.
        in_the_way(line, found)
        house.bell.send_task("ledger.book_imports", queue="victim")
        until(lambda: rows_done(found) == 2_000, "two batches are posted")
        until(lambda: house.waiting_for_locks() == 1, "it is in the third")
        house.kill(victim)
        line.rollback()
    # It still works off what was sent to it once the row is free, and while it does
    # nobody else begins.
    until(lambda: not house.busy(), "the dead one's session ends")
    assert not Transfer.objects.exists()
    assert amount_of(account_id("1120-VES")) == 0
    found.refresh_from_db()
    assert (found.state, found.attempts) == ("confirmed", 1)

    house.bell.send_task("ledger.book_imports")
    until(lambda: state(found) == "booked", "the next one has booked it")
    assert Transfer.objects.count() == 3_000
    assert amount_of(account_id("1120-VES")) == SUM
    assert findings() == []


def in_the_way(line: psycopg.Connection[Any], found: Import) -> None:
    rows, _ = read(bytes(found.content), mark=",", today=TODAY)
    columns = (
        "key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,"
        " credit_balance, at, effective, code, cause_type, cause_id, metadata"
    )
    line.execute(
        f"INSERT INTO ledger_transfer ({columns}) VALUES"
        " (%s, %s, %s, 1, 1, 1, 1, 1, now(), now(), 'x', 'x', 'x', '{}')",
        [rows[-1].key, uuid4(), uuid4()],
    )


def state(found: Import) -> str:
    return Import.objects.get(pk=found.pk).state


def rows_done(found: Import) -> int:
    return Import.objects.get(pk=found.pk).rows_done
