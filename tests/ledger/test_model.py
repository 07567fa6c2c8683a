"""Batches of every kind against a model that a clerk could keep on paper."""

from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count, groupby
from typing import Any, ClassVar, NamedTuple
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

from accounts.models import User
from areamedica.errors import Refusal
from ledger.chart import account_id
from ledger.models import Balance
from ledger.services.holds import expire_holds, hold, post_hold, void_hold
from ledger.services.legs import book_entry, keys_of
from ledger.services.periods import ask_to_reopen, close_month, reopen_month
from ledger.services.posting import Posting, post_batch
from ledger.services.proof import findings
from tests.ledger.books import DAY, FEES, TRANSIT, customer, posting

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
]

_NAMES = ("transit", "fees", "ana", "beto", "dollars", "nobody")
_KEYS = [uuid5(UUID(int=3), str(number)) for number in range(40)]
_NUMBERS = count(1)
# The least and the most that may be on an account.
_LIMITS = {"ana": (0, 10**9), "beto": (-5, 12)}
_SIDE = {"transit": 1, "fees": -1, "ana": -1, "beto": -1, "dollars": 1}
_OCTOBER, _NOW = date(2026, 10, 31), datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_LATER = _NOW + timedelta(hours=1)


class Wanted(NamedTuple):
    """A posting in names and cents; `is_early`: it lies in the month that is closed."""

    debit: str
    credit: str
    amount: int
    is_early: bool
    reverses: UUID | None
    key: UUID
    is_linked: bool = False

    @property
    def content(self) -> tuple[Any, ...]:
        return self[:5]

    def changes(self) -> dict[str, int]:
        """By how much each balance of the two grows."""
        return {
            self.debit: _SIDE[self.debit] * self.amount,
            self.credit: -_SIDE[self.credit] * self.amount,
        }


# Entries begin with each other's legs.
_LEGS = (("ana", 3), ("fees", 1), ("beto", 2), ("nobody", 1))
_PAIRS = st.permutations(_NAMES).map(lambda names: names[:2])
_RARELY = st.sampled_from([False, False, False, True])
_WANTED = st.tuples(
    _PAIRS,
    st.integers(1, 9),
    _RARELY,
    st.sampled_from([*_KEYS[:9], *[None] * 27]),
    st.sampled_from(_KEYS),
    st.booleans(),
).map(lambda given: Wanted(*given[0], *given[1:]))


