"""An entry of many accounts, as the linked group of transfers that it is booked as."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid5

from django.db.transaction import atomic
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ledger.errors import MalformedPosting, PostingKeyReused
from ledger.models import Transfer
from ledger.services.batches import ENTRY, book_batch
from ledger.services.posting import Outcome, Posting, lock, refuse_failed

MOST_LEGS = 500
Leg = tuple[UUID, Decimal]


def legs(
    *, debits: Sequence[Leg], credits_: Sequence[Leg], like: Posting
) -> list[Posting]:
    """Pair (account, amount) legs of one sum in their order; n + m − 1 rows at most.

    A payment of 100.00 with a fee is `debits=[(bank, 100)]`, `credits_=[(ana, 98),
    (fees, 2)]`. All else is as in `like`; the first has its key, and the others have
    keys that follow from it, so that nothing else is ever booked by the key of an
    entry. Booked whole or not at all.

    :raises MalformedPosting: the sums differ, a leg is not above zero, nothing is
        there, or an account stands on both sides: midway it could be below its floor.
    """
    _look_over(debits, credits_)
    rows = zip(keys_of(like.key), _paired(debits, credits_), strict=False)
    return linked(
        [
            replace(like, key=key, debit=debit, credit=credit, amount=amount)
            for key, (debit, credit, amount) in rows
        ]
    )


@atomic
def book_entry(
    *,
    debits: Sequence[Leg],
    credits_: Sequence[Leg],
    like: Posting,
    actor: User,
    is_dated: bool,
) -> tuple[list[Transfer], bool]:
    """Book an entry as `legs` makes it; its transfers, and whether it is new.

    Unless its day was named (`is_dated`), sent again it has that of the first time.

    :raises PostingKeyReused: the key is a transfer's, or that of an entry with other
        legs: also of one that this begins with, or that begins with this.
    :raises Forbidden: and whatever else `legs` and `post_batch` raise.
    """
    if not is_dated:
        # Whoever books the same takes the same locks: who came first is seen then.
        lock(*{account for account, _ in (*debits, *credits_)})
    before = transfers_of(like.key)
    if before and not is_dated:
        like = replace(like, effective=before[0].effective)
    group = legs(debits=debits, credits_=credits_, like=like)
    if before:
        _demand_whole(before, group)
    outcomes = book_batch(postings=group, actor=actor, batch=like.key, kind=ENTRY)
    refuse_failed(outcomes)
    booked = transfers_of(like.key)
    # Again: another of this key may have come first.
    _demand_whole(booked, group)
    if len(set(outcomes)) > 1:
        raise PostingKeyReused
    return booked, Outcome.POSTED in outcomes


def _demand_whole(booked: Sequence[Transfer], group: Sequence[Posting]) -> None:
    """:raises PostingKeyReused: other places of the key are booked than the group's."""
    if [each.key for each in booked] != [each.key for each in group]:
        raise PostingKeyReused


def linked(postings: Sequence[Posting]) -> list[Posting]:
    """All of them are booked, or none is."""
    *others, last = postings
    return [*(replace(each, is_linked=True) for each in others), last]


def keys_of(entry: UUID) -> list[UUID]:
    """The keys that the transfers of an entry may have, in their order."""
    return [entry, *(uuid5(entry, str(place)) for place in range(1, MOST_LEGS))]


def transfers_of(entry: UUID) -> list[Transfer]:
    """The one transfer of this key, or those that the legs of an entry were booked as,
    or taken back by, in their order; nothing if it is nowhere."""
    booked = Transfer.objects.select_related("debit")
    first = booked.filter(pk=entry).first()
    if first is None or not (first.reverses or is_entry(first)):
        return [first] if first else []
    keys = keys_of(entry)
    # What is booked in one go has one moment.
    found = booked.filter(cause_type=first.cause_type, at=first.at).in_bulk(keys)
    return [found[key] for key in keys if key in found]


def is_entry(first: Transfer) -> bool:
    """Whether an entry of many legs begins with it, and so has its key."""
    return (first.cause_type, first.cause_id) == (ENTRY, str(first.pk))


def _look_over(debits: Sequence[Leg], credits_: Sequence[Leg]) -> None:
    amounts = [amount for _, amount in (*debits, *credits_)]
    if not amounts or not all(amount.is_finite() and amount > 0 for amount in amounts):
        raise MalformedPosting(place=0, why=_("a leg without amount"))
    if sum(amount for _, amount in debits) * 2 != sum(amounts):
        raise MalformedPosting(place=0, why=_("debits are not credits"))
    if {account for account, _ in debits} & {account for account, _ in credits_}:
        raise MalformedPosting(place=0, why=_("an account on both sides"))


def _paired(
    debits: Sequence[Leg], credits_: Sequence[Leg]
) -> list[tuple[UUID, UUID, Decimal]]:
    """Of the first debit and the first credit left, as much as both have."""
    left, right = list(debits)[::-1], list(credits_)[::-1]
    rows = []
    while left and right:
        (debit, owed), (credit, due) = left.pop(), right.pop()
        amount = min(owed, due)
        rows.append((debit, credit, amount))
        if owed > amount:
            left.append((debit, owed - amount))
        if due > amount:
            right.append((credit, due - amount))
    return rows
