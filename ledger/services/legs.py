"""An entry of many accounts, as the linked group of transfers that it is booked as."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid5

from ledger.errors import MalformedPosting
from ledger.services.posting import Posting

Leg = tuple[UUID, Decimal]


def legs(
    *, debits: Sequence[Leg], credits_: Sequence[Leg], like: Posting
) -> list[Posting]:
    """Pair (account, amount) legs of one sum in their order; n + m − 1 rows at most.

    A payment of 100.00 with a fee is `debits=[(bank, 100)]`, `credits_=[(ana, 98),
    (fees, 2)]`. All else is as in `like`; a row's key follows from `like.key` and its
    place, so that the same entry is the same group. Booked whole or not at all.

    :raises MalformedPosting: the sums differ, a leg is not above zero, nothing is
        there, or an account stands on both sides: midway it could be below its floor.
    """
    _look_over(debits, credits_)
    group = [
        replace(
            like,
            key=uuid5(like.key, str(place)),
            debit=debit,
            credit=credit,
            amount=amount,
            is_linked=True,
        )
        for place, (debit, credit, amount) in enumerate(_paired(debits, credits_))
    ]
    return [*group[:-1], replace(group[-1], is_linked=False)]


def _look_over(debits: Sequence[Leg], credits_: Sequence[Leg]) -> None:
    amounts = [amount for _, amount in (*debits, *credits_)]
    if not amounts or not all(amount.is_finite() and amount > 0 for amount in amounts):
        raise MalformedPosting(place=0, why="a leg without amount")
    if sum(amount for _, amount in debits) * 2 != sum(amounts):
        raise MalformedPosting(place=0, why="debits are not credits")
    if {account for account, _ in debits} & {account for account, _ in credits_}:
        raise MalformedPosting(place=0, why="an account on both sides")


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
