"""A sealed journal, and somebody who may do anything to its tables."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.transaction import atomic

from audit.actions import Action
from audit.models import Leaf
from audit.sealing import seal
from audit.services import record

_SEALED = (
    "audit_record",
    "audit_leaf",
    "audit_tile",
    "audit_checkpoint",
    "audit_cosignature",
)


def write(number: int) -> None:
    for each in range(number):
        record(Action.EXPORTED, actor_id=None, facts={"n": each})


@pytest.fixture
def sealed() -> list[int]:
    """Three seals over 600 records; their ids in order."""
    for _ in range(3):
        with atomic():
            write(200)
        assert seal() == 200
    return list(Leaf.objects.order_by("number").values_list("record_id", flat=True))


@pytest.fixture
def superuser() -> Callable[[str], None]:
    """Run SQL as a superuser who lifts the guards and puts them back."""

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            for table in _SEALED:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(sql)
            for table in _SEALED:
                for guard in ("append_only_rows", "append_only_table"):
                    cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {guard}")

    return run
