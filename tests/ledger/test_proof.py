"""Whoever can switch the guards off may tamper; the proof names what he did."""

import json
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from ledger.models import Proof
from ledger.services.posting import post_batch
from ledger.services.proof import GUARDED, findings
from ledger.tasks import prove
from tests.ledger.books import FEES, TRANSIT, customer, posting

pytestmark = pytest.mark.django_db

_GUARDS_OFF = "SET CONSTRAINTS ALL IMMEDIATE; " + "; ".join(
    f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in GUARDED
)
_GUARDS_ON = ";".join(
    f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_{guard}"
    for table in GUARDED
    for guard in ("rows", "table")
)


def tamper(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GUARDS_OFF)
        for each in statements:
            cursor.execute(each)
        cursor.execute(_GUARDS_ON)


@pytest.fixture
def books() -> None:
    ana = customer("ana")
    post_batch(
        [
            posting(TRANSIT, ana, "10.00"),
            posting(TRANSIT, ana, "5.00"),
            posting(ana, FEES, "3.00"),
        ]
    )


_SECOND = "WHERE debit_seq = 2"
_CUSTOMERS = "account_id IN (SELECT id FROM ledger_account WHERE owner_id IS NOT NULL)"

TAMPERED = [
    (
        {"balance_is_not_the_sum", "running_balance_wrong"},
        [f"UPDATE ledger_transfer SET amount = 501 {_SECOND}"],
    ),
    (
        {
            "balance_is_not_the_sum",
            "balance_is_not_the_last",
            "debits_are_not_credits",
        },
        [f"UPDATE ledger_balance SET amount = 99999 WHERE {_CUSTOMERS}"],
    ),
    (
        {"balance_is_not_the_last"},
        [f"UPDATE ledger_balance SET seq = 9 WHERE {_CUSTOMERS}"],
    ),
    (
        {"sequence_broken", "running_balance_wrong", "balance_is_not_the_sum"},
        [
            "DELETE FROM ledger_transfer WHERE debit_seq = 1 AND credit_seq = 1"
            " AND amount = 1000"
        ],
    ),
    (
        {"time_runs_backwards"},
        [
            f"UPDATE ledger_transfer SET at = '2020-01-01', effective = '2020-01-01'"
            f" {_SECOND}"
        ],
    ),
    (
        {"floor_crossed"},
        [
            "ALTER TABLE ledger_balance DROP CONSTRAINT balance_free_not_below_floor",
            "UPDATE ledger_transfer SET debit_balance = -1 WHERE amount = 300",
        ],
    ),
    (
        {"without_cause"},
        [
            "ALTER TABLE ledger_transfer DROP CONSTRAINT transfer_has_a_cause",
            f"UPDATE ledger_transfer SET cause_id = '' {_SECOND}",
        ],
    ),
    (
        {"account_unknown", "balance_is_not_the_sum"},
        [
            "UPDATE ledger_transfer SET credit_id = gen_random_uuid()"
            f" {_SECOND} AND credit_seq = 2"
        ],
    ),
    (
        {"currencies_mixed", "balance_not_as_its_account"},
        ["UPDATE ledger_account SET currency = 'USD' WHERE owner_id IS NOT NULL"],
    ),
    (
        {"balance_not_as_its_account"},
        ["UPDATE ledger_account SET kind = 'income' WHERE code = '1120-VES'"],
    ),
    (
        {"account_without_balance"},
        [
            "DELETE FROM ledger_balance WHERE account_id ="
            " (SELECT id FROM ledger_account WHERE code = '1120-EUR')"
        ],
    ),
]


@pytest.mark.parametrize(("kinds", "statements"), TAMPERED)
def test_each_kind_of_tampering_is_named(
    books: None, kinds: set[str], statements: list[str]
) -> None:
    assert findings() == []
    tamper(*statements)
    assert kinds <= {each.kind for each in findings()}


@pytest.mark.parametrize("state", ["DISABLE", "ENABLE", "ENABLE REPLICA"])
def test_a_guard_that_is_not_always_on_is_named(books: None, state: str) -> None:
    tamper()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_transfer {state} TRIGGER append_only_rows")
    assert [(each.kind, each.subject) for each in findings()] == [
        ("guard_missing", "ledger_transfer append_only_rows")
    ]
    problems = run_checks(tags=["database"], databases=["default"])
    assert [each.id for each in problems] == ["ledger.E001"]
    with connection.cursor() as cursor:
        cursor.execute(_GUARDS_ON)


def test_the_command_says_what_is_wrong_and_fails(books: None, capsys: Any) -> None:
    call_command("ledger_verify")
    assert capsys.readouterr().out == "3 transfers, 0 problems.\n"
    tamper(f"UPDATE ledger_balance SET seq = 9 WHERE {_CUSTOMERS}")
    with pytest.raises(SystemExit) as ended:
        call_command("ledger_verify", "--json")
    assert ended.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert told["transfers"] == 3
    assert [each["kind"] for each in told["problems"]] == ["balance_is_not_the_last"]


def test_every_night_the_books_are_proved_and_the_watchers_told(
    books: None, client: Any, settings: Any
) -> None:
    settings.METRICS_ADDRESSES = ["127.0.0.1"]
    assert "ledger_problems" not in client.get("/metrics").content.decode()
    tamper(f"UPDATE ledger_balance SET seq = 9 WHERE {_CUSTOMERS}")
    prove()
    assert list(Proof.objects.values_list("transfers", "problems")) == [(3, 1)]
    told = client.get("/metrics").content.decode()
    assert "ledger_problems 1.0" in told
    assert "ledger_proof_age_seconds 0." in told
