"""Months are closed in their order and stay as they are, unless two reopen one."""

from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.db.transaction import atomic
from django.utils import timezone

from accounts import roles
from accounts.models import User
from areamedica.clock import last_of_month
from areamedica.errors import DayOutOfReach, Forbidden
from audit.models import Record
from ledger.errors import (
    MonthNotClosed,
    MonthNotOver,
    MonthOutOfOrder,
    PeriodClosed,
    ReopeningNeedsAnother,
    ReopeningNotAsked,
)
from ledger.models import Closing, Transfer
from ledger.services import periods
from ledger.services.holds import hold, post_hold
from ledger.services.periods import ask_to_reopen, close_month, closed_until
from ledger.services.posting import post, post_batch
from ledger.services.proof import Finding, findings
from tests import application
from tests.ledger.books import FEES, TRANSIT, customer, posting
from tests.together import together

pytestmark = pytest.mark.as_application

SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 1) for month in (9, 10, 11))
# Midnight in Caracas, the first instant of November and of December.
NOVEMBER_BEGINS = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
DECEMBER_BEGINS = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)


def close(month: date, actor: User, now: datetime = DECEMBER_BEGINS) -> Closing:
    return close_month(month=month, actor=actor, reason="Fin de mes", now=now)


def on(day: date, **given: Any) -> str:
    [outcome] = post_batch([posting(TRANSIT, FEES, effective=day, **given)])
    return outcome


@pytest.fixture
def berta(person: Any) -> User:
    """A bookkeeper."""
    return person("berta", "bookkeeper")


@pytest.mark.parametrize(
    ("day", "last"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-02-01", "2026-02-28"),
        ("2028-02-29", "2028-02-29"),
        ("2100-02-03", "2100-02-28"),
        ("2026-12-05", "2026-12-31"),
    ],
)
def test_when_a_month_ends(day: str, last: str) -> None:
    assert last_of_month(date.fromisoformat(day)) == date.fromisoformat(last)


@pytest.mark.django_db
def test_nothing_takes_effect_in_a_closed_month(berta: User) -> None:
    kept = posting(TRANSIT, FEES, effective=date(2026, 10, 31))
    post(kept)
    assert closed_until() is None
    close(OCTOBER, berta)
    assert closed_until() == date(2026, 10, 31)
    assert on(date(2026, 10, 31)) == "period_closed"
    assert on(date(2026, 9, 1)) == "period_closed"
    assert on(date(2026, 11, 1)) == "posted"
    assert post(kept) == "already_posted"
    with pytest.raises(PeriodClosed):
        post(posting(TRANSIT, FEES, effective=date(2026, 10, 1)))
    told = Record.objects.get(action="ledger.month_closed")
    assert (told.subject_type, told.subject_id) == ("month", "2026-10")
    assert findings() == []


@pytest.mark.django_db
def test_a_month_is_over_at_midnight_in_caracas(berta: User) -> None:
    with pytest.raises(MonthNotOver):
        close(OCTOBER, berta, NOVEMBER_BEGINS - timedelta(microseconds=1))
    assert close(OCTOBER, berta, NOVEMBER_BEGINS).until == date(2026, 10, 31)


@pytest.mark.django_db
def test_months_are_closed_in_their_order(berta: User) -> None:
    close(SEPTEMBER, berta)
    for month, due in ((SEPTEMBER, "2026-10"), (NOVEMBER, "2026-10")):
        with pytest.raises(MonthOutOfOrder) as refused:
            close(month, berta)
        assert refused.value.facts == {"due": due}
    close(OCTOBER, berta)
    close(NOVEMBER, berta)
    with pytest.raises(MonthNotOver):
        close(date(2026, 12, 15), berta)


@pytest.mark.django_db
@pytest.mark.parametrize("month", [date.min, date.max])
def test_a_month_that_nobody_means_is_refused(berta: User, month: date) -> None:
    for act in (
        lambda: close(month, berta),
        lambda: ask_to_reopen(month=month, actor=berta, reason="Falta uno"),
        lambda: periods.reopen_month(month=month, actor=berta, reason="Sí"),
    ):
        with pytest.raises(DayOutOfReach):
            act()
    assert not Closing.objects.exists()


