"""The one way into the books. The rules are PostgreSQL's, in `ledger_post`.

What nothing stands against is booked by shorter functions, `ledger_book_one` and
`ledger_book_all`; they refuse nothing, they leave it to `ledger_post`. Which migration
has the text of each: docs/architecture.md.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import chain
from uuid import UUID

from django.db import IntegrityError, connection
from django.utils.translation import gettext_lazy

from areamedica.database import in_transaction, prepared, violated
from areamedica.errors import Refusal
from areamedica.group_commit import GroupCommit
from areamedica.money import CURRENCIES
from audit.services import Row, record_with
from ledger.amounts import fitting, to_minor
from ledger.errors import (
    AboveCeiling,
    AccountClosed,
    AccountFrozen,
    BatchTooLarge,
    ExceedsOriginal,
    InsufficientFunds,
    MalformedPosting,
    NotReversible,
    OtherCurrency,
    PeriodClosed,
    PostingKeyReused,
    UnknownAccount,
)
from ledger.models import Closure

LARGEST_BATCH = 8_000
# Why one is malformed.
ONE_ACCOUNT = gettext_lazy("debit and credit are one account")
_LINKED_TO_NOTHING = gettext_lazy("it is linked to a next one that is missing")
_TOO_FAR = gettext_lazy("it takes effect more than a week from now")
_ODD_CODE = gettext_lazy("its code is missing or too long")
_ODD_CAUSE = gettext_lazy("its cause is missing or too long")
# Currency, code, effective day, type and id of the cause, metadata as JSON.
_Subject = tuple[str, str, date, str, str, str]
Causes = Sequence[tuple[str, str]]


class Outcome(StrEnum):
    """What became of a posting. Of those that are no success the first that fits."""

    POSTED = "posted"
    ALREADY_POSTED = "already_posted"
    KEY_REUSED = "key_reused"
    UNKNOWN_ACCOUNT = "unknown_account"
    OTHER_CURRENCY = "other_currency"
    CLOSED = "closed"
    FROZEN = "frozen"
    PERIOD_CLOSED = "period_closed"
    NOT_REVERSIBLE = "not_reversible"
    EXCEEDS_ORIGINAL = "exceeds_original"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    ABOVE_CEILING = "above_ceiling"
    LINKED_FAILED = "linked_failed"


BOOKED = frozenset({Outcome.POSTED, Outcome.ALREADY_POSTED})
_OUTCOMES = {each.value: each for each in Outcome}
REFUSED: dict[Outcome, type[Refusal]] = {
    Outcome.KEY_REUSED: PostingKeyReused,
    Outcome.UNKNOWN_ACCOUNT: UnknownAccount,
    Outcome.OTHER_CURRENCY: OtherCurrency,
    Outcome.CLOSED: AccountClosed,
    Outcome.FROZEN: AccountFrozen,
    Outcome.PERIOD_CLOSED: PeriodClosed,
    Outcome.NOT_REVERSIBLE: NotReversible,
    Outcome.EXCEEDS_ORIGINAL: ExceedsOriginal,
    Outcome.INSUFFICIENT_FUNDS: InsufficientFunds,
    Outcome.ABOVE_CEILING: AboveCeiling,
}


@dataclass(frozen=True, kw_only=True)
class Posting:
    """A transfer that is wanted.

    `key` names it for ever: the same key and content are one transfer. `cause` is the
    (type, id) of what it stands for. `is_linked` ties it to the next of its batch:
    such a group is booked whole or not at all. `reverses` is the key of the transfer
    that it takes back, between the same accounts the other way round, wholly or in
    part; that one must have been booked before the batch.
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
    reverses: UUID | None = None


def post(posting: Posting) -> Outcome:
    """Book one transfer, once: POSTED, or ALREADY_POSTED when it was.

    :raises PostingKeyReused: the key has other content. :raises UnknownAccount:
    :raises OtherCurrency: :raises AccountClosed: :raises AccountFrozen:
    :raises PeriodClosed: :raises NotReversible: :raises ExceedsOriginal:
    :raises InsufficientFunds: :raises AboveCeiling: :raises UnpostableAmount:
    :raises BalanceTooLarge: :raises MalformedPosting: as `post_batch`.
    """
    if book_together(posting, posting.cause):
        return Outcome.POSTED
    [outcome] = judged([posting], [posting.cause])
    refuse_failed([outcome])
    return outcome


def refuse_failed(outcomes: Iterable[Outcome]) -> None:
    """:raises Refusal: what the first was refused for that failed by itself, and not
    only by being tied to another."""
    for outcome in outcomes:
        if outcome not in BOOKED and outcome is not Outcome.LINKED_FAILED:
            raise REFUSED[outcome]


