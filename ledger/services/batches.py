"""What somebody outside has sent: booked, and journaled as the batch that he sent."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.transaction import atomic

from accounts.models import User
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import Event, record_all, rows_of
from ledger.amounts import to_minor
from ledger.services.posting import (
    Outcome,
    Posting,
    book_at_once,
    book_together,
    judged,
)

BATCH = "batch"
# What its client calls one thing: the legs of an entry (`legs.book_entry`).
ENTRY = "entry"


def book_batch(
    *, postings: Sequence[Posting], actor: User, batch: UUID, kind: str = BATCH
) -> list[Outcome]:
    """Book transfers somebody outside has sent, and journal that he did.

    Their cause becomes (`kind`, `batch`). The journal keeps a digest of those posted,
    which `ledger_verify` compares; sent again, nothing is posted or journaled.

    :raises Forbidden: and whatever `post_batch` raises.
    """
    if book_whole(postings=postings, actor=actor, batch=batch, kind=kind):
        return [Outcome.POSTED] * len(postings)
    return book_judged(postings=postings, actor=actor, batch=batch, kind=kind)


def book_whole(
    *, postings: Sequence[Posting], actor: User, batch: UUID, kind: str = BATCH
) -> datetime | None:
    """`book_batch` where nothing stands against any; when. None: nothing was done."""
    actor.demand(Permission.LEDGER_POST)
    cause = (kind, str(batch))
    event = _event(actor, cause, count=len(postings), posted=postings)
    return book_at_once(postings, [cause] * len(postings), rows_of([event]))


@atomic
def book_judged(
    *, postings: Sequence[Posting], actor: User, batch: UUID, kind: str = BATCH
) -> list[Outcome]:
    """`book_batch`, once it is known that something stands against one of them."""
    actor.demand(Permission.LEDGER_POST)
    cause = (kind, str(batch))
    outcomes = judged(postings, [cause] * len(postings))
    pairs = zip(postings, outcomes, strict=True)
    posted = [each for each, outcome in pairs if outcome is Outcome.POSTED]
    if posted:
        record_all([_event(actor, cause, count=len(postings), posted=posted)])
    return outcomes


def book_single(*, posting: Posting, actor: User, batch: UUID) -> datetime | None:
    """`book_batch` of one that nothing stands against; when. None: nothing was done."""
    actor.demand(Permission.LEDGER_POST)
    cause = (BATCH, str(batch))
    [row] = rows_of([_event(actor, cause, count=1, posted=[posting])])
    return book_together(posting, cause, row)


def _event(
    actor: User, cause: tuple[str, str], *, count: int, posted: Sequence[Posting]
) -> Event:
    return Event(
        action=Action.BATCH_POSTED,
        actor_id=actor.pk,
        subject=cause,
        facts={"count": count, "posted": len(posted), "digest": digest_of(posted)},
    )


def digest_of(posted: Iterable[Posting]) -> str:
    """SHA-256, in hex, of a line for each transfer in the order of their keys.

    A line is key, debit, credit, minor units, effective day, code and what is reversed
    (or `-`), with a blank between and LF after each; `proof_journal.sql` says it again.
    """
    lines = [
        f"{one.key} {one.debit} {one.credit} {to_minor(one.amount, one.currency)} "
        f"{one.effective} {one.code} {one.reverses or '-'}\n"
        for one in sorted(posted, key=lambda one: one.key.int)
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
