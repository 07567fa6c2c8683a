"""The books are migrated while others write to them."""

from functools import partial
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection

from ledger.models import Transfer
from ledger.services import posting as services
from ledger.services.posting import post_batch
from ledger.services.proof import findings
from tests.conftest import begin_anew
from tests.ledger.books import FEES, TRANSIT, posting
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
]

# As the programs of before 0004 call it.
_BEFORE = """
SELECT ledger_post_batch(
    %s::uuid[], %s::uuid[], array_fill(0, ARRAY[%s]), array_fill(%s, ARRAY[%s]),
    array_fill(%s, ARRAY[%s]), array_fill(1::bigint, ARRAY[%s]),
    array_fill('VES'::text, ARRAY[%s]), array_fill('old'::text, ARRAY[%s]),
    array_fill('2026-11-20'::date, ARRAY[%s]), array_fill('test'::text, ARRAY[%s]),
    array_fill('1'::text, ARRAY[%s]), array_fill('{}'::jsonb, ARRAY[%s]),
    array_fill(false, ARRAY[%s]))
"""


def _post_as_before(number: int) -> None:
    accounts = sorted([TRANSIT, FEES])
    debit, credit = accounts.index(TRANSIT) + 1, accounts.index(FEES) + 1
    keys: list[UUID] = [uuid4() for _ in range(number)]
    sizes = [number] * 8
    given: list[Any] = [accounts, keys, number, debit, number, credit, *sizes, number]
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, given)


def test_writers_go_on_while_the_books_are_migrated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As the programs of before 0012 go on; those of today start after 0013.
    monkeypatch.setattr(services, "_door", lambda *_: None)
    call_command("migrate", "ledger", "0003", verbosity=0)
    try:
        for _ in range(4):
            _post_as_before(5_000)
        before, after = _migrated_under_writers()
    finally:
        call_command("migrate", verbosity=0)
        begin_anew()
    assert before > 0
    assert after > 0
    written = Transfer.objects.filter(code="old").count(), Transfer.objects.count()
    assert written == (20_000 + 10 * before, 20_000 + 10 * (before + after))
    assert Transfer.objects.filter(reverses__isnull=False).count() == 0
    assert findings() == []


def test_writers_of_today_go_on_while_the_books_are_migrated() -> None:
    """By the doors of 0013, through which thousands or one are booked."""
    call_command("migrate", "ledger", "0013", verbosity=0)
    try:
        for _ in range(4):
            post_batch([posting(TRANSIT, FEES, "0.01") for _ in range(5_000)])
        written = _migrated_under_writers_of_today()
    finally:
        call_command("migrate", verbosity=0)
        begin_anew()
    assert min(written) > 0
    assert Transfer.objects.count() == 20_000 + sum(written)
    assert findings() == []


def _migrated_under_writers_of_today() -> list[int]:
    """How many transfers each writer booked meanwhile."""
    over = Event()

    def migrate() -> None:
        try:
            call_command("migrate", "ledger", verbosity=0)
        finally:
            over.set()

    def write(number: int) -> int:
        booked = 0
        while not over.is_set():
            post_batch([posting(TRANSIT, FEES, "0.01") for _ in range(number)])
            booked += number
        return booked

    _, *written = together(migrate, partial(write, 1), partial(write, 10))
    return written


def _migrated_under_writers() -> tuple[int, int]:
    """How many batches were written by the old way and by the new one meanwhile."""
    over = Event()

    def migrate() -> tuple[int, int]:
        try:
            call_command("migrate", "ledger", verbosity=0)
        finally:
            over.set()
        return 0, 0

    def write() -> tuple[int, int]:
        before = after = 0
        while not over.is_set():
            try:
                _post_as_before(10)
                before += 1
            except ProgrammingError:  # the old way is gone
                break
        while not over.is_set() or not after:
            post_batch([posting(TRANSIT, FEES, "0.01") for _ in range(10)])
            after += 1
        return before, after

    told = together(migrate, write, write)
    return sum(each for each, _ in told), sum(each for _, each in told)