def post_batch(postings: Sequence[Posting]) -> list[Outcome]:
    """Book transfers in their order, in one statement; what became of each.

    Post once per database transaction, and last: the balances stay locked until its
    end, and only within one call are they locked in an order that cannot deadlock. Only
    under READ COMMITTED: at other levels the database refuses, for its snapshot would
    be older than its locks.

    :raises BatchTooLarge: more than `LARGEST_BATCH`.
    :raises UnpostableAmount: one is not above zero or finer than its currency.
    :raises BalanceTooLarge: an account would have more on it than can be counted.
    :raises MalformedPosting: one names one account twice, no cause, an odd code, takes
        effect over a week from now, or is linked to a next one that is missing. The
        caller's database transaction cannot go on after it.
    """
    causes = [each.cause for each in postings]
    if book_at_once(postings, causes):
        return [Outcome.POSTED] * len(postings)
    return judged(postings, causes)


def lock(*accounts: UUID) -> None:
    """Take the locks of whoever posts to these accounts, in the order of all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock(VARIADIC %s::uuid[])", [list(accounts)])


def book_at_once(
    postings: Sequence[Posting], causes: Causes, rows: Sequence[Row] = ()
) -> datetime | None:
    """Book what nothing stands against, with records of it, in one statement; when.

    None: something does, or may, and nothing was done. Raises what `post_batch` does.
    """
    door = _door(postings, causes)
    if door is None:
        return None
    with fitting(), _taking_effect_soon(postings):
        moment: datetime | None = record_with(*door, rows)
    return moment


def book_together(
    posting: Posting, cause: tuple[str, str], *rows: Row
) -> datetime | None:
    """`book_at_once` of one, in one commit with those that other threads book just now.

    Every payment is about the clinic's bank account: one by one they would wait for the
    disk in a row. Within a transaction of the caller's it is booked alone, and so is
    what is tied to other transfers.
    """
    together = _TOGETHER.get(posting.currency)
    if together is None or in_transaction() or posting.is_linked or posting.reverses:
        return book_at_once([posting], [cause], rows)
    return together.do((posting, cause, rows))


_Slip = tuple[Posting, tuple[str, str], tuple[Row, ...]]


def _book_slips(slips: Sequence[_Slip]) -> datetime | None:
    postings, causes, rows = zip(*slips, strict=True)
    return book_at_once(postings, causes, [*chain.from_iterable(rows)])


# By currency, because no account has two. An account may be locked for as long as a
# batch of thousands takes; who wants others shall not wait for it.
_TOGETHER = {each: GroupCommit(_book_slips, patience=0.05) for each in CURRENCIES}


def judged(postings: Sequence[Posting], causes: Causes) -> list[Outcome]:
    """What becomes of each once all the rules are looked at; see `post_batch`."""
    if not postings:
        return []
    given = [*_columns(postings, causes), *_ties(postings)]
    with fitting(), _taking_effect_soon(postings):
        [[results]] = prepared(_FOR_ANY, given)
    outcomes = [_OUTCOMES[each] for each in results.split()]
    for place in _closed(postings, outcomes):
        outcomes[place] = Outcome.CLOSED
    return outcomes


def _closed(postings: Sequence[Posting], outcomes: Sequence[Outcome]) -> list[int]:
    """The places of those that `ledger_post` calls frozen, as every closed account is,
    and that no release will help."""
    frozen = [at for at, each in enumerate(outcomes) if each is Outcome.FROZEN]
    if not frozen:
        return []
    sides = {at: {postings[at].debit, postings[at].credit} for at in frozen}
    closed = closed_among(set().union(*sides.values()))
    return [at for at in frozen if sides[at] & closed]


def closed_among(accounts: Iterable[UUID]) -> set[UUID]:
    """Those of the accounts that are closed for good."""
    return set(Closure.objects.in_bulk([*accounts]))


@contextmanager
def _taking_effect_soon(postings: Sequence[Posting]) -> Iterator[None]:
    """:raises MalformedPosting: one takes effect later than the database allows."""
    try:
        yield
    except IntegrityError as error:
        if violated(error) != "transfer_takes_effect_soon":
            raise
        latest = max(range(len(postings)), key=lambda at: postings[at].effective)
        raise MalformedPosting(place=latest, why=_TOO_FAR) from error


def _door(
    postings: Sequence[Posting], causes: Causes
) -> tuple[str, Sequence[object]] | None:
    """The call, and its parameters, that books transfers nothing stands against and
    gives the moment, or NULL; none takes reversals.

    :raises BatchTooLarge: :raises UnpostableAmount: :raises MalformedPosting:
    """
    if len(postings) > LARGEST_BATCH:
        raise BatchTooLarge(limit=LARGEST_BATCH)
    if not postings or any(each.reverses for each in postings):
        return None
    if len(postings) == 1 and not postings[0].is_linked:
        return _FOR_ONE, _fields(postings[0], causes[0])
    return _FOR_ALL, _columns(postings, causes)


_COLUMNS = """
    %s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::bigint[], %s::int[], %s::text[],
    %s::text[], %s::date[], %s::text[], %s::text[], %s::jsonb[]"""
_FOR_ONE = "ledger_book_one(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
_FOR_ALL = f"ledger_book_all({_COLUMNS})"
_FOR_ANY = f"""
SELECT array_to_string(
    ledger_post({_COLUMNS}, %s::int[], %s::boolean[], %s::uuid[]), ' ')
