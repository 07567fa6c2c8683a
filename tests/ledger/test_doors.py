"""The functions that write the books, called as the application never calls them.

An intruder with its password may call them with anything.
"""

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import Error, connection
from django.db.transaction import atomic

from ledger.chart import account_id
from ledger.models import Balance, Transfer
from ledger.services.posting import Outcome
from ledger.services.proof import findings
from tests.ledger.books import FEES, TRANSIT, amount_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("books_alone"),
]

ACCOUNTS = sorted([TRANSIT, FEES])
DOLLARS = sorted([TRANSIT, account_id("1110-USD")])
# As the application calls them: one bolívar from the one to the other.
RIGHT: dict[str, Any] = {
    "accounts": ACCOUNTS,
    "keys": None,
    "debits": [ACCOUNTS.index(TRANSIT) + 1],
    "credits": [ACCOUNTS.index(FEES) + 1],
    "amounts": [100],
    "subjects": [1],
    "currencies": ["VES"],
    "codes": ["test"],
    "effectives": ["2026-11-20"],
    "cause_types": ["test"],
    "cause_ids": ["1"],
    "metadatas": ["{}"],
}
ODD: dict[str, dict[str, Any]] = {
    "a subject that is nowhere": {"subjects": [7]},
    "the subject before the first": {"subjects": [0]},
    "no subject": {"subjects": [None]},
    "fewer subjects than transfers": {"subjects": []},
    "a subject without an end": {"codes": []},
    "no currency": {"currencies": [None], "accounts": DOLLARS},
    "no currency beside one": {
        "currencies": ["VES", None],
        "subjects": [2],
        "accounts": DOLLARS,
        **{name: RIGHT[name] * 2 for name in ("codes", "effectives", "cause_types")},
        **{name: RIGHT[name] * 2 for name in ("cause_ids", "metadatas")},
    },
    "an account that is nowhere": {"credits": [3]},
    "the account before the first": {"debits": [0]},
    "no account": {"debits": [None]},
    "one account": {"credits": RIGHT["debits"]},
    "less than nothing": {"amounts": [-100]},
    "nothing": {"amounts": [0]},
    "no amount": {"amounts": [None]},
    "an amount without a transfer": {"amounts": [100, 100], "debits": [1, 2]},
    "no key": {"keys": [None]},
    "an account twice": {"accounts": [ACCOUNTS[0], *ACCOUNTS]},
    "accounts in no order": {"accounts": ACCOUNTS[::-1]},
    "more accounts than there are": {"accounts": [*ACCOUNTS, UUID(int=2**128 - 1)]},
    "no account of another kind": {"accounts": [*ACCOUNTS, None]},
    "a million behind the one that is judged": {"amounts": "[0:1]={100000000,100}"},
    "a day behind the one that is judged": {
        "effectives": "[0:1]={2020-01-01,2026-11-20}"
    },
    "another account behind the one that is judged": {
        "accounts": "[0:2]={{{},{},{}}}".format(DOLLARS[0], *ACCOUNTS)
    },
}
# What the judge alone takes; none of it need be given.
JUDGED: dict[str, Any] = {"twins": [0], "linked": [False], "reverses": [uuid4()]}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "ledger_book_all": ("", {}),
    "ledger_post": (
        ", %s::int[], %s::boolean[], %s::uuid[]",
        dict.fromkeys(JUDGED, "{}"),
    ),
}
CALL = """
SELECT {}(%s::uuid[], %s::uuid[], %s::int[], %s::int[], %s::bigint[], %s::int[],
          %s::text[], %s::text[], %s::date[], %s::text[], %s::text[], %s::jsonb[]{})
"""


COMMENTED = r"""
SELECT proargnames, prosrc,
       regexp_replace(obj_description(oid, 'pg_proc'), '\s+', ' ', 'g')
  FROM pg_proc WHERE proname = %s
"""
RESULT = re.compile(r"(?:RETURN|:=|THEN|ELSE) '([a-z_]+)'")


