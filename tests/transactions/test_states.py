"""Every step there is, and every one there is not; the database agrees."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import SYSTEM_ID, User
from tests.transactions.bodies import claim
from transactions.errors import InvalidTransition
from transactions.models import BankCredit, Transaction, TransactionEvent
from transactions.services.submit import submit
from transactions.states import FINAL, OPEN, STEPS, Reason, State

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# The table of product.md, written out a second time on purpose.
ALLOWED = {
    ("IN_PROGRESS", "COMPLETED"),
    ("UNKNOWN", "COMPLETED"),
    ("IN_PROGRESS", "TO_REVIEW"),
    ("UNKNOWN", "TO_REVIEW"),
    ("IN_PROGRESS", "UNKNOWN"),
    ("UNKNOWN", "IN_PROGRESS"),
    ("TO_REVIEW", "COMPLETED"),
    ("TO_REVIEW", "CANCELED"),
    ("TO_REVIEW", "IN_PROGRESS"),
    ("IN_PROGRESS", "CANCELED"),
    ("UNKNOWN", "CANCELED"),
}
EVERY_PAIR = [(was, to) for was in State for to in State]


@pytest.fixture
def row(ana: User) -> Transaction:
    return submit(author=ana, claim=claim(), now=timezone.now()).transaction


def put(row: Transaction, state: State) -> None:
    completed = state == State.COMPLETED
    Transaction.objects.filter(pk=row.pk).update(
        status=state,
        completed_at=timezone.now() if completed else None,
        amount=Decimal(1),
        details={},
    )
    row.refresh_from_db()


@pytest.mark.parametrize(("was", "to"), EVERY_PAIR)
def test_only_the_steps_of_the_contract_exist(
    row: Transaction, was: State, to: State
) -> None:
    put(row, was)
    events = row.events.count()
    if to == State.COMPLETED:
        row.completed_at = timezone.now()
        BankCredit.objects.create(
            transaction=row, day=row.asked_day, amount=Decimal(1), currency="VES"
        )

    def step() -> None:
        row.step(
            to,
            reason=Reason.MATCHED,
            actor_id=SYSTEM_ID,
        )

    if (was, to) in ALLOWED:
        step()
        row.refresh_from_db()
        assert (row.status, row.events.count()) == (to, events + 1)
        return
    with pytest.raises(InvalidTransition) as refused:
        step()
    assert refused.value.facts == {"now": was.value, "wanted": to.value}
    assert row.events.count() == events
    assert Transaction.objects.get(pk=row.pk).status == was


def test_the_words_open_and_final_cover_what_they_say() -> None:
    assert {"IN_PROGRESS", "UNKNOWN"} == OPEN
    assert {"COMPLETED", "CANCELED"} == FINAL
    assert {state for state in State if not STEPS[state]} == FINAL


IMPOSSIBLE: list[tuple[str, dict[str, Any]]] = [
    ("transaction_status_known", {"status": "PAID"}),
    ("transaction_completed_has_time", {"completed_at": timezone.now()}),
    (
        "transaction_completed_has_time",
        {"status": "COMPLETED", "amount": 1, "details": {}},
    ),
    (
        "transaction_completed_has_money",
        {"status": "COMPLETED", "completed_at": timezone.now()},
    ),
    ("transaction_deleted_is_canceled", {"deleted_at": timezone.now()}),
    ("transaction_claimed_amount_positive", {"claimed_amount": 0}),
    ("transaction_amount_positive", {"amount": -1}),
]


@pytest.mark.parametrize(("constraint", "change"), IMPOSSIBLE)
def test_the_database_refuses_what_the_code_must_not_do(
    row: Transaction, constraint: str, change: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint), atomic():
        Transaction.objects.filter(pk=row.pk).update(**change)


@pytest.mark.parametrize("field", ["created_by", "first_approver", "corrected_by"])
def test_the_database_refuses_a_decision_on_ones_own(
    row: Transaction, ruben: User, field: str
) -> None:
    changes = {
        "status": "COMPLETED",
        "completed_at": timezone.now(),
        "amount": 1,
        "details": {},
        "decided_by": ruben,
        field: ruben,
    }
    with (
        pytest.raises(IntegrityError, match="transaction_decided_by_another"),
        atomic(),
    ):
        Transaction.objects.filter(pk=row.pk).update(**changes)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = 'x'",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ],
)
@pytest.mark.parametrize(
    ("table", "column"),
    [("transactions_transactionevent", "reason"), ("audit_record", "facts")],
)
def test_history_is_written_once(
    row: Transaction, statement: str, table: str, column: str
) -> None:
    before = TransactionEvent.objects.count()
    with connection.cursor() as cursor:
        # What a test holds back until its end would stand before TRUNCATE's own check.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="append-only"), atomic():
            cursor.execute(statement.format(table=table, column=column))
    assert TransactionEvent.objects.count() == before


def test_only_one_line_of_the_code_assigns_a_state() -> None:
    from pathlib import Path

    root = Path(__file__).resolve().parents[2] / "transactions"
    writers = [
        (path.name, line.strip())
        for path in root.rglob("*.py")
        if not {"migrations", "demo"} & set(path.parts)  # the demo invents a past
        for line in path.read_text().splitlines()
        if re.search(r"\.status(, [\w.]+)* = |update\(.*status=", line)
    ]
    assert writers == [
        ("transaction.py", "self.status, self.status_reason = to, reason")
    ]
