"""A report tells of one moment, whatever is posted while it is made, in one order."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from ledger.chart import Kind
from ledger.services import reports
from ledger.services.posting import post
from tests.ledger.books import FEES, TRANSIT, posting

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)
EVE = date(2026, 10, 31)


class Between:
    """Acts once, right after the database was asked for the first time."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.act: Callable[[], object] | None = act

    def __call__(self, execute: Callable[..., Any], *asked: Any) -> Any:
        answer, act = execute(*asked), self.act
        if act:
            self.act = None
            act()
        return answer


@pytest.mark.django_db
@pytest.mark.usefixtures("books_alone")
def test_what_took_effect_before_and_is_booked_meanwhile_is_no_result() -> None:
    post(posting(TRANSIT, FEES, "10.00", effective=LAST))
    late = posting(TRANSIT, FEES, "7.00", effective=EVE)
    between = Between(lambda: post(late))
    with connection.execute_wrapper(between):
        found = reports.income_statement("VES", first=FIRST, last=LAST)
    assert between.act is None
    assert found.result == Decimal("10.00")
    of_october = reports.income_statement("VES", first=EVE, last=EVE)
    assert of_october.result == Decimal("7.00")


def test_what_is_owed_has_one_order_in_every_process() -> None:
    assert reports.OWED == (Kind.LIABILITY, Kind.EQUITY)