"""  # noqa: S608 (our names)
_written = json.JSONEncoder(sort_keys=True).encode


def _fields(posting: Posting, cause: tuple[str, str]) -> Sequence[object]:
    """The parameters of `ledger_book_one`.

    :raises MalformedPosting: :raises UnpostableAmount: as `post_batch`.
    """
    subject = _subject(posting, cause)
    _look_over([posting.debit.int], [posting.credit.int], {subject: 1}, [1])
    minor = to_minor(posting.amount, posting.currency)
    return posting.key, posting.debit, posting.credit, minor, *subject


def _columns(postings: Sequence[Posting], causes: Causes) -> Sequence[object]:
    """The parameters of `ledger_book_all`, with which those of `ledger_post` begin.

    Arrays are written as PostgreSQL's text by ourselves: psycopg looks at each element
    by its type, which takes as long as posting it.

    :raises MalformedPosting: :raises UnpostableAmount: as `post_batch`.
    """
    keys = [each.key.int for each in postings]
    debits = [each.debit.int for each in postings]
    credits_ = [each.credit.int for each in postings]
    places: dict[_Subject, int] = {}
    subjects = [
        places.setdefault(_subject(each, cause), len(places) + 1)
        for each, cause in zip(postings, causes, strict=True)
    ]
    _look_over(debits, credits_, places, subjects)
    if postings[-1].is_linked:
        raise MalformedPosting(place=len(postings) - 1, why=_LINKED_TO_NOTHING)
    accounts = sorted({*debits, *credits_})
    place = {account: at for at, account in enumerate(accounts, start=1)}
    return [
        _uuids(accounts),
        _uuids(keys),
        _array([place[each] for each in debits]),
        _array([place[each] for each in credits_]),
        _array([to_minor(each.amount, each.currency) for each in postings]),
        _array(subjects),
        *(_texts(column) for column in zip(*places, strict=True)),
    ]


def _ties(postings: Sequence[Posting]) -> list[str]:
    """What `ledger_post` must know besides: twins, what is linked, what is reversed."""
    keys = [each.key.int for each in postings]
    return [
        _array(_twins(keys) if len(set(keys)) < len(keys) else ()),
        _array(_links(postings)),
        _array(_originals(postings)),
    ]


def _subject(posting: Posting, cause: tuple[str, str]) -> _Subject:
    """What many transfers of a batch have in common."""
    metadata = _written(posting.metadata) if posting.metadata else "{}"
    return posting.currency, posting.code, posting.effective, *cause, metadata


def _uuids(numbers: Iterable[int]) -> str:
    return _array(f"{number:032x}" for number in numbers)


def _texts(values: Iterable[object]) -> str:
    quoted = (str(each).replace("\\", r"\\").replace('"', r"\"") for each in values)
    return _array(f'"{each}"' for each in quoted)


def _array(values: Iterable[object]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _twins(keys: Sequence[int]) -> Iterator[int]:
    """For each the place, from 1, of the one before with the same key; else 0."""
    seen: dict[int, int] = {}
    for at, key in enumerate(keys, start=1):
        yield seen.get(key, 0)
        seen[key] = at


def _links(postings: Sequence[Posting]) -> list[bool]:
    links = [each.is_linked for each in postings]
    return links if any(links) else []


def _originals(postings: Sequence[Posting]) -> list[object]:
    originals: list[object] = [each.reverses or "NULL" for each in postings]
    return originals if set(originals) != {"NULL"} else []


def _look_over(
    debits: Sequence[int],
    credits_: Sequence[int],
    places: dict[_Subject, int],
    subjects: Sequence[int],
) -> None:
    """:raises MalformedPosting: one names one account twice, no cause, an odd code."""
    for at, (debit, credit) in enumerate(zip(debits, credits_, strict=True)):
        if debit == credit:
            raise MalformedPosting(place=at, why=ONE_ACCOUNT)
    for (_, code, _, kind, pk, _), subject in places.items():
        if not 0 < len(code) <= 32:
            raise MalformedPosting(place=subjects.index(subject), why=_ODD_CODE)
        if not 0 < len(kind) <= 32 or not 0 < len(pk) <= 64:
            raise MalformedPosting(place=subjects.index(subject), why=_ODD_CAUSE)
