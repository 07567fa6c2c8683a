"""Real threads on the same accounts and the same keys."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from ledger.models import Transfer
from ledger.services.posting import Posting, post, post_batch
from ledger.services.proof import findings
from tests.ledger.books import DAY, FEES, TRANSIT, amount_of, customer, posting
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
    pytest.mark.as_application,
]


def test_two_orders_of_the_same_accounts_do_not_deadlock() -> None:
    names = [customer(f"c{number}") for number in range(12)]
    post_batch([posting(TRANSIT, each, "100.00") for each in names])

    def many(accounts: list[UUID]) -> Callable[[], int]:
        def work() -> int:
            posted = 0
            for _ in range(20):
                pairs = zip(accounts, accounts[1:], strict=False)
                batch = [posting(a, b, "0.01") for a, b in pairs]
                posted += post_batch(batch).count("posted")
            return posted

        return work

    done = together(*[many(names), many(names[::-1])] * 3)
    assert done == [220] * 6
    assert Transfer.objects.count() == 12 + 6 * 220
    assert findings() == []


def test_one_key_from_many_sides_is_one_transfer() -> None:
    ana = customer("ana")
    wanted = posting(TRANSIT, ana)
    outcomes = together(*[lambda: post_batch([wanted])[0]] * 6)
    assert Counter(outcomes) == {"posted": 1, "already_posted": 5}
    assert amount_of(ana) == 1000


def test_one_key_on_accounts_that_have_nothing_in_common() -> None:
    """No balance makes one wait for the other: the key itself must."""
    keys = [uuid4() for _ in range(40)]

    def batch(number: int, order: int) -> list[Posting]:
        debit, credit = customer(f"d{number}"), customer(f"c{number}")
        fill = posting(TRANSIT, debit, "999.00")
        post_batch([fill])
        return [posting(debit, credit, "1.00", key=key) for key in keys[::order]]

    batches = [batch(0, 1), batch(1, -1), batch(2, 1), batch(3, -1)]
    outcomes = together(*[lambda each=each: post_batch(each) for each in batches])
    counted = Counter(outcome for each in outcomes for outcome in each)
    assert counted == {"posted": 40, "key_reused": 120}
    assert findings() == []


def test_nobody_spends_the_same_money_twice() -> None:
    ana = customer("ana")
    post_batch([posting(TRANSIT, ana, "10.00")])

    def spend() -> int:
        batch = [posting(ana, FEES, "0.50") for _ in range(8)]
        return post_batch(batch).count("posted")

    assert sum(together(*[spend] * 6)) == 20
    assert (amount_of(ana), amount_of(FEES)) == (0, 1000)
    assert findings() == []


def test_one_account_opened_from_many_sides_is_one_account() -> None:
    opened = together(*[lambda: customer("ana")] * 6)
    assert len(set(opened)) == 1
    assert findings() == []


def test_moments_never_go_back_on_a_hot_account() -> None:
    ana = customer("ana")

    def work() -> None:
        for _ in range(30):
            post_batch([posting(TRANSIT, ana, "0.01", effective=DAY - timedelta(1))])

    together(*[work] * 4)
    moments = Transfer.objects.order_by("credit_seq").values_list("at", flat=True)
    assert list(moments) == sorted(moments)
    assert len(moments) == 120


@pytest.fixture
def room_for_a_hundred(transactional_db: None) -> None:
    """Our own server has it; on somebody else's there may be less."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_connections")
        if int(cursor.fetchone()[0]) < 110:
            pytest.skip("this server has no room for a hundred connections")


@pytest.mark.usefixtures("room_for_a_hundred")
def test_a_hundred_at_once_with_the_same_key_are_one_transfer() -> None:
    """Beside another key, which half of them want with another amount."""
    ana = customer("ana")
    wanted, other = posting(TRANSIT, ana), uuid4()

    def act(amount: str) -> Callable[[], str]:
        batch = [posting(TRANSIT, ana, amount, key=other), wanted]
        return lambda: post_batch(batch)[1]

    acts = [act(f"{1 + at % 2}.00") for at in range(100)]
    assert Counter(together(*acts)) == {"posted": 1, "already_posted": 99}
    assert Transfer.objects.count() == 2
    assert amount_of(ana) in (1100, 1200)
    assert findings() == []


@pytest.mark.usefixtures("room_for_a_hundred")
def test_a_hundred_at_once_with_one_transfer_are_one_transfer() -> None:
    """By the door of a single one, where those of a process share their commits."""
    ana = customer("ana")
    wanted = posting(TRANSIT, ana)
    told = together(*[lambda: post(wanted)] * 100)
    assert Counter(told) == {"posted": 1, "already_posted": 99}
    assert Transfer.objects.count() == 1
    assert amount_of(ana) == 1000
    assert findings() == []


def test_fifty_drain_one_account_to_its_floor_and_no_further() -> None:
    ana = customer("ana")
    post_batch([posting(TRANSIT, ana, "10.00")])

    def drain() -> int:
        return post_batch([posting(ana, FEES, "0.30")]).count("posted")

    assert sum(together(*[drain] * 50)) == 33
    assert amount_of(ana) == 10
    assert findings() == []