def _commented(function: str) -> tuple[list[str], str, str]:
    """Its parameters, its text, and what is said of it."""
    with connection.cursor() as cursor:
        cursor.execute(COMMENTED, [function])
        [row] = cursor.fetchall()
    return row


def _call(door: str, given: dict[str, Any]) -> Any:
    types, more = CALLS[door]
    asked = {**RIGHT, "keys": [uuid4()], **more, **given}
    with connection.cursor() as cursor:
        cursor.execute(CALL.format(door, types), [*asked.values()])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("door", CALLS)
def test_what_is_right_is_booked(door: str) -> None:
    assert _call(door, {})
    assert (amount_of(TRANSIT), amount_of(FEES)) == (100, 100)


@pytest.mark.parametrize("door", CALLS)
@pytest.mark.parametrize("given", ODD.values(), ids=ODD)
def test_what_is_odd_moves_no_balance_without_a_transfer(
    door: str, given: dict[str, Any]
) -> None:
    try:
        with atomic():
            _call(door, given)
    except Error:
        pass
    moved = set(Balance.objects.exclude(seq=0).values_list("pk", flat=True))
    legs = Transfer.objects.values_list("debit_id", "credit_id")
    assert moved == {account for leg in legs for account in leg}
    of_two = Balance.objects.filter(pk__in=moved).values("currency").distinct()
    assert of_two.count() <= 1
    assert findings() == []


@pytest.mark.parametrize(
    "function",
    ["ledger_judge", "ledger_book_one", "ledger_reserve", "ledger_end_hold"],
)
def test_a_function_says_what_it_takes_and_tells(function: str) -> None:
    parameters, text, said = _commented(function)
    words = set(re.findall(r"\w+", said))
    assert {*parameters} - words == set()
    assert {*RESULT.findall(text)} - words == set()


def test_the_others_say_that_they_take_the_same() -> None:
    parameters, _, _ = _commented("ledger_judge")
    for function, same in (("ledger_post", 15), ("ledger_book_all", 12)):
        its_own, _, said = _commented(function)
        assert its_own == parameters[:same]
        assert "those of ledger_judge" in said


def test_results_are_told_in_their_order() -> None:
    """By `ledger_judge`, but for what `posting` alone can tell from frozen."""
    _, text, said = _commented("ledger_judge")
    told = [each for each in Outcome if each is not Outcome.CLOSED]
    assert {*RESULT.findall(text)} == {*told}
    _, results = said.split("Results", 1)
    places = [results.index(each) for each in told if each is not Outcome.POSTED]
    assert places == sorted(places)


def _written(values: list[Any]) -> str:
    return "{" + ",".join(f'"{each}"' for each in values) + "}"


# PostgreSQL's arrays begin where they like and have what dimensions they like.
SHAPES: dict[str, Callable[[list[Any]], str]] = {
    "before the first": lambda right: f"[0:{len(right)}]={_written(right[:1] + right)}",
    "after the first": lambda right: f"[2:{len(right) + 1}]={_written(right)}",
    "in two dimensions": lambda right: f"{{{_written(right)}}}",
    "longer": lambda right: _written([*right, right[-1]]),
    "none": lambda _: "{}",
}


def _misshapen() -> Iterator[tuple[str, str, str]]:
    """Door, array and shape. Accounts have a length of their own; what the judge alone
    takes need not be given."""
    for door, shape in product(CALLS, SHAPES):
        yield from ((door, name, shape) for name in RIGHT)
        if door == "ledger_post":
            yield from ((door, name, shape) for name in JUDGED if shape != "none")


@pytest.mark.parametrize(
    ("door", "name", "shape"),
    [each for each in _misshapen() if each[1:] != ("accounts", "longer")],
)
def test_arrays_of_another_shape_are_refused(door: str, name: str, shape: str) -> None:
    right = {**RIGHT, **JUDGED}[name] or [uuid4()]
    with pytest.raises(Error, match="Each transfer is about something"), atomic():
        _call(door, {name: SHAPES[shape](right)})
    assert not Transfer.objects.exists()
