"""Book what was completed before there were books, and say what is not booked."""

from collections.abc import Iterable
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID
from audit.actions import Action
from audit.services import record
from ledger.errors import MalformedPosting
from ledger.models import Transfer
from ledger.services.posting import BOOKED, Outcome, post_batch
from ledger.services.proof import Finding
from transactions.books import (
    CAUSE,
    COMPLETED,
    Confirmed,
    book,
    key_of,
    posting_of,
)
from transactions.models import Transaction
from transactions.states import State

_AT_ONCE = 500
_OTHERWISE = frozenset({Outcome.PERIOD_CLOSED, Outcome.FROZEN})


def book_completed() -> int:
    """Book every completed transaction that is not booked yet; how many were.

    Harmless to repeat, also while others complete: the key decides.
    """
    booked = 0
    after = UUID(int=0)
    while True:
        page = list(_completed_after(after))
        if not page:
            return booked
        booked += _book(page)
        after = page[-1].pk


def _completed_after(pk: UUID) -> Iterable[Transaction]:
    rows = Transaction.objects.filter(status=State.COMPLETED, pk__gt=pk)
    return rows.select_related("credit").order_by("pk")[:_AT_ONCE]


def _book(page: list[Transaction]) -> int:
    keys = {each.pk: key_of(COMPLETED, each.pk) for each in page}
    known = set(Transfer.objects.in_bulk(list(keys.values())))
    # Accounts are opened in one order by everybody, before any balance is locked.
    wanting = [each.confirmed() for each in page if keys[each.pk] not in known]
    wanting.sort(key=lambda each: (each.document, each.phone))
    for confirmed in _refused(wanting):
        with atomic():
            book(confirmed)
            _tell(1)
    return len(wanting)


@atomic
def _refused(wanting: list[Confirmed]) -> list[Confirmed]:
    """Book what can be as it is; what is closed or frozen needs another way."""
    outcomes = post_batch([posting_of(each) for each in wanting])
    for confirmed, outcome in zip(wanting, outcomes, strict=True):
        if outcome not in BOOKED | _OTHERWISE:
            raise MalformedPosting(place=str(confirmed.transaction_id), why=outcome)
    pairs = zip(wanting, outcomes, strict=True)
    refused = [each for each, outcome in pairs if outcome in _OTHERWISE]
    if booked := len(wanting) - len(refused):
        _tell(booked)
    return refused


def _tell(transactions: int) -> None:
    record(
        Action.BOOKED_AFTERWARDS,
        actor_id=SYSTEM_ID,
        facts={"transactions": transactions},
    )


_NOT_AS_BOOKED = """
SELECT CASE WHEN t.id IS NULL OR t.status <> %(completed)s
            THEN 'booked_but_not_completed'
            WHEN b.key IS NULL THEN 'completed_but_not_booked'
            ELSE 'booked_otherwise' END,
       coalesce(t.id::text, b.cause_id), coalesce(b.key::text, '')
  FROM (SELECT * FROM transactions_transaction WHERE status = %(completed)s) t
  FULL JOIN (SELECT * FROM ledger_transfer
              WHERE cause_type = %(cause)s AND code = %(code)s) b
    ON b.cause_id = t.id::text
  LEFT JOIN transactions_bankcredit c ON c.transaction_id = t.id
 WHERE t.id IS NULL OR b.key IS NULL OR c.id IS NULL
    OR b.amount <> c.amount * 100
    OR coalesce((b.metadata ->> 'day')::date, b.effective) <> c.day
 ORDER BY 1, 2 LIMIT 1000
"""


def unbooked() -> list[Finding]:
    """Completed transactions without their transfer, and transfers without theirs.

    `manage.py book_completed` books what is only missing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _NOT_AS_BOOKED,
            {"completed": State.COMPLETED, "cause": CAUSE, "code": COMPLETED.code},
        )
        return [Finding(*row) for row in cursor.fetchall()]