@pytest.mark.django_db
def test_two_reopen_the_last_month_and_it_is_closed_again(
    berta: User, root: User
) -> None:
    close(SEPTEMBER, berta)
    close(OCTOBER, berta)
    with pytest.raises(ReopeningNotAsked):
        periods.reopen_month(month=OCTOBER, actor=root, reason="Sí")
    with pytest.raises(MonthNotClosed):
        ask_to_reopen(month=SEPTEMBER, actor=berta, reason="Falta uno")
    ask_to_reopen(month=OCTOBER, actor=berta, reason="Falta uno")
    assert on(date(2026, 10, 31)) == "period_closed"
    with pytest.raises(ReopeningNeedsAnother):
        periods.reopen_month(month=OCTOBER, actor=berta, reason="Sí")
    with pytest.raises(ReopeningNotAsked):
        periods.reopen_month(month=SEPTEMBER, actor=root, reason="Sí")
    row = periods.reopen_month(month=OCTOBER, actor=root, reason="Sí")
    assert (row.by, row.approved_by, row.is_closed) == (berta, root, False)
    assert closed_until() == date(2026, 9, 30)
    assert on(date(2026, 10, 31)) == "posted"
    assert on(date(2026, 9, 30)) == "period_closed"
    close(OCTOBER, berta)
    assert list(
        Record.objects.filter(subject_type="month")
        .order_by("id")
        .values_list("action", flat=True)
    ) == [
        "ledger.month_closed",
        "ledger.month_closed",
        "ledger.reopening_asked",
        "ledger.month_reopened",
        "ledger.month_closed",
    ]
    assert findings() == []


@pytest.mark.django_db
def test_closing_another_month_voids_what_was_asked(berta: User, root: User) -> None:
    close(SEPTEMBER, berta)
    ask_to_reopen(month=SEPTEMBER, actor=berta, reason="Falta uno")
    close(OCTOBER, berta)
    with pytest.raises(ReopeningNotAsked):
        periods.reopen_month(month=SEPTEMBER, actor=root, reason="Sí")


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_every_role(person: Any, berta: User, role: str) -> None:
    close(SEPTEMBER, berta)
    ask_to_reopen(month=SEPTEMBER, actor=berta, reason="Falta uno")
    actor, before = person("paula", role), Closing.objects.count()
    acts = (
        lambda: periods.reopen_month(month=SEPTEMBER, actor=actor, reason="Sí"),
        lambda: close(SEPTEMBER, actor),
        lambda: ask_to_reopen(month=SEPTEMBER, actor=actor, reason="Otra vez"),
    )
    for act in acts:
        if role in {"bookkeeper", "admin"}:
            act()
        else:
            with pytest.raises(Forbidden):
                act()
    done = 3 if role in {"bookkeeper", "admin"} else 0
    assert Closing.objects.count() == before + done


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_one_person_alone_and_any_rewriting(berta: User) -> None:
    close(SEPTEMBER, berta)
    with pytest.raises(IntegrityError, match="reopened_by_two"), atomic():
        Closing.objects.create(
            month=SEPTEMBER,
            kind=Closing.Kind.REOPENED,
            until=date(2026, 8, 31),
            by=berta,
            approved_by=berta,
            reason="",
        )
    with application.as_owner(), connection.cursor() as cursor:
        for change in (
            "UPDATE ledger_closing SET until = '2020-01-31'",
            "DELETE FROM ledger_closing",
            "TRUNCATE ledger_closing",
        ):
            with pytest.raises(IntegrityError, match="append-only"), atomic():
                cursor.execute(change)


_BY_HAND = """
INSERT INTO ledger_closing (month, kind, until, by_id, reason, at)
SELECT '2026-09-01', 'closed', '2026-09-30', id, 'x', %s FROM accounts_user LIMIT 1
"""


