"""Whoever can switch the guards off may tamper; the proof names what he did."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from audit.checks import GUARDED as OF_THE_JOURNAL
from ledger.models import Proof, Transfer
from ledger.services.batches import book_batch
from ledger.services.holds import hold, post_hold
from ledger.services.periods import close_month
from ledger.services.posting import post_batch
from ledger.services.proof import GUARDED as OF_THE_BOOKS
from ledger.services.proof import Finding, findings
from ledger.services.reversal import reverse
from ledger.tasks import prove
from tests.journaled import unguarded
from tests.ledger.books import FEES, TRANSIT, customer, posting

pytestmark = pytest.mark.django_db

_GUARDED = (*OF_THE_JOURNAL, *OF_THE_BOOKS)


def tamper(*statements: str) -> None:
    with unguarded(*_GUARDED) as cursor:
        for each in statements:
            cursor.execute(each)


@pytest.fixture
def books() -> None:
    write_books()


def write_books() -> None:
    ana = customer("ana")
    post_batch(
        [
            posting(TRANSIT, ana, "10.00"),
            posting(TRANSIT, ana, "5.00"),
            posting(ana, FEES, "3.00"),
        ]
    )


_SIDE = "account_id = (SELECT credit_id FROM ledger_transfer WHERE amount = 500)"
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
    *(
        (
            {"account_not_as_in_chart"},
            [f"UPDATE ledger_account SET {change} WHERE owner_id IS NOT NULL"],
        )
        for change in (
            "floor_rule = 'none'",
            "kind = 'asset'",
            "currency = 'USD'",
            "is_heading = true",
            "owner_type = 'clinic'",
            "owner_id = gen_random_uuid()",
            "parent_id = NULL, owner_id = NULL",
            "parent_id = (SELECT id FROM ledger_account WHERE code = '2100-USD')",
        )
    ),
    *(
        (
            {"limits_not_as_journaled"},
            [f"UPDATE ledger_account SET {limit} WHERE owner_id IS NOT NULL"],
        )
        for limit in ("overdraft = 1", "ceiling = 1000")
    ),
    (
        {"account_without_balance"},
        [
            "DELETE FROM ledger_balance WHERE account_id ="
            " (SELECT id FROM ledger_account WHERE code = '1120-EUR')"
        ],
    ),
]


# Tampered with: a reversal of 1.00 of a batch's 5.00, 2.00 held and posted, 1.00 held,
# and August closed.
TAMPERED_BESIDE = [
    ({"held_is_not_the_sum"}, [f"UPDATE ledger_balance SET held = 1 WHERE {_SIDE}"]),
    ({"held_is_not_the_sum"}, ["DELETE FROM ledger_hold WHERE amount = 100"]),
    (
        {"hold_posted_otherwise"},
        ["UPDATE ledger_transfer SET cause_id = 'x' WHERE cause_type = 'hold'"],
    ),
    (
        {"hold_posted_otherwise"},
        ["UPDATE ledger_hold SET amount = 199 WHERE amount = 200"],
    ),
    (
        {"posted_without_its_hold", "held_is_not_the_sum"},
        ["DELETE FROM ledger_holdend"],
    ),
    (
        {"reverses_no_such_transfer"},
        [
            "UPDATE ledger_transfer SET reverses = gen_random_uuid()"
            " WHERE reverses IS NOT NULL"
        ],
    ),
    (
        {"reversed_too_much"},
        [
            "UPDATE ledger_transfer SET amount = 501 WHERE reverses IS NOT NULL",
        ],
    ),
    (
        {"booked_in_a_closed_month"},
        [
            "UPDATE ledger_transfer SET effective = '2026-08-31'"
            " WHERE reverses IS NOT NULL"
        ],
    ),
    (
        {"not_as_journaled"},
        ["UPDATE ledger_transfer SET code = 'x' WHERE cause_type = 'batch'"],
    ),
    (
        {"not_as_journaled"},
        ["UPDATE ledger_transfer SET cause_type = 'x' WHERE cause_type = 'batch'"],
    ),
    *(
        (
            {"not_as_journaled"},
            [f"DELETE FROM audit_record WHERE action = 'ledger.{action}'"],
        )
        for action in ("batch_posted", "transfer_reversed", "hold_posted")
    ),
    (
        {"not_as_journaled"},
        ["UPDATE ledger_transfer SET amount = 99 WHERE reverses IS NOT NULL"],
    ),
    (
        {"month_not_as_journaled"},
        ["DELETE FROM audit_record WHERE action = 'ledger.month_closed'"],
    ),
    ({"month_not_as_journaled"}, ["DELETE FROM ledger_closing"]),
    (
        {"month_not_as_journaled"},
        [
            "UPDATE ledger_closing SET by_id ="
            " (SELECT id FROM accounts_user WHERE id <> by_id LIMIT 1)"
        ],
    ),
    (
        {"reversal_not_as_caused", "not_as_journaled"},
        ["UPDATE ledger_transfer SET reverses = NULL WHERE cause_type = 'reversal'"],
    ),
    (
        {"reversal_not_as_caused"},
        ["UPDATE ledger_transfer SET code = 'bonus' WHERE cause_type = 'reversal'"],
    ),
    *(
        (
            {kind},
            [
                "UPDATE ledger_transfer SET effective = effective - 1"
                f" WHERE cause_type = '{cause}'"
            ],
        )
        for cause, kind in (
            ("reversal", "not_as_journaled"),
            ("hold", "hold_posted_otherwise"),
        )
    ),
    (
        {"hold_posted_otherwise"},
        ["UPDATE ledger_transfer SET code = 'x' WHERE cause_type = 'hold'"],
    ),
    (
        {"cause_unknown", "not_as_journaled"},
        ["UPDATE ledger_transfer SET cause_type = 'x' WHERE cause_type = 'reversal'"],
    ),
]


@pytest.mark.parametrize(("kinds", "statements"), TAMPERED_BESIDE)
def test_holds_reversals_closings_and_batches_are_proved_too(
    root: User, kinds: set[str], statements: list[str]
) -> None:
    write_beside(root)
    assert findings() == []
    tamper(*statements)
    assert kinds <= {each.kind for each in findings()}


def test_words_that_were_pruned_are_missed_by_nobody(root: User) -> None:
    """Who pruned them is written in the journal, by two people."""
    write_beside(root)
    tamper("UPDATE audit_record SET facts = '' WHERE action LIKE 'ledger.%%'")
    assert findings() == []


def test_a_transfer_does_not_hide_behind_words_that_were_pruned(root: User) -> None:
    write_beside(root)
    tamper(
        "UPDATE audit_record SET facts = '' WHERE action = 'ledger.batch_posted'",
        "UPDATE ledger_transfer SET cause_type = 'batch', cause_id ="
        " (SELECT cause_id FROM ledger_transfer WHERE cause_type = 'batch')"
        " WHERE cause_type = 'hold'",
    )
    batch = Transfer.objects.filter(cause_type="batch").first()
    assert batch is not None
    assert ("not_as_journaled", batch.cause_id) in {
        (each.kind, each.subject) for each in findings()
    }


@pytest.mark.parametrize(
    "facts",
    [
        "no JSON",
        "{}",
        '{"amount":"much"}',
        '{"amount":"1e9"}',
        f'{{"amount":"{"9" * 200}.00"}}',
        '{"digest":null}',
        '{"digest":"\\u0000"}',
    ],
)
def test_a_record_that_cannot_be_read_is_named_and_hides_nothing(
    root: User, facts: str
) -> None:
    """Who has the application's password may add what no program of ours writes."""
    write_beside(root)
    tamper(f"UPDATE ledger_balance SET seq = 9 WHERE {_CUSTOMERS}")
    before = findings()
    assert before
    actions = {"batch_posted", "transfer_reversed", "hold_posted"}
    with connection.cursor() as cursor:
        for action in actions:
            cursor.execute(_ADDED, [f"ledger.{action}", action, facts])
    unread = {Finding("not_as_journaled", each, "not in the books") for each in actions}
    assert set(findings()) == {*before, *unread}


