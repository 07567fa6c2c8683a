"""Close the months of the books, in their order; reopen one with a second person.

Whoever posts shares a lock of the database's transaction; whoever closes takes it alone
and so waits for those under way and holds up the next. Nothing slips in between.
"""

from datetime import date, datetime, timedelta

from django.db import connection
from django.db.transaction import atomic

from accounts.models import User
from areamedica.clock import caracas_day, is_within_reach, last_of_month
from areamedica.database import violation_means
from areamedica.errors import DayOutOfReach
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from ledger.errors import (
    MonthNotClosed,
    MonthNotOver,
    MonthOutOfOrder,
    ReopeningNeedsAnother,
    ReopeningNotAsked,
)
from ledger.models import Closing

# The number that `ledger_lock` shares (migration 0004).
_LOCK = 4715200
_DAY = timedelta(days=1)


def closed_until() -> date | None:
    """The last day of the last closed month; None while every day is open."""
    return Closing.objects.values_list("until", flat=True).first()


@atomic
def close_month(*, month: date, actor: User, reason: str, now: datetime) -> Closing:
    """Close a month (any day names it): no transfer takes effect up to its end.

    The first closing closes every month before it too.

    :raises Forbidden: :raises DayOutOfReach: :raises MonthNotOver:
    :raises MonthOutOfOrder: another is next.
    """
    last = _last_alone(actor)
    first, end = _bounds(month)
    if end >= caracas_day(now):
        raise MonthNotOver
    due = last.until + _DAY if last else first
    if first != due:
        raise MonthOutOfOrder(due=f"{due:%Y-%m}")
    return _add(Closing.Kind.CLOSED, first, end, actor, None, reason)


@atomic
def ask_to_reopen(*, month: date, actor: User, reason: str) -> Closing:
    """Ask that the last closed month be reopened; it stays closed meanwhile.

    What was asked is void once another month is closed.

    :raises Forbidden: :raises DayOutOfReach:
    :raises MonthNotClosed: it is not the last closed one.
    """
    last = _last_alone(actor)
    first, end = _bounds(month)
    if last is None or last.until != end:
        raise MonthNotClosed
    return _add(Closing.Kind.ASKED, first, end, actor, None, reason)


@atomic
def reopen_month(*, month: date, actor: User, reason: str) -> Closing:
    """Reopen the month that another person has asked to reopen.

    :raises Forbidden: :raises DayOutOfReach: :raises ReopeningNotAsked:
    :raises ReopeningNeedsAnother: the same person asked.
    """
    last = _last_alone(actor)
    first, _ = _bounds(month)
    if last is None or (last.kind, last.month) != (Closing.Kind.ASKED, first):
        raise ReopeningNotAsked
    with violation_means("closing_reopened_by_two", ReopeningNeedsAnother):
        return _add(Closing.Kind.REOPENED, first, first - _DAY, last.by, actor, reason)


def _bounds(month: date) -> tuple[date, date]:
    """The first and the last day of the month that a day lies in.

    :raises DayOutOfReach: nobody means that year.
    """
    if not is_within_reach(month):
        raise DayOutOfReach
    return month.replace(day=1), last_of_month(month)


def _last_alone(actor: User) -> Closing | None:
    """The newest row, with nobody posting or closing until the transaction ends."""
    actor.demand(Permission.LEDGER_CLOSE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    return Closing.objects.select_related("by").first()


_ACTIONS = {
    Closing.Kind.CLOSED: Action.MONTH_CLOSED,
    Closing.Kind.ASKED: Action.REOPENING_ASKED,
    Closing.Kind.REOPENED: Action.MONTH_REOPENED,
}


def _add(
    kind: Closing.Kind,
    month: date,
    until: date,
    by: User,
    approved_by: User | None,
    reason: str,
) -> Closing:
    row = Closing.objects.create(
        month=month,
        kind=kind,
        until=until,
        by=by,
        approved_by=approved_by,
        reason=reason,
    )
    row.refresh_from_db(fields=["at"])  # the database says when (migration 0014)
    record(
        _ACTIONS[kind],
        actor_id=(approved_by or by).pk,
        subject=("month", f"{month:%Y-%m}"),
        facts={"reason": reason},
    )
    return row
