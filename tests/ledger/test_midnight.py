"""The instant at which a month of Caracas is over, and who crosses it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from threading import Barrier, Event
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from ledger.errors import MonthNotOver, PeriodClosed
from ledger.models import Closing, Transfer
from ledger.services.holds import hold, post_hold
from ledger.services.periods import close_month, closed_until
from ledger.services.posting import Posting, post, post_batch
from ledger.services.proof import findings
from tests.ledger.bodies import TRANSFERS, body, code_of, send
from tests.ledger.books import FEES, TRANSIT, customer, posting
from tests.together import together

pytestmark = [pytest.mark.integration, pytest.mark.as_application]

LAST, NEXT = date(2026, 10, 31), date(2026, 11, 1)
# In UTC November has begun four hours ago.
MIDNIGHT = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
JUST_BEFORE = MIDNIGHT - timedelta(microseconds=1)


@pytest.fixture
def berta(person: Callable[..., User]) -> User:
    """A bookkeeper."""
    return person("berta", "bookkeeper")


def close_october(actor: User, now: datetime) -> None:
    close_month(month=LAST, actor=actor, reason="Fin de mes", now=now)


class Desk:
    """What was posted and is held of both days before the month is closed."""

    def __init__(self, actor: User) -> None:
        self.given: dict[str, Any] = {"actor": actor, "now": JUST_BEFORE}
        self.posted = posting(TRANSIT, FEES, "9.00", effective=LAST)
        post(self.posted)
        self.held = {day: [self.hold(day), self.hold(day)] for day in (LAST, NEXT)}

    def hold(self, day: date) -> UUID:
        one = posting(FEES, TRANSIT, "1.00", effective=day)
        until = MIDNIGHT + timedelta(days=1)
        held, _ = hold(posting=one, expires_at=until, is_dated=True, **self.given)
        return held.key

    def post_hold(self, day: date) -> Transfer:
        key = self.held[day].pop()
        return post_hold(hold=key, key=uuid4(), amount=None, **self.given)[0]

    def reversal(self, day: date) -> Posting:
        of = self.posted.key
        return posting(FEES, TRANSIT, "1.00", effective=day, reverses=of)


DOORS: dict[str, Callable[[Desk, date], Any]] = {
    "one": lambda _, day: post(posting(TRANSIT, FEES, effective=day)),
    "batch": lambda _, day: post_batch(
        [posting(TRANSIT, FEES, effective=day) for _ in range(2)]
    ),
    "judged batch": lambda desk, day: post_batch([desk.reversal(day)]),
    "reserve": lambda desk, day: desk.hold(day),
    "post a hold": lambda desk, day: desk.post_hold(day),
}


def is_open(door: str, desk: Desk, day: date) -> bool:
    try:
        told = DOORS[door](desk, day)
    except PeriodClosed:
        return False
    if isinstance(told, Transfer):  # of a hold: else it is booked on an open day
        return told.effective == day
    if isinstance(told, list):
        assert set(told) in ({"posted"}, {"period_closed"})
        return "posted" in told
    return True


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_at_midnight_every_door_closes_for_the_last_day_alone(
    berta: User, door: str
) -> None:
    desk = Desk(berta)
    with pytest.raises(MonthNotOver):
        close_october(berta, JUST_BEFORE)
    assert [is_open(door, desk, day) for day in (LAST, NEXT)] == [True, True]
    close_october(berta, MIDNIGHT)
    assert [is_open(door, desk, day) for day in (LAST, NEXT)] == [False, True]
    assert findings() == []


@pytest.mark.django_db
def test_who_names_no_day_crosses_midnight_with_the_clock_of_caracas(
    api: Any, root: User, berta: User
) -> None:
    ana = customer("ana")
    before, after = body(TRANSIT, ana), body(TRANSIT, ana)
    named = body(TRANSIT, ana, effective=LAST.isoformat())
    del before["effective"], after["effective"]
    with time_machine.travel(JUST_BEFORE, tick=False) as clock:
        client = api(root)
        first = send(client, TRANSFERS, before)
        with pytest.raises(MonthNotOver):
            close_october(berta, timezone.now())
        clock.move_to(MIDNIGHT)
        close_october(berta, timezone.now())
        answers = [send(client, TRANSFERS, each) for each in (before, after, named)]
    again, second, late = answers
    assert (first.status_code, first.json()["effective"]) == (201, "2026-10-31")
    assert (again.status_code, again.json()) == (200, first.json())
    assert (second.status_code, second.json()["effective"]) == (201, "2026-11-01")
    assert code_of(late) == (422, "PERIOD_CLOSED")
    assert findings() == []


@pytest.mark.usefixtures("books_alone")
@pytest.mark.django_db(transaction=True)
def test_those_who_post_across_midnight_are_told_no_from_one_moment_on(
    berta: User,
) -> None:
    """Real threads: the last day is open, then closed and never open again."""
    begun, closed = Barrier(5), Event()

    def both() -> tuple[str, str]:
        days = [posting(TRANSIT, FEES, "0.01", effective=day) for day in (LAST, NEXT)]
        last, following = post_batch(days)
        return last, following

    def posts() -> list[tuple[str, str]]:
        told = [both()]
        begun.wait(30)
        while not closed.is_set():
            told.append(both())
        return [*told, both()]

    def closes() -> None:
        begun.wait(30)
        try:
            with pytest.raises(MonthNotOver):
                close_october(berta, JUST_BEFORE)
            close_october(berta, MIDNIGHT)
        finally:
            closed.set()

    *told, _ = together(posts, posts, posts, posts, closes)
    for each in told:
        last_day = [last for last, _ in each]
        assert [word for word, _ in groupby(last_day)] == ["posted", "period_closed"]
        assert {following for _, following in each} == {"posted"}
    assert closed_until() == LAST
    [closing] = Closing.objects.all()
    of_october = Transfer.objects.filter(effective__lte=LAST)
    assert not of_october.filter(at__gt=closing.at).exists()
    assert findings() == []