_ADDED = """
INSERT INTO audit_record (action, subject_type, subject_id, request_id, facts)
VALUES (%s, '', %s, '', %s)
"""


def write_beside(root: User) -> None:
    """A closed month, a batch, a hold that was posted, one that is open, a reversal."""
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    ana, wanted = customer("ana"), posting(TRANSIT, customer("ana"), "5.00")
    who: dict[str, Any] = {"actor": root, "now": now}
    close_month(month=date(2026, 8, 1), reason="Fin de mes", **who)
    book_batch(postings=[wanted], actor=root, batch=uuid4())
    for amount in ("2.00", "1.00"):
        held = posting(ana, FEES, amount)
        until = now + timedelta(days=1)
        hold(posting=held, expires_at=until, is_dated=True, **who)
        if amount == "2.00":
            post_hold(hold=held.key, key=uuid4(), amount=None, **who)
    reverse(
        original=wanted.key, key=uuid4(), amount=Decimal("1.00"), reason="No", **who
    )


@pytest.mark.parametrize(("kinds", "statements"), TAMPERED)
def test_each_kind_of_tampering_is_named(
    books: None, kinds: set[str], statements: list[str]
) -> None:
    assert findings() == []
    tamper(*statements)
    assert kinds <= {each.kind for each in findings()}


_FLOORLESS = """
WITH opened AS (
    INSERT INTO ledger_account (id, code, name, kind, currency, owner_type, owner_id,
                                parent_id, floor_rule, is_heading)
    SELECT gen_random_uuid(), code || '-' || %(owner)s, 'x', kind, currency, 'customer',
           %(owner)s, id, 'none', false FROM ledger_account WHERE code = '2100-VES'
    RETURNING id)
INSERT INTO ledger_balance (account_id, amount, seq, side, currency, is_frozen)
SELECT id, 0, 0, -1, 'VES', false FROM opened
"""


@pytest.mark.as_application
@pytest.mark.usefixtures("books_alone")
def test_a_patients_account_without_a_floor_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FLOORLESS, {"owner": uuid4()})
    assert [each.kind for each in findings()] == ["account_not_as_in_chart"]


@pytest.mark.parametrize("state", ["DISABLE", "ENABLE", "ENABLE REPLICA"])
def test_a_guard_that_is_not_always_on_is_named(books: None, state: str) -> None:
    tamper()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE ledger_transfer {state} TRIGGER append_only_rows")
    assert [(each.kind, each.subject) for each in findings()] == [
        ("guard_missing", "ledger_transfer append_only_rows")
    ]
    told = {each.id for each in run_checks(tags=["database"], databases=["default"])}
    # Here the application owns the tables, and is told that too.
    assert told == {"ledger.E001", "audit.I001"}
    tamper()  # puts every guard back


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
