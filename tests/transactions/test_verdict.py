"""The verdict as a table: what is claimed, what the bank shows, what follows."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from banking.gateways.base import Direction, Found, Malformed, Missing, Movement
from transactions.states import Reason, State
from transactions.verdict import Claimed, verdict

pytestmark = pytest.mark.unit
DAY = date(2026, 3, 14)


def claimed(**changes: Any) -> Claimed:
    facts: dict[str, Any] = {
        "reference": "000012417728",
        "currency": "VES",
        "amount": Decimal("2350.75"),
        "day": DAY,
        **changes,
    }
    return Claimed(**facts)


def row(**changes: Any) -> Movement:
    facts: dict[str, Any] = {
        "reference": "417728",
        "amount": Decimal("2350.75"),
        "currency": "VES",
        "day": DAY,
        "hour": None,
        "direction": Direction.CREDIT,
        "account": "5841************0199",
        "concept": "Banesco Pago Movil",
        "beneficiary": "J305959102",
        "raw": {},
        **changes,
    }
    return Movement(**facts)


C, R = State.COMPLETED, State.TO_REVIEW
DEBIT = row(direction=Direction.DEBIT)
COMMISSION = row(amount=Decimal("7.05"), direction=Direction.DEBIT)
TABLE = [
    ("exact", claimed(), [row()], C, Reason.MATCHED),
    ("no amount stated", claimed(amount=None), [row()], C, Reason.MATCHED),
    ("no day stated", claimed(day=None), [row()], C, Reason.MATCHED),
    (
        "a cent less",
        claimed(),
        [row(amount=Decimal("2350.74"))],
        R,
        Reason.AMOUNT_DIFFERS,
    ),
    (
        "a cent more",
        claimed(),
        [row(amount=Decimal("2350.76"))],
        R,
        Reason.AMOUNT_DIFFERS,
    ),
    ("other currency", claimed(), [row(currency="USD")], R, Reason.CURRENCY_DIFFERS),
    ("other day", claimed(), [row(day=date(2026, 3, 13))], R, Reason.DATE_DIFFERS),
    (
        "currency counts before amount",
        claimed(),
        [row(currency="USD", amount=Decimal(1))],
        R,
        Reason.CURRENCY_DIFFERS,
    ),
    ("a debit", claimed(), [DEBIT], None, Reason.NOT_SEEN_YET),
    ("a debit beside", claimed(), [DEBIT, row()], C, Reason.MATCHED),
    ("its commission beside", claimed(), [row(), COMMISSION], C, Reason.MATCHED),
    ("two that fit", claimed(), [row(), row()], R, Reason.SEVERAL_CREDITS),
    (
        "two, the amount tells them apart",
        claimed(),
        [row(), row(amount=Decimal(5))],
        C,
        Reason.MATCHED,
    ),
    (
        "two, no amount to tell them apart",
        claimed(amount=None),
        [row(), row(amount=Decimal(5))],
        R,
        Reason.SEVERAL_CREDITS,
    ),
    (
        "another reference",
        claimed(),
        [row(reference="417729")],
        None,
        Reason.NOT_SEEN_YET,
    ),
    ("whole, unpadded", claimed(), [row(reference="12417728")], C, Reason.MATCHED),
    (
        "whole, padded",
        claimed(),
        [row(reference="0000000012417728")],
        C,
        Reason.MATCHED,
    ),
    (
        "a tail that lost its zeros",
        claimed(reference="000012007728"),
        [row(reference="7728")],
        C,
        Reason.MATCHED,
    ),
    ("no rows", claimed(), [], None, Reason.NOT_SEEN_YET),
]


@pytest.mark.parametrize(
    ("claim", "rows", "to", "reason"),
    [case[1:] for case in TABLE],
    ids=[case[0] for case in TABLE],
)
def test_what_the_banks_rows_mean(
    claim: Claimed, rows: list[Movement], to: State | None, reason: Reason
) -> None:
    found = verdict(claim, Found(tuple(rows), "shape"))
    assert (found.to, found.reason) == (to, reason)


def test_missing_means_not_yet_and_malformed_means_a_person() -> None:
    assert verdict(claimed(), Missing()).to is None
    refused = verdict(claimed(), Malformed("VDE02"))
    assert (refused.to, refused.reason) == (R, Reason.QUESTION_REFUSED)


def test_the_compared_facts_are_told_side_by_side() -> None:
    found = verdict(claimed(), Found((row(amount=Decimal("2350.74")),), "shape"))
    assert found.chosen is not None
    assert [fact.as_json() for fact in found.chosen.facts] == [
        {
            "field": "reference",
            "claimed": "000012417728",
            "bank": "417728",
            "equal": True,
        },
        {"field": "currency", "claimed": "VES", "bank": "VES", "equal": True},
        {"field": "date", "claimed": "2026-03-14", "bank": "2026-03-14", "equal": True},
        {"field": "amount", "claimed": "2350.75", "bank": "2350.74", "equal": False},
    ]