_ODD = """
INSERT INTO ledger_closing (month, kind, until, by_id, approved_by_id, reason)
SELECT %(month)s, %(kind)s, %(until)s, id,
       CASE WHEN %(kind)s = 'reopened' THEN %(by)s::uuid END, 'x'
  FROM accounts_user WHERE id <> %(by)s LIMIT 1
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "month", "until", "rule"),
    [
        ("closed", "2026-10-01", "2026-10-30", "until_the_month_ends"),
        ("closed", "2026-10-01", "2026-11-30", "until_the_month_ends"),
        ("closed", "2026-10-01", "9999-12-31", "until_the_month_ends"),
        ("asked", "2026-02-01", "2026-01-31", "until_the_month_ends"),
        ("reopened", "2026-10-01", "2026-10-31", "until_the_month_ends"),
        ("reopened", "2026-10-01", "2020-01-31", "until_the_month_ends"),
        ("closed", "2026-10-02", "2026-10-31", "of_a_whole_month|until_the_month_ends"),
        ("closed", "9999-12-01", "9999-12-31", "within_reach"),
        ("closed", "1999-12-01", "1999-12-31", "within_reach"),
        ("reopened", "infinity", "infinity", "within_reach"),
    ],
)
def test_the_database_knows_where_a_month_ends(
    berta: User, root: User, kind: str, month: str, until: str, rule: str
) -> None:
    given = {"kind": kind, "month": month, "until": until, "by": root.pk}
    with (
        pytest.raises(IntegrityError, match=rule),
        atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(_ODD, given)


@pytest.mark.django_db
def test_a_month_that_was_closed_by_hand_has_no_record(berta: User, root: User) -> None:
    close(SEPTEMBER, berta)
    by = {"by": root.pk, "month": SEPTEMBER}
    with connection.cursor() as cursor:
        cursor.execute(_ODD, by | {"kind": "reopened", "until": "2026-08-31"})
        assert on(SEPTEMBER) == "posted"
        cursor.execute(_ODD, by | {"kind": "closed", "until": "2026-09-30"})
    assert [*map(str, Closing.objects.all())] == [
        "2026-09 closed",
        "2026-09 reopened",
        "2026-09 closed",
    ]
    untold = Finding("month_not_as_journaled", "2026-09", "not in the journal")
    assert findings() == [untold, untold]


@pytest.mark.django_db
def test_nobody_draws_the_books_into_the_future(berta: User) -> None:
    """Whoever may add a closing does not say when that was."""
    close(SEPTEMBER, berta)
    with connection.cursor() as cursor:
        cursor.execute(_BY_HAND, ["9999-12-31"])
    own, by_hand = Closing.objects.order_by("id").values_list("at", flat=True)
    assert own < by_hand < timezone.now()
    assert on(NOVEMBER) == "posted"
    [booked] = Transfer.objects.values_list("at", flat=True)
    assert by_hand < booked < timezone.now()


@pytest.mark.django_db
def test_a_closing_knows_when_it_was(berta: User) -> None:
    assert close(OCTOBER, berta).at == Closing.objects.get().at


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_who_closes_by_hand_waits_for_those_under_way(berta: User) -> None:
    under_way, over = Event(), Event()

    @atomic
    def posts() -> None:
        on(date(2026, 9, 30))
        under_way.set()
        over.wait(10)

    @atomic
    def closes() -> None:
        under_way.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute(_BY_HAND, ["2026-10-01"])

    def tries() -> None:
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                closes()
        finally:
            over.set()

    together(posts, tries)
    assert not Closing.objects.exists()


@pytest.mark.django_db
def test_money_is_not_held_for_a_closed_month_and_posted_on_an_open_day(
    berta: User,
) -> None:
    """Else nobody could ever post what was held before its month was closed."""
    given: dict[str, Any] = {
        "expires_at": DECEMBER_BEGINS,
        "actor": berta,
        "now": NOVEMBER_BEGINS,
        "is_dated": True,
    }
    of_october = posting(FEES, TRANSIT, effective=date(2026, 10, 31))
    one, _ = hold(posting=of_october, **given)
    close(OCTOBER, berta)
    with pytest.raises(PeriodClosed):
        hold(posting=posting(FEES, TRANSIT, effective=date(2026, 10, 31)), **given)
    ends = {"hold": one.key, "key": uuid4(), "amount": None}
    booked, _ = post_hold(**ends, actor=berta, now=NOVEMBER_BEGINS)
    assert (booked.effective, booked.metadata) == (
        date(2026, 11, 1),
        {"day": "2026-10-31"},
    )
    again = post_hold(**ends, actor=berta, now=NOVEMBER_BEGINS)
    assert again == (booked, False)
    close(date(2026, 11, 1), berta)
    assert findings() == []


@pytest.mark.usefixtures("books_alone")
@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_nothing_slips_in_while_a_month_is_being_closed(berta: User) -> None:
    ana, under_way, closed = customer("ana"), Event(), Event()

    def slow() -> str:
        with atomic():
            outcome = on(date(2026, 10, 31))
            under_way.set()
            # The closer waits for this transaction, however long it takes.
            assert not closed.wait(0.3)
        return outcome

    def closes() -> str:
        under_way.wait(10)
        close(OCTOBER, berta)
        closed.set()
        return on(date(2026, 10, 31))

    def posts() -> int:
        return sum(
            post_batch([posting(TRANSIT, ana, "0.01", effective=date(2026, 10, 31))])
            == ["posted"]
            for _ in range(40)
        )

    outcome, late, *_ = together(slow, closes, posts, posts)
    assert (outcome, late) == ("posted", "period_closed")
    [closing] = Closing.objects.all()
    assert not Transfer.objects.filter(at__gt=closing.at).exists()
    assert findings() == []


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_two_who_close_at_once_close_once(berta: User) -> None:
    def closes() -> bool:
        try:
            close(OCTOBER, berta)
        except MonthOutOfOrder:
            return False
        return True

    assert sum(together(*[closes] * 4)) == 1
