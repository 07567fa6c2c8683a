"""A minute in which everything breaks, and what is left of the promises afterwards.

`make soak`. The clinic records about five claims a second while workers, beat, web,
Redis, PostgreSQL and the bank are killed, frozen, wiped and healed at random. Then all
is healed, and with nothing but real waiting every claim must come to its end.
"""

import json
import random
import time
from collections import Counter
from typing import Any

import pytest

from tests.bank import Bank
from tests.storms import books
from tests.storms.nemesis import Nemesis
from tests.storms.tills import Promised, Tills
from tests.storms.whole_house import WholeHouse

pytestmark = [pytest.mark.soak]

STORM_SECONDS = 60
PATIENCE_SECONDS = 420


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_storm_loses_doubles_and_forgets_nothing(
    bank: Bank, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with WholeHouse.built(bank, workers=2) as house:
        figures = _weather(house, seed)
    with capsys.disabled():
        print("\n" + json.dumps(figures, ensure_ascii=False))  # noqa: T201
    assert figures["accepted"] > 100
    for promise in _NEVER:
        assert figures[promise] in (0, {}), promise


_NEVER = (
    "not acknowledged",
    "refused",
    "lost",
    "answered with two ids",
    "wrong in the books",
    "asked thrice a minute",
    "stuck",
)


def _weather(house: WholeHouse, seed: int) -> dict[str, Any]:
    house.bank.set(latency_ms=50)
    tills = Tills(house, number=6, pace=0.9, dice=random.Random(seed + 1000))
    nemesis = Nemesis(house, random.Random(seed))
    tills.open()
    nemesis.rage(STORM_SECONDS)
    house.heal()
    healed = time.monotonic()
    tills.close()
    stuck = _converge(house, tills.acknowledged)
    return {
        "seed": seed,
        "accepted": len(tills.acknowledged),
        "not acknowledged": len(tills.promised) - len(tills.acknowledged),
        "refused": sum(each.is_refused for each in tills.promised),
        "tries": sum(each.tries for each in tills.promised),
        "faults": sum(nemesis.done.values()),
        "kinds": dict(sorted(nemesis.done.items())),
        "lost": len(_lost(house, tills.acknowledged)),
        "answered with two ids": sum(len(e.answers) > 1 for e in tills.promised),
        "wrong in the books": {what: len(rows) for what, rows in house.books().items()},
        "asked thrice a minute": len(books.rushed(house.ask)),
        "most questions at once": house.bank.most_at_once,
        "stuck": len(stuck),
        "converged after": round(time.monotonic() - healed, 1),
        "states": books.states(house.ask),
    }


def _states(house: WholeHouse) -> dict[str, str]:
    rows = house.ask("SELECT id::text, status FROM transactions_transaction")
    return dict(rows)


def _lost(house: WholeHouse, promised: list[Promised]) -> list[str]:
    there = _states(house)
    return [pk for each in promised for pk in each.answers if pk not in there]


def _converge(house: WholeHouse, promised: list[Promised]) -> Counter[tuple[Any, ...]]:
    """Wait until every claim has the end its money deserves; gives what has not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        there = _states(house)
        open_ones = Counter(
            (there.get(pk), each.outcome)
            for each in promised
            for pk in each.answers
            if there.get(pk) != each.outcome
        )
        if not open_ones or time.monotonic() > deadline:
            return open_ones
        time.sleep(0.5)
