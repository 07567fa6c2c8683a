"""The verdict: a pure comparison of what is claimed with what the bank's books say.

The bank does not compare the amount; we do, to the cent (product.md, rules 1 and 2).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from banking.gateways.base import Answer, Direction, Found, Malformed, Missing, Movement
from banking.references import same_reference
from transactions.states import Reason, State


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What the verdict compares; `amount` and `day` are None when not stated."""

    reference: str
    currency: str
    amount: Decimal | None
    day: date | None


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One compared field; `equal` is None when the claim states nothing."""

    field: str
    claimed: str | None
    bank: str
    equal: bool | None

    def as_json(self) -> dict[str, object]:
        return {
            "field": self.field,
            "claimed": self.claimed,
            "bank": self.bank,
            "equal": self.equal,
        }


@dataclass(frozen=True)
class Candidate:
    """A credit of the bank beside what each field of it says about the claim."""

    movement: Movement
    facts: tuple[Fact, ...]

    @property
    def fits(self) -> bool:
        return all(fact.equal is not False for fact in self.facts)

    @property
    def differences(self) -> list[str]:
        return [fact.field for fact in self.facts if fact.equal is False]


@dataclass(frozen=True)
class Verdict:
    """The state to go to (None: stay and ask again), why, and the bank's credits.

    `chosen` is the one credit that pays, or the one a reviewer should look at first.
    """

    to: State | None
    reason: Reason
    candidates: tuple[Candidate, ...] = ()
    chosen: Candidate | None = None


def compare(claimed: Claimed, movement: Movement) -> Candidate:
    """Hold one movement of the bank against the claim, field by field."""
    facts = (
        Fact(
            field="reference",
            claimed=claimed.reference,
            bank=movement.reference,
            equal=same_reference(claimed.reference, movement.reference),
        ),
        Fact(
            field="currency",
            claimed=claimed.currency,
            bank=movement.currency,
            equal=claimed.currency == movement.currency,
        ),
        Fact(
            field="date",
            claimed=claimed.day.isoformat() if claimed.day else None,
            bank=movement.day.isoformat(),
            equal=None if claimed.day is None else claimed.day == movement.day,
        ),
        Fact(
            field="amount",
            claimed=None if claimed.amount is None else f"{claimed.amount:.2f}",
            bank=f"{movement.amount:.2f}",
            equal=None if claimed.amount is None else claimed.amount == movement.amount,
        ),
    )
    return Candidate(movement, facts)


_REASON_OF_DIFFERENCE = {
    "currency": Reason.CURRENCY_DIFFERS,
    "date": Reason.DATE_DIFFERS,
    "amount": Reason.AMOUNT_DIFFERS,
}


def _of_credits(claimed: Claimed, movements: tuple[Movement, ...]) -> Verdict:
    credits_ = tuple(
        candidate
        for movement in movements
        if movement.direction is Direction.CREDIT
        for candidate in [compare(claimed, movement)]
        if "reference" not in candidate.differences
    )
    if not credits_:
        return Verdict(None, Reason.NOT_SEEN_YET)
    fitting = [candidate for candidate in credits_ if candidate.fits]
    if len(fitting) == 1:
        return Verdict(State.COMPLETED, Reason.MATCHED, credits_, fitting[0])
    if fitting:
        return Verdict(State.TO_REVIEW, Reason.SEVERAL_CREDITS, credits_, fitting[0])
    nearest = min(credits_, key=lambda candidate: len(candidate.differences))
    reason = _REASON_OF_DIFFERENCE[nearest.differences[0]]
    return Verdict(State.TO_REVIEW, reason, credits_, nearest)


def verdict(claimed: Claimed, answer: Answer) -> Verdict:
    """What the bank's answer means for the claim. Pure; tested as a table."""
    match answer:
        case Found(movements=movements):
            return _of_credits(claimed, movements)
        case Missing():
            return Verdict(None, Reason.NOT_SEEN_YET)
        case Malformed():
            return Verdict(State.TO_REVIEW, Reason.QUESTION_REFUSED)
