"""The one way into the books. The rules are in `ledger_post_batch` (migration 0002)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from django.db import IntegrityError, connection

from areamedica.database import violated
from areamedica.errors import Refusal
from ledger.amounts import to_minor
from ledger.errors import (
    AccountFrozen,
    BatchTooLarge,
    InsufficientFunds,
    MalformedPosting,
    OtherCurrency,
    PostingKeyReused,
    UnknownAccount,
)

LARGEST_BATCH = 8_000


class Outcome(StrEnum):
    """What became of a posting. Of those that are no success the first that fits."""

    POSTED = "posted"
    ALREADY_POSTED = "already_posted"
    KEY_REUSED = "key_reused"
    UNKNOWN_ACCOUNT = "unknown_account"
    OTHER_CURRENCY = "other_currency"
    FROZEN = "frozen"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LINKED_FAILED = "linked_failed"


BOOKED = frozenset({Outcome.POSTED, Outcome.ALREADY_POSTED})
_REFUSED: dict[Outcome, type[Refusal]] = {
    Outcome.KEY_REUSED: PostingKeyReused,
    Outcome.UNKNOWN_ACCOUNT: UnknownAccount,
    Outcome.OTHER_CURRENCY: OtherCurrency,
    Outcome.FROZEN: AccountFrozen,
    Outcome.INSUFFICIENT_FUNDS: InsufficientFunds,
}


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A transfer that is wanted.

    `key` names it for ever: the same key and content are one transfer. `cause` is the
    (type, id) of what it stands for. `is_linked` ties it to the next of its batch:
    such a group is booked whole or not at all.
    """

    key: UUID
    debit: UUID
    credit: UUID
    amount: Decimal
    currency: str
    code: str
    effective: date
    cause: tuple[str, str]
    metadata: dict[str, object] = field(default_factory=dict)
    is_linked: bool = False


def post(posting: Posting) -> Outcome:
    """Book one transfer, once: POSTED, or ALREADY_POSTED when it was.

    :raises PostingKeyReused: the key has other content. :raises UnknownAccount:
    :raises OtherCurrency: :raises AccountFrozen: :raises InsufficientFunds:
    :raises UnpostableAmount: :raises MalformedPosting: as `post_batch`.
    """
    [outcome] = post_batch([posting])
    if outcome not in BOOKED:
        raise _REFUSED[outcome]
    return outcome


def post_batch(postings: Sequence[Posting]) -> list[Outcome]:
    """Book transfers in their order, in one statement; what became of each.

    Post once per database transaction, and last: the balances stay locked until its
    end, and only within one call are they locked in an order that cannot deadlock.

    :raises BatchTooLarge: more than `LARGEST_BATCH`.
    :raises UnpostableAmount: one is not above zero or finer than its currency.
    :raises MalformedPosting: one names one account twice, no cause, an odd code, takes
        effect over a week from now, or is linked to a next one that is missing. The
        caller's database transaction cannot go on after it.
    """
    if len(postings) > LARGEST_BATCH:
        raise BatchTooLarge(limit=LARGEST_BATCH)
    if not postings:
        return []
    columns = _columns(postings)
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CALL, columns)
            [results] = cursor.fetchone()
    except IntegrityError as error:
        if violated(error) != "transfer_takes_effect_soon":
            raise
        latest = max(range(len(postings)), key=lambda at: postings[at].effective)
        raise MalformedPosting(place=latest, why="effective") from error
    return [Outcome(each) for each in results]


_CALL = """
SELECT ledger_post_batch(
    %s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::int[], %s::bigint[],
    %s::text[], %s::text[], %s::date[], %s::text[], %s::text[],
    %s::text[]::jsonb[], %s::boolean[]
)
"""


def _columns(postings: Sequence[Posting]) -> list[list[object]]:
    """The parameters of `ledger_post_batch`.

    :raises MalformedPosting: :raises UnpostableAmount: as `post_batch`.
    """
    _look_over(postings)
    accounts = sorted({each for one in postings for each in (one.debit, one.credit)})
    place = {account: at for at, account in enumerate(accounts, start=1)}
    return [
        list(accounts),
        [each.key for each in postings],
        list(_twins(postings)),
        [place[each.debit] for each in postings],
        [place[each.credit] for each in postings],
        [to_minor(each.amount, each.currency) for each in postings],
        [each.currency for each in postings],
        [each.code for each in postings],
        [each.effective for each in postings],
        [each.cause[0] for each in postings],
        [each.cause[1] for each in postings],
        [json.dumps(each.metadata) for each in postings],
        [each.is_linked for each in postings],
    ]


def _twins(postings: Sequence[Posting]) -> Iterator[int]:
    """For each the place, from 1, of the one before with the same key; else 0."""
    seen: dict[UUID, int] = {}
    for at, posting in enumerate(postings, start=1):
        yield seen.get(posting.key, 0)
        seen[posting.key] = at


def _look_over(postings: Sequence[Posting]) -> None:
    for at, posting in enumerate(postings):
        why = _fault(posting)
        if why:
            raise MalformedPosting(place=at, why=why)
    if postings[-1].is_linked:
        raise MalformedPosting(place=len(postings) - 1, why="linked to nothing")


def _fault(posting: Posting) -> str:
    kind, pk = posting.cause
    if posting.debit == posting.credit:
        return "debit and credit are one account"
    if not 0 < len(posting.code) <= 32:
        return "code"
    if not 0 < len(kind) <= 32 or not 0 < len(pk) <= 64:
        return "cause"
    return ""
