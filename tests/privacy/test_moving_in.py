"""Notes of before the upgrade are locked by it, and opened again by its reverse."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from accounts.models import User
from areamedica.database import missing_guards
from tests.conftest import begin_anew
from tests.journaled import staged
from tests.transactions.desk import recorded
from transactions.models import TransactionEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]
TABLE = "transactions_transactionevent"


@pytest.fixture(autouse=True)
def _moved() -> Iterator[None]:
    """Nobody tells of what a migration does; columns that go take their watch along."""
    with staged():
        yield
    begin_anew()


def migrate(name: str) -> Any:
    executor = MigrationExecutor(connection)
    target = [("transactions", name)]
    executor.migrate(target)
    return executor.loader.project_state(target).apps


def test_old_notes_are_locked_and_the_guard_stands_again(ana: User) -> None:
    row, other = recorded(ana), recorded(ana, reference="000000999999")
    newest = sorted(
        name
        for app, name in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if app == "transactions"
    )[-1]
    try:
        old = migrate("0002_history_append_only").get_model(
            "transactions", "TransactionEvent"
        )
        for at, note in [(row, "uno"), (row, "dos"), (other, "tres"), (other, "")]:
            old.objects.create(
                transaction_id=at.pk,
                new_status="IN_PROGRESS",
                reason="RECORDED",
                note=note,
                actor_type="USER",
                actor_id=ana.pk,
            )
    finally:
        migrate(newest)
    events = TransactionEvent.objects.order_by("pk").select_related("note_key")
    assert [event.note for event in events] == ["", "", "uno", "dos", "tres", ""]
    assert len({event.note_key_id for event in events} - {None}) == 2
    assert missing_guards([TABLE]) == []
    try:
        old = migrate("0002_history_append_only").get_model(
            "transactions", "TransactionEvent"
        )
        told = list(old.objects.order_by("pk").values_list("note", flat=True))
    finally:
        migrate(newest)
    assert told == ["", "", "uno", "dos", "tres", ""]
