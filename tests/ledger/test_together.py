"""Single transfers of several people at the same moment share a commit, no more."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from areamedica.errors import Forbidden
from audit.models import Record
from ledger.errors import InsufficientFunds, PostingKeyReused
from ledger.models import Balance, Transfer
from ledger.services.posting import Posting, post
from ledger.services.proof import findings
from ledger.services.transfers import book_one
from tests.ledger.books import FEES, TRANSIT, amount_of, customer, posting
from tests.together import together

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
    pytest.mark.as_application,
]
MANY = 24


@pytest.fixture
def berta(person: Callable[..., User]) -> User:
    return person("berta", "bookkeeper")


@contextmanager
def locked(account: UUID) -> Iterator[None]:
    """Somebody else is busy with the account for a moment."""
    has_it, is_done = Event(), Event()

    def hold() -> None:
        with atomic():
            Balance.objects.select_for_update().get(pk=account)
            has_it.set()
            is_done.wait(0.5)
        connection.close()

    holder = Thread(target=hold)
    holder.start()
    assert has_it.wait(30)
    try:
        yield
    finally:
        is_done.set()
        holder.join()


def book(wanted: Posting, actor: User) -> bool:
    """In a request of its own, as the middleware makes one; whether it is new."""
    with structlog.contextvars.bound_contextvars(request_id=f"r-{wanted.key}"):
        return book_one(posting=wanted, actor=actor)[1]


def test_each_keeps_his_own_name_key_and_record(root: User, berta: User) -> None:
    wanted = [posting(TRANSIT, customer(f"c{n}"), f"{n}.01") for n in range(MANY)]
    people = [root, berta] * (MANY // 2)
    with locked(TRANSIT):
        acts = [
            lambda each=each, who=who: book(each, who)
            for each, who in zip(wanted, people, strict=True)
        ]
        assert together(*acts) == [True] * MANY
    booked = Transfer.objects.in_bulk()
    assert len({each.at for each in booked.values()}) < MANY, "none shared a commit"
    assert len({each.cause_id for each in booked.values()}) == MANY
    for each, who in zip(wanted, people, strict=True):
        told = Record.objects.get(subject_id=booked[each.key].cause_id)
        assert told.actor_id == who.pk
        assert told.request_id == f"r-{each.key}"
    assert findings() == []


def test_the_one_that_is_refused_is_refused_alone(root: User) -> None:
    ana = customer("ana")
    key = post_one(posting(TRANSIT, ana, "5.00"), root)
    wanted = [posting(TRANSIT, customer(f"c{n}")) for n in range(MANY)]
    poor = [posting(ana, FEES, "99.00"), posting(TRANSIT, ana, "6.00", key=key)]
    with locked(TRANSIT):
        acts = [lambda each=each: book(each, root) for each in [*poor, *wanted]]
        told = together(*acts)
    assert isinstance(told[0], InsufficientFunds)
    assert isinstance(told[1], PostingKeyReused)
    assert told[2:] == [True] * MANY
    assert amount_of(ana) == 500
    assert findings() == []


def post_one(wanted: Posting, actor: User) -> UUID:
    assert book_one(posting=wanted, actor=actor)[1]
    return wanted.key


def test_one_key_by_many_is_new_to_one(root: User) -> None:
    ana = customer("ana")
    wanted = posting(TRANSIT, ana)
    with locked(TRANSIT):
        told = together(*[lambda: book(wanted, root)] * MANY)
    assert Counter(told) == {True: 1, False: MANY - 1}
    assert amount_of(ana) == 1000
    assert Record.objects.filter(action="ledger.batch_posted").count() == 1
    assert findings() == []


def test_without_the_right_nobody_goes_along(ana: User) -> None:
    with pytest.raises(Forbidden):
        book_one(posting=posting(TRANSIT, customer("c")), actor=ana)
    assert not Transfer.objects.exists()


def test_what_the_caller_takes_back_is_not_booked() -> None:
    """Within a transaction of his own he does not go along with others."""
    ana, eva = customer("ana"), customer("eva")
    others_wait = Event()

    def other() -> Any:
        others_wait.set()
        return post(posting(TRANSIT, eva, "2.00"))

    def takes_back() -> None:
        with atomic():
            assert others_wait.wait(30)
            sleep(0.02)  # the first of them has gone and waits for the account
            post(posting(TRANSIT, ana, "1.00"))
            connection.set_rollback(True)

    with locked(TRANSIT):
        told = together(*[takes_back, other] * 4)
    assert Counter(told) == {None: 4, "posted": 4}
    assert (amount_of(ana), amount_of(eva)) == (0, 800)
    assert findings() == []
