"""Batches of every kind against a model that a clerk could keep on paper."""

from itertools import count, groupby
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from ledger.chart import account_id
from ledger.models import Balance
from ledger.services.posting import Posting, post_batch
from ledger.services.proof import findings
from tests.ledger.books import FEES, TRANSIT, customer, posting

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

_NAMES = ("transit", "fees", "ana", "beto", "dollars", "nobody")
_KEYS = [uuid5(UUID(int=3), str(number)) for number in range(60)]
_NUMBERS = count(1)
_SIDE = {"transit": 1, "fees": -1, "ana": -1, "beto": -1, "dollars": 1}
_WANTED = st.tuples(
    st.sampled_from(_NAMES),
    st.sampled_from(_NAMES),
    st.integers(1, 9),
    st.sampled_from(_KEYS),
    st.booleans(),
).filter(lambda wanted: wanted[0] != wanted[1])


class Paper:
    """The rules of the books, said a second time."""

    def __init__(self) -> None:
        self.on = dict.fromkeys(_SIDE, 0)
        self.booked: dict[UUID, tuple[str, str, int]] = {}
        self.frozen: set[str] = set()

    def judge(self, debit: str, credit: str, amount: int, key: UUID) -> str:
        if key in self.booked:
            same = self.booked[key] == (debit, credit, amount)
            return "already_posted" if same else "key_reused"
        if "nobody" in (debit, credit):
            return "unknown_account"
        if "dollars" in (debit, credit):
            return "other_currency"
        if self.frozen & {debit, credit}:
            return "frozen"
        after = {
            debit: self.on[debit] + _SIDE[debit] * amount,
            credit: self.on[credit] - _SIDE[credit] * amount,
        }
        if any(after.get(name, 0) < 0 for name in ("ana", "beto")):
            return "insufficient_funds"
        self.on.update(after)
        self.booked[key] = (debit, credit, amount)
        return "posted"

    def group(self, wanted: list[tuple[Any, ...]]) -> list[str]:
        before = (dict(self.on), dict(self.booked))
        results: list[str] = []
        for *content, key, _ in wanted:
            results.append(self.judge(*content, key))
            if results[-1] not in ("posted", "already_posted"):
                break
        else:
            return results
        self.on, self.booked = before
        told = results[-1]
        return [
            told if at == len(results) - 1 else self._beside(each)
            for at, each in enumerate(wanted)
        ]

    def _beside(self, wanted: tuple[Any, ...]) -> str:
        *content, key, _ = wanted
        if key not in self.booked:
            return "linked_failed"
        same = self.booked[key] == tuple(content)
        return "already_posted" if same else "key_reused"


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.paper, number = Paper(), next(_NUMBERS)
        self.ids = {
            "transit": TRANSIT,
            "fees": FEES,
            "ana": customer(f"ana {number}"),
            "beto": customer(f"beto {number}"),
            "dollars": account_id("1110-USD"),
            "nobody": UUID(int=1),
        }
        self.salt = UUID(int=number)
        self.start = {name: self._amount(name) for name in _SIDE}

    def _amount(self, name: str) -> int:
        return Balance.objects.get(pk=self.ids[name]).amount

    def _posting(self, wanted: tuple[Any, ...]) -> Posting:
        debit, credit, amount, key, is_linked = wanted
        return posting(
            self.ids[debit],
            self.ids[credit],
            f"0.0{amount}",
            key=uuid5(self.salt, str(key)),
            is_linked=is_linked,
        )

    @rule(wanted=st.lists(_WANTED, min_size=1, max_size=12))
    def batch(self, wanted: list[tuple[Any, ...]]) -> None:
        wanted[-1] = (*wanted[-1][:4], False)
        ends = [0]
        for each in wanted:
            ends.append(ends[-1] + (not each[4]))
        groups = groupby(zip(ends, wanted, strict=False), key=lambda pair: pair[0])
        expected = [
            result
            for _, group in groups
            for result in self.paper.group([each for _, each in group])
        ]
        assert post_batch([self._posting(each) for each in wanted]) == expected

    @rule(name=st.sampled_from(["ana", "beto"]), is_frozen=st.booleans())
    def freeze(self, name: str, is_frozen: bool) -> None:
        Balance.objects.filter(pk=self.ids[name]).update(is_frozen=is_frozen)
        (self.paper.frozen.add if is_frozen else self.paper.frozen.discard)(name)

    @invariant()
    def balances_agree(self) -> None:
        now = {name: self._amount(name) - self.start[name] for name in _SIDE}
        assert now == self.paper.on

    def teardown(self) -> None:
        assert findings() == []


def test_the_books_do_as_the_paper_says() -> None:
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=100,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
