"""One transfer and a batch go through different doors into the same books."""

from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import pytest

from ledger.models import Transfer
from ledger.services.posting import Outcome, Posting, post_batch
from ledger.services.proof import findings
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
]


def _singly(postings: Sequence[Posting]) -> Callable[[], list[Outcome]]:
    return lambda: [outcome for each in postings for outcome in post_batch([each])]


def _as_one(postings: Sequence[Posting]) -> Callable[[], list[Outcome]]:
    return lambda: post_batch(postings)


def _round(accounts: Sequence[UUID], keys: Sequence[UUID]) -> list[Posting]:
    pairs = zip(accounts, (*accounts[1:], accounts[0]), strict=True)
    return [
        posting(debit, credit, "0.01", key=key)
        for (debit, credit), key in zip(pairs, keys, strict=True)
    ]


def test_both_doors_at_once_neither_deadlock_nor_book_twice() -> None:
    accounts = [customer(f"c{number}") for number in range(12)]
    post_batch([posting(TRANSIT, each, "100.00") for each in accounts])
    keys = [[uuid4() for _ in accounts] for _ in range(8)]
    rounds = [_round(accounts, each) for each in keys]
    acts = [
        act
        for wanted in rounds
        for act in (_singly(wanted), _as_one(wanted[::-1]), _singly(wanted[::-1]))
    ]
    outcomes = Counter(each for told in together(*acts) for each in told)
    assert outcomes == {"posted": 8 * 12, "already_posted": 2 * 8 * 12}
    assert Transfer.objects.count() == 12 + 8 * 12
    assert {amount_of(each) for each in accounts} == {10_000}
    assert findings() == []


def test_one_by_one_and_together_they_find_the_floor() -> None:
    ana = customer("ana")
    post_batch([posting(TRANSIT, ana, "10.00")])
    wanted = [[posting(ana, FEES, "0.30") for _ in range(10)] for _ in range(8)]
    acts = [
        door(each) for door, each in zip([_singly, _as_one] * 4, wanted, strict=True)
    ]
    outcomes = Counter(each for told in together(*acts) for each in told)
    assert outcomes == {"posted": 33, "insufficient_funds": 47}
    assert (amount_of(ana), amount_of(FEES)) == (10, 990)
    assert findings() == []


def test_a_key_goes_through_whichever_door_opens_first() -> None:
    """On accounts that have nothing in common, so that only the key is waited for."""
    keys = [uuid4() for _ in range(30)]

    def wanted(name: str) -> list[Posting]:
        ana = customer(name)
        return [posting(account, ana, "1.00", key=key) for account, key in both(name)]

    def both(name: str) -> list[tuple[UUID, UUID]]:
        payer = customer(f"payer of {name}")
        post_batch([posting(TRANSIT, payer, "99.00")])
        return [(payer, key) for key in keys]

    a, b, c, d = (wanted(name) for name in "abcd")
    told = together(_singly(a), _singly(b[::-1]), _as_one(c), _as_one(d[::-1]))
    outcomes = Counter(each for each_door in told for each in each_door)
    assert outcomes == {"posted": 30, "key_reused": 90}
    assert findings() == []
