"""Book what was completed before there were books, and say what is not booked."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID
from audit.actions import Action
from audit.services import record
from ledger.errors import MalformedPosting
from ledger.models import Transfer
from ledger.services.posting import BOOKED, REFUSED, Outcome, post_batch
from ledger.services.proof import Finding
from transactions.books import (
    CAUSE,
    COMPLETED,
    Confirmed,
    book,
    credit_code,
    key_of,
    posting_of,
)
from transactions.models import Transaction
from transactions.states import State

_AT_ONCE = 500
_OTHERWISE = frozenset(
    {
        Outcome.PERIOD_CLOSED,
        Outcome.CLOSED,
        Outcome.FROZEN,
        Outcome.ABOVE_CEILING,
    }
)


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
    wanting = [each.confirmed() for each in page if keys[each.pk] not in known]
    # Whoever opens several accounts at once, as an import does, opens them by their
    # codes, and before any balance is locked: so two of them cannot deadlock.
    wanting.sort(key=credit_code)
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
            raise MalformedPosting(
                place=str(confirmed.transaction_id), why=REFUSED[outcome].sentence
            )
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


# Days are compared as they are written: what is kept beside a transfer may be no day.
_NOT_AS_BOOKED = """
SELECT CASE WHEN t.id IS NULL OR t.status <> %(completed)s
            THEN 'booked_but_not_completed'
            WHEN b.key IS NULL THEN 'completed_but_not_booked'
            ELSE 'booked_otherwise' END,
       coalesce(t.id::text, b.cause_id), coalesce(b.key::text, '')
  FROM (SELECT * FROM transactions_transaction WHERE status = %(completed)s) t
  FULL JOIN (SELECT *, count(*) OVER (PARTITION BY cause_id) AS times
               FROM ledger_transfer WHERE cause_type = %(cause)s) b
    ON b.cause_id = t.id::text
  LEFT JOIN transactions_bankcredit c ON c.transaction_id = t.id
  LEFT JOIN ledger_account debit ON debit.id = b.debit_id
  LEFT JOIN ledger_account credit ON credit.id = b.credit_id
 WHERE t.id IS NULL OR b.key IS NULL OR c.id IS NULL
    OR b.times > 1 OR b.code <> %(code)s
    OR b.amount <> c.amount * 100
    OR coalesce(b.metadata -> 'day', to_jsonb(b.effective)) <> to_jsonb(c.day)
    OR debit.code IS DISTINCT FROM %(debit)s || '-' || c.currency
    OR credit.code LIKE ANY (ARRAY[%(credit)s || '-' || c.currency || '-%%',
                                   %(unnamed)s || '-' || c.currency]) IS NOT TRUE
 ORDER BY 1, 2 LIMIT 1000
"""


# The journal writes amounts with two decimals. What two people had pruned tells nothing
# any more, and records from before their schema 2 tell no amount. As text, so that what
# is no JSON is found missing; a cast would end the proof.
_NOT_AS_JOURNALED = """
SELECT 'not_as_journaled', b.key::text, 'not in the journal'
  FROM ledger_transfer b
 WHERE b.cause_type = %(cause)s AND NOT EXISTS (
       SELECT FROM audit_record r
        WHERE r.action = %(moved)s AND r.subject_type = 'transaction'
          AND r.subject_id = b.cause_id
          AND (r.facts = '' OR strpos(r.facts, '"became":"COMPLETED"') > 0)
          AND (strpos(r.facts, '"amount":') = 0
               OR strpos(r.facts, '"amount":"' || b.amount * 0.01 || '"') > 0))
 ORDER BY 2 LIMIT 1000
"""


def disagreements() -> list[Finding]:
    """Where transactions, their transfers and the journal tell different stories."""
    return [*unbooked(), *unjournaled()]


def unbooked() -> list[Finding]:
    """Completed transactions without their transfer, and transfers without theirs.

    `manage.py book_completed` books what is only missing.
    """
    return _found(_NOT_AS_BOOKED, {"completed": State.COMPLETED, **vars(COMPLETED)})


def unjournaled() -> list[Finding]:
    """Transfers whose transaction the journal does not tell completed by so much."""
    return _found(_NOT_AS_JOURNALED, {"moved": Action.TRANSACTION_MOVED})


def _found(sql: str, given: Mapping[str, str | UUID]) -> list[Finding]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"cause": CAUSE, **given})
        return [Finding(*row) for row in cursor.fetchall()]
