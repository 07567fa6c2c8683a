"""A sealed journal, and somebody who may do anything to its tables."""

from collections.abc import Callable

import pytest
from django.db.transaction import atomic

from audit.actions import Action
from audit.models import Leaf
from audit.seal.sealing import seal
from audit.services import record
from tests.journaled import unguarded

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
        with unguarded(*_SEALED) as cursor:
            cursor.execute(sql)

    return run