class Paper:
    """The rules of the books, said a second time."""

    def __init__(self) -> None:
        self.on = dict.fromkeys(_SIDE, 0)
        self.held = dict.fromkeys(_SIDE, 0)
        self.booked: dict[UUID, tuple[Any, ...]] = {}
        self.holds: dict[UUID, Wanted] = {}
        self.ended: dict[UUID, tuple[str, int]] = {}
        self.entries: dict[UUID, list[UUID]] = {}
        self.frozen: set[str] = set()
        self.is_closed = False

    def batch(self, groups: list[list[Wanted]]) -> list[str]:
        self.before = dict(self.booked)
        return [result for group in groups for result in self._group(group)]

    def entry(self, key: UUID, wanted: list[Wanted]) -> str:
        keys = [each.key for each in wanted]
        contents = [(*each.content, "entry") for each in wanted]
        if key in self.entries:
            there = [self.booked[each] for each in self.entries[key]]
            return "already_posted" if there == contents else "key_reused"
        if key in self.booked:
            return "key_reused"
        [result] = set(self.batch([wanted])) - {"linked_failed"}
        if result == "posted":
            self.entries[key] = keys
            self.booked |= zip(keys, contents, strict=True)
        return result

    def _group(self, wanted: list[Wanted]) -> list[str]:
        was = deepcopy((self.on, self.booked))
        results: list[str] = []
        for each in wanted:
            results.append(self._judge(each))
            if results[-1] not in ("posted", "already_posted"):
                break
        else:
            return results
        self.on, self.booked = was
        told = results[-1]
        return [
            told if at == len(results) - 1 else self._known(each) or "linked_failed"
            for at, each in enumerate(wanted)
        ]

    def _known(self, wanted: Wanted) -> str:
        if wanted.key not in self.booked:
            return ""
        same = self.booked[wanted.key] == wanted.content
        return "already_posted" if same else "key_reused"

    def _judge(self, wanted: Wanted) -> str:
        why = self._known(wanted) or self._barred(wanted) or self._not_back(wanted)
        if why:
            return why
        changes = wanted.changes()
        if self._short(changes):
            return "insufficient_funds"
        if self._above(changes):
            return "above_ceiling"
        for name, by in changes.items():
            self.on[name] += by
        self.booked[wanted.key] = wanted.content
        return "posted"

    def _barred(self, wanted: Wanted) -> str:
        names = {wanted.debit, wanted.credit}
        if "nobody" in names:
            return "unknown_account"
        if "dollars" in names:
            return "other_currency"
        if self.frozen & names:
            return "frozen"
        return "period_closed" if wanted.is_early and self.is_closed else ""

    def _not_back(self, wanted: Wanted) -> str:
        if wanted.reverses is None:
            return ""
        debit, credit, amount, _, reverses, *_ = self.before.get(
            wanted.reverses, ("", "", 0, False, None)
        )
        if (debit, credit, reverses) != (wanted.credit, wanted.debit, None):
            return "not_reversible"
        taken = [each for each in self.booked.values() if each[4] == wanted.reverses]
        rest = amount - sum(each[2] for each in taken)
        return "exceeds_original" if wanted.amount > rest else ""

    def _short(self, changes: dict[str, int]) -> bool:
        return any(
            self.on[name] - self.held[name] + changes.get(name, 0) < least
            for name, (least, _) in _LIMITS.items()
        )

    def _above(self, changes: dict[str, int]) -> bool:
        return any(
            self.on[name] + changes.get(name, 0) > most
            for name, (_, most) in _LIMITS.items()
        )

    def hold(self, wanted: Wanted) -> str:
        if wanted.key in self.holds:
            same = self.holds[wanted.key].content == wanted.content
            return "already_posted" if same else "key_reused"
        why = self._barred(wanted)
        if why:
            return why
        shrinks = {name: by for name, by in wanted.changes().items() if by < 0}
        if self._short(shrinks):
            return "insufficient_funds"
        self.holds[wanted.key] = wanted
        self._reserve(wanted, 1)
        return "posted"

    def _reserve(self, wanted: Wanted, sign: int) -> None:
        for name, by in wanted.changes().items():
            if by < 0:
                self.held[name] -= sign * by

    def end(self, key: UUID, how: str, amount: int) -> str:
        if key not in self.holds:
            return "hold_not_found"
        one = self.holds[key]
        if key in self.ended:
            return "posted" if self.ended[key] == (how, amount) else "hold_ended"
        if how == "posted":
            if amount > one.amount:
                return "exceeds_original"
            # On the first open day, if its own was closed meanwhile.
            one = one._replace(is_early=False)
            changes = one._replace(amount=amount).changes()
            if why := self._barred(one) or ("above_ceiling" * self._above(changes)):
                return why
            for name, by in changes.items():
                self.on[name] += by
        self._reserve(one, -1)
        self.ended[key] = (how, amount)
        return "posted"

    def expire(self) -> int:
        open_ones = [key for key in self.holds if key not in self.ended]
        return len([self.end(key, "expired", 0) for key in open_ones])


_CODES = {
    "KEY_REUSED": "key_reused",
    "POSTING_KEY_REUSED": "key_reused",
    "UNKNOWN_ACCOUNT": "unknown_account",
    "CURRENCY_MISMATCH": "other_currency",
    "ACCOUNT_FROZEN": "frozen",
}


