"""What a bookkeeper asks of the books, at places and moments all over them."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

from django.utils import timezone

from areamedica.clock import caracas_day
from benchmarks.years import IN_TRANSIT
from ledger.models import Account, Balance, Transfer
from ledger.services import reading, reports, statements
from ledger.services.reports import AsOf
from ledger.services.statements import By, Place

Ask = Callable[[], object]
_MONTH = timedelta(days=30)
_SHOWN = 100
# A trial balance of many patients takes long; so few are enough.
_FEW = 2


def _patients() -> list[UUID]:
    owned = Account.objects.filter(owner_id__isnull=False)
    return list(owned.order_by("id").values_list("pk", flat=True)[:200])


def _moments(number: int) -> list[datetime]:
    """Moments between the first transfer and now; the same in every run."""
    dice, now = Random(number), timezone.now()
    first = Transfer.objects.order_by("at").values_list("at", flat=True)[0]
    return [first + (now - first) * dice.random() for _ in range(number)]


def _days(number: int) -> list[date]:
    return [caracas_day(moment) for moment in _moments(number)]


def _balance_at(number: int) -> list[Ask]:
    return [
        lambda moment=moment: reading.balance_at(_in_transit(), moment)
        for moment in _moments(number)
    ]


def _balance_on(number: int) -> list[Ask]:
    return [
        lambda day=day: reading.balance_on(_in_transit(), day) for day in _days(number)
    ]


def _in_transit() -> Balance:
    return reading.balance_of(IN_TRANSIT)


def _history(number: int) -> list[Ask]:
    dice = Random(number)
    legs = _in_transit().seq
    page = partial(reading.history, IN_TRANSIT, limit=_SHOWN)
    return [partial(page, before=dice.randint(1, legs)) for _ in range(number)]


def _statement(by: By, accounts: list[UUID], days: list[date]) -> list[Ask]:
    """A page in the middle of a month."""
    page = partial(statements.statement, by=by, limit=_SHOWN)
    return [
        partial(
            page,
            accounts[place % len(accounts)],
            first=day - _MONTH,
            last=day,
            after=Place(day - _MONTH / 2, 0, newest=10**18),
        )
        for place, day in enumerate(days)
    ]


def _statement_booked(number: int) -> list[Ask]:
    return _statement(By.BOOKED, [IN_TRANSIT], _days(number))


def _statement_effective(number: int) -> list[Ask]:
    return _statement(By.EFFECTIVE, [IN_TRANSIT], _days(number))


def _statement_of_patients(number: int) -> list[Ask]:
    return _statement(By.EFFECTIVE, _patients(), _days(number))


def _trial_now(number: int) -> list[Ask]:
    return [partial(reports.balances, "VES")] * min(number, _FEW)


def _trial_a_week_ago(number: int) -> list[Ask]:
    day = caracas_day(timezone.now()) - timedelta(days=7)
    return [partial(reports.balances, "VES", AsOf(on=day))] * min(number, _FEW)


def _result(number: int) -> list[Ask]:
    last = caracas_day(timezone.now())
    month = {"first": last - _MONTH, "last": last}
    return [partial(reports.income_statement, "VES", **month)] * min(number, _FEW)


QUESTIONS: dict[str, Callable[[int], list[Ask]]] = {
    "balance_at": _balance_at,
    "balance_on": _balance_on,
    "history_page": _history,
    "statement_page": _statement_booked,
    "statement_page_by_effect": _statement_effective,
    "statement_page_of_a_patient": _statement_of_patients,
    "trial_balance": _trial_now,
    "trial_balance_a_week_ago": _trial_a_week_ago,
    "result_of_a_month": _result,
}
