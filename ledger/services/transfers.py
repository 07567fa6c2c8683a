"""Book what a client has sent, whichever batch of his brings it again."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from uuid import UUID, uuid4

from django.db.transaction import atomic

from accounts.models import User
from ledger.amounts import to_minor
from ledger.models import Account, Transfer
from ledger.services.batches import BATCH, book_judged, book_single, book_whole
from ledger.services.posting import Outcome, Posting, lock, refuse_failed


class Tied(Protocol):
    """What may be tied to the next one of its list."""

    @property
    def is_linked(self) -> bool: ...


def book(*, postings: Sequence[Posting], actor: User) -> list[Outcome]:
    """Book transfers as one batch of `actor`; what became of each.

    The batch is part of a transfer's content (`book_batch`), yet a client who sends a
    key again, alone or among others, means the same transfer: what an earlier batch
    has booked with the same content is ALREADY_POSTED.

    :raises Forbidden: and whatever `post_batch` raises.
    """
    batch = uuid4()
    if book_whole(postings=postings, actor=actor, batch=batch):
        return [Outcome.POSTED] * len(postings)
    return _judged(postings, actor, batch)


@atomic
def _judged(postings: Sequence[Posting], actor: User, batch: UUID) -> list[Outcome]:
    # Who posts the same takes the same locks: what is not there now, nobody brings.
    lock(*{pk for each in postings for pk in (each.debit, each.credit)})
    booked = _booked_before(postings)
    outcomes = [Outcome.ALREADY_POSTED] * len(postings)
    wanting = [*_wanting(postings, booked)]
    rest = [replace(postings[place], is_linked=tied) for place, tied in wanting]
    became = book_judged(postings=rest, actor=actor, batch=batch)
    for (place, _), outcome in zip(wanting, became, strict=True):
        outcomes[place] = outcome
    return outcomes


def book_one(*, posting: Posting, actor: User) -> tuple[Transfer, bool]:
    """Book one transfer as `book` does; what is booked, and whether it is new.

    What was sent is not read again: the ORM's own reading takes as long as posting. So
    the transfer of a new one is without its numbers and balances.

    :raises Forbidden: and whatever `post` raises.
    """
    batch = uuid4()
    if at := book_single(posting=posting, actor=actor, batch=batch):
        return _booked(posting, at, batch), True
    [outcome] = _judged([posting], actor, batch)
    refuse_failed([outcome])
    there = Transfer.objects.select_related("debit").get(pk=posting.key)
    return there, outcome is Outcome.POSTED


def _booked(posting: Posting, at: datetime, batch: UUID) -> Transfer:
    return Transfer(
        key=posting.key,
        debit=Account(pk=posting.debit, currency=posting.currency),
        credit_id=posting.credit,
        amount=to_minor(posting.amount, posting.currency),
        at=at,
        effective=posting.effective,
        code=posting.code,
        cause_type=BATCH,
        cause_id=str(batch),
        metadata=posting.metadata,
        reverses=posting.reverses,
    )


def groups(items: Sequence[Tied]) -> Iterator[list[int]]:
    """The places of what is tied together; one that is tied to nothing is alone."""
    group: list[int] = []
    for place, item in enumerate(items):
        group.append(place)
        if not item.is_linked:
            yield group
            group = []
    if group:
        yield group


def _booked_before(postings: Sequence[Posting]) -> set[int]:
    """The places of those that an earlier batch has booked as they are."""
    found = Transfer.objects.select_related("debit").filter(cause_type=BATCH)
    booked = found.in_bulk([each.key for each in postings])
    return {at for at, each in enumerate(postings) if _is_same(each, booked)}


def _is_same(wanted: Posting, booked: dict[UUID, Transfer]) -> bool:
    there = booked.get(wanted.key)
    return there is not None and (
        there.debit_id,
        there.credit_id,
        there.amount,
        there.debit.currency,
        there.code,
        there.effective,
        there.metadata,
        there.reverses,
    ) == (
        wanted.debit,
        wanted.credit,
        to_minor(wanted.amount, wanted.currency),
        wanted.currency,
        wanted.code,
        wanted.effective,
        wanted.metadata,
        wanted.reverses,
    )


def _wanting(
    postings: Sequence[Posting], booked: Container[int]
) -> Iterator[tuple[int, bool]]:
    """The places of those that are not booked; and whether each is tied to the next."""
    for group in groups(postings):
        rest = [place for place in group if place not in booked]
        yield from ((place, place != rest[-1]) for place in rest)
