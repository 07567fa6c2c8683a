"""An entry of many accounts becomes a linked group that says the same."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from ledger.errors import MalformedPosting
from ledger.services.legs import Leg, book_entry, legs
from ledger.services.posting import Posting, post_batch
from ledger.services.proof import findings
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.ledger.test_together import locked
from tests.together import together

LIKE = posting(UUID(int=0), UUID(int=1), key=UUID(int=7))
_CENTS = st.lists(st.integers(1, 9_999), min_size=1, max_size=9)


def _legs(cents: list[int], first: int) -> list[Leg]:
    return [
        (UUID(int=first + at % 4), Decimal(each) / 100) for at, each in enumerate(cents)
    ]


def _sums(pairs: list[Leg]) -> Counter[UUID]:
    sums: Counter[UUID] = Counter()
    for account, amount in pairs:
        sums[account] += int(amount * 100)
    return sums


@given(_CENTS, _CENTS)
def test_every_account_moves_by_what_its_legs_say(
    left: list[int], right: list[int]
) -> None:
    if sum(left) > sum(right):
        right = [*right, sum(left) - sum(right)]
    if sum(right) > sum(left):
        left = [*left, sum(right) - sum(left)]
    debits, credits_ = _legs(left, 10), _legs(right, 20)
    group = legs(debits=debits, credits_=credits_, like=LIKE)
    assert _sums([(row.debit, row.amount) for row in group]) == _sums(debits)
    assert _sums([(row.credit, row.amount) for row in group]) == _sums(credits_)
    assert len(group) <= len(left) + len(right) - 1
    assert [row.is_linked for row in group] == [True] * (len(group) - 1) + [False]
    assert len({row.key for row in group}) == len(group)
    assert group == legs(debits=debits, credits_=credits_, like=LIKE)


@pytest.mark.parametrize(
    ("debits", "credits_"),
    [
        ([(1, "1.00")], [(2, "1.01")]),
        ([(1, "1.00")], [(1, "1.00")]),
        ([(1, "0.00")], [(2, "0.00")]),
        ([(1, "-1.00")], [(2, "-1.00")]),
        ([(1, "2.00"), (3, "-1.00")], [(2, "1.00")]),
        ([(1, "NaN")], [(2, "NaN")]),
        ([], []),
    ],
)
def test_what_is_no_entry_is_refused(
    debits: list[tuple[int, str]], credits_: list[tuple[int, str]]
) -> None:
    def made(pairs: list[tuple[int, str]]) -> list[Leg]:
        return [(UUID(int=account), Decimal(amount)) for account, amount in pairs]

    with pytest.raises(MalformedPosting):
        legs(debits=made(debits), credits_=made(credits_), like=LIKE)


@pytest.mark.django_db
def test_a_payment_with_a_fee_is_booked_whole_or_not_at_all() -> None:
    ana, beto = customer("ana"), customer("beto")
    shares = [(ana, Decimal("60.00")), (beto, Decimal("38.00")), (FEES, Decimal(2))]

    def entry(number: int, *debits: Leg) -> list[Posting]:
        like = posting(TRANSIT, ana, key=UUID(int=number))
        return legs(debits=debits, credits_=shares, like=like)

    assert post_batch(entry(1, (TRANSIT, Decimal(100)))) == ["posted"] * 3
    assert (amount_of(ana), amount_of(beto), amount_of(FEES)) == (6000, 3800, 200)
    carla = customer("carla")
    broken = entry(2, (TRANSIT, Decimal(90)), (carla, Decimal(10)))
    assert set(post_batch(broken)) == {"linked_failed", "insufficient_funds"}
    assert amount_of(TRANSIT) == 10_000
    assert findings() == []


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_of_twins_without_a_day_on_both_sides_of_midnight_one_is_new(
    root: User,
) -> None:
    ana, hundred = customer("ana"), Decimal(100)
    shares = [(ana, Decimal(98)), (FEES, Decimal(2))]
    given = {"debits": [(TRANSIT, hundred)], "credits_": shares, "actor": root}
    today = posting(TRANSIT, ana)
    twins = [today, replace(today, effective=today.effective + timedelta(days=1))]
    acts = [partial(book_entry, like=each, is_dated=False, **given) for each in twins]
    with locked(ana):
        told = together(*acts * 4)
    assert Counter(is_new for _, is_new in told) == {True: 1, False: 7}
    assert len({each.effective for booked, _ in told for each in booked}) == 1
    assert amount_of(ana) == 9_800
    assert findings() == []