class Books(RuleBasedStateMachine):
    berta: ClassVar[User]
    bruno: ClassVar[User]

    def __init__(self) -> None:
        super().__init__()
        self.paper, number = Paper(), next(_NUMBERS)
        self.ids = {
            "transit": TRANSIT,
            "fees": FEES,
            "ana": customer(f"ana {number}"),
            "beto": customer(f"beto {number}", "0.05", "0.12"),
            "dollars": account_id("1110-USD"),
            "nobody": UUID(int=1),
        }
        self.salt = UUID(int=number)
        self.legs: dict[UUID, UUID] = {}
        self.start = {name: self._amounts(name) for name in _SIDE}

    def _amounts(self, name: str) -> tuple[int, int]:
        balance = Balance.objects.get(pk=self.ids[name])
        return balance.amount, balance.held

    def _key(self, key: UUID) -> UUID:
        return self.legs.get(key) or uuid5(self.salt, str(key))

    def _posting(self, wanted: Wanted) -> Posting:
        return posting(
            self.ids[wanted.debit],
            self.ids[wanted.credit],
            f"0.0{wanted.amount}",
            key=self._key(wanted.key),
            effective=_OCTOBER if wanted.is_early else DAY,
            reverses=wanted.reverses and self._key(wanted.reverses),
            is_linked=wanted.is_linked,
        )

    @rule(wanted=st.lists(_WANTED, min_size=1, max_size=12))
    def batch(self, wanted: list[Wanted]) -> None:
        wanted[-1] = wanted[-1]._replace(is_linked=False)
        ends = [0]
        for each in wanted:
            ends.append(ends[-1] + (not each.is_linked))
        pairs = groupby(zip(ends, wanted, strict=False), key=lambda pair: pair[0])
        groups = [[each for _, each in group] for _, group in pairs]
        expected = self.paper.batch(groups)
        assert post_batch([self._posting(each) for each in wanted]) == expected

    @rule(
        key=st.sampled_from(_KEYS[:3]), first=st.integers(0, 1), last=st.integers(1, 4)
    )
    def entry(self, key: UUID, first: int, last: int) -> None:
        parts, name = _LEGS[first : max(last, first + 1)], self._key(key)
        keys = [key, *(uuid5(key, str(place)) for place in range(1, len(parts)))]
        self.legs.update(zip(keys, keys_of(name), strict=False))
        wanted = [
            Wanted("transit", *part, False, None, each, True)
            for part, each in zip(parts, keys, strict=True)
        ]
        total = Decimal(sum(each.amount for each in wanted)) / 100
        given = {
            "debits": [(TRANSIT, total)],
            "credits_": [(self.ids[to], Decimal(part) / 100) for to, part in parts],
            "like": posting(TRANSIT, TRANSIT, key=name),
            "actor": self.berta,
            "is_dated": True,
        }
        expected = self.paper.entry(key, wanted)
        assert expected in _told(lambda: book_entry(**given))

    @rule(nth=st.integers(0, 99), amount=st.integers(1, 9), key=st.integers(0, 9))
    def take_back(self, nth: int, amount: int, key: int) -> None:
        if self.paper.booked:
            of = list(self.paper.booked)[nth % len(self.paper.booked)]
            debit, credit, *_ = self.paper.booked[of]
            name = uuid5(of, str(key))
            self.batch([Wanted(credit, debit, amount, False, of, name)])

    @rule(name=st.sampled_from(["ana", "beto"]), is_frozen=st.booleans())
    def freeze(self, name: str, is_frozen: bool) -> None:
        Balance.objects.filter(pk=self.ids[name]).update(is_frozen=is_frozen)
        (self.paper.frozen.add if is_frozen else self.paper.frozen.discard)(name)

    @rule(wanted=_WANTED)
    def hold(self, wanted: Wanted) -> None:
        wanted = wanted._replace(key=_KEYS[1 + wanted.amount % 4], reverses=None)
        one = self._posting(wanted._replace(is_linked=False))
        given = {"actor": self.berta, "expires_at": _LATER, "now": _NOW}
        told = _told(lambda: hold(posting=one, is_dated=True, **given))
        assert self.paper.hold(wanted) in told

    @rule(nth=st.integers(0, 99), amount=st.integers(1, 9), is_posted=st.booleans())
    def end(self, nth: int, amount: int, is_posted: bool) -> None:
        known = [*self.paper.holds, _KEYS[0]]
        key = known[nth % len(known)]
        given = {"hold": self._key(key), "actor": self.berta, "now": _NOW}
        if is_posted:
            name, part = uuid5(self.salt, f"of {key}"), Decimal(amount) / 100
            told = _told(lambda: post_hold(key=name, amount=part, **given))
            assert self.paper.end(key, "posted", amount) in told
        else:
            told = _told(lambda: void_hold(reason="No vino", **given))
            assert self.paper.end(key, "voided", 0) in told

    @rule()
    def expire(self) -> None:
        assert expire_holds(_LATER) == self.paper.expire()

    @rule()
    def close_or_reopen(self) -> None:
        given = {"month": _OCTOBER, "reason": "Fin de mes"}
        if self.paper.is_closed:
            ask_to_reopen(actor=self.berta, **given)
            reopen_month(actor=self.bruno, **given)
        else:
            close_month(actor=self.berta, now=_NOW, **given)
        self.paper.is_closed = not self.paper.is_closed

    @invariant()
    def balances_agree(self) -> None:
        for name in _SIDE:
            on, held = self._amounts(name)
            was_on, was_held = self.start[name]
            assert on - was_on == self.paper.on[name]
            assert held - was_held == self.paper.held[name]

    def teardown(self) -> None:
        if self.paper.is_closed:
            self.close_or_reopen()
        self.expire()
        assert findings() == []


def _told(act: Any) -> tuple[str, ...]:
    """The outcome in the words of the books; what was done twice is as done once."""
    try:
        act()
    except Refusal as refusal:
        return (_CODES.get(refusal.code, refusal.code.lower()),)
    return ("posted", "already_posted")


@pytest.mark.parametrize(
    ("examples", "steps", "is_the_same"),
    [(40, 20, True), pytest.param(400, 60, False, marks=pytest.mark.soak)],
)
def test_the_books_do_as_the_paper_says(
    person: Any, examples: int, steps: int, is_the_same: bool
) -> None:
    """The same examples every time, but for the long test, which looks for others."""
    Books.berta, Books.bruno = person("b", "bookkeeper"), person("c", "bookkeeper")
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=is_the_same,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
