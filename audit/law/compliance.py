"""What the sealed journal says about a period, for who must answer for it (FTX-7).

Only bytes that were sealed are read, and they are verified first: against the leaves,
the tree and the signed heads from the period's first record to the journal's end.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Min

from areamedica.clock import end_of, start_of
from audit.actions import Action
from audit.canonical import amount_in, facts_of
from audit.law import cards
from audit.law.cards import Suspect
from audit.models import Cosignature, Leaf, Record
from audit.seal import keys
from audit.seal.notes import opened
from audit.seal.publishing import newest
from audit.seal.verification import verify

KIND = "areamedica/compliance-report/1"
_AT_ONCE = 2_000
_FAILED = (
    Action.SIGN_IN_FAILED,
    Action.SECOND_STEP_FAILED,
    Action.ACCESS_REFUSED,
    Action.TOKEN_REUSED,
)
_RIGHTS = (
    Action.PERMISSION_GRANTED,
    Action.PERMISSION_REVOKED,
    Action.ROLE_CHANGED,
    Action.ROLE_EDITED,
    Action.USER_CREATED,
    Action.USER_DEACTIVATED,
    Action.CLIENT_REGISTERED,
    Action.KEY_ISSUED,
    Action.KEY_REVOKED,
)
_CONFIGURATION = (
    Action.CLIENT_CHANGED,
    Action.CLIENT_CLOSED,
    Action.KEY_ROTATED,
    Action.CIRCUIT_CLOSED,
    Action.ACCOUNT_FROZEN,
    Action.ACCOUNT_RELEASED,
    Action.RETENTION_PRUNED,
)
# PCI DSS 10.5.1: twelve months of log, three at hand; ours are all at hand.
_LOG_KEPT = timedelta(days=365)


@dataclass(frozen=True)
class Said:
    """A sealed record, as its bytes say it."""

    at: datetime
    action: str
    actor: str
    subject: str
    facts: dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """What a person decided about somebody else's claim."""

    at: datetime
    transaction: str
    decision: str
    decided_by: str
    recorded_by: str
    first_approver: str
    violations: list[str]


@dataclass(frozen=True)
class Change:
    """Rights or configuration, as the journal names it."""

    at: datetime
    action: str
    actor: str
    subject: str


@dataclass(frozen=True)
class Erasure:
    """A request to forget somebody; `hours` until it was done, None while it is not."""

    asked_at: datetime
    request: str
    hours: float | None


@dataclass
class Report:
    """Amounts of what happened from `first` to `last`, Caracas days, both included."""

    first: date
    last: date
    country: str
    size: int
    tree_root: str
    key: str
    witnessed_at: datetime | None
    findings: list[str]
    records: int = 0
    actions: dict[str, int] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    rights: list[Change] = field(default_factory=list)
    configuration: list[Change] = field(default_factory=list)
    failed_access: dict[str, int] = field(default_factory=dict)
    card_suspects: list[Suspect] = field(default_factory=list)
    oldest_record: datetime | None = None
    log_is_kept_a_year: bool = True
    erasures: list[Erasure] = field(default_factory=list)
    handed_out: int = 0

    @property
    def violations(self) -> list[Decision]:
        return [each for each in self.decisions if each.violations]

    @property
    def is_clean(self) -> bool:
        """Whether nothing in it needs a person's answer."""
        return not (self.findings or self.violations or self.card_suspects)

    def as_dict(self) -> dict[str, Any]:
        return {"kind": KIND, "is_clean": self.is_clean, **asdict(self)}


def report(*, first: date, last: date) -> Report:
    """Read the period. :raises NotSealed: nothing is sealed yet."""
    head = opened(newest().note, keys.verifiers())
    wanted = Record.objects.filter(at__gte=start_of(first), at__lt=end_of(last))
    leaves = Leaf.objects.filter(record_id__in=wanted.values("pk"))
    begin = leaves.aggregate(begin=Min("number"))["begin"] or 0
    made = Report(
        first=first,
        last=last,
        country=settings.DATA_RESIDENCY,
        size=head.size,
        tree_root=head.root.hex(),
        key=str(keys.signer().verifier),
        witnessed_at=_witnessed_at(head.size),
        findings=[str(finding) for finding in verify(since=begin).findings],
        card_suspects=cards.suspects(),
        oldest_record=Record.objects.aggregate(at=Min("at"))["at"],
    )
    _tell(made, _read(leaves.order_by("number").values_list("number", flat=True)))
    return made


def _witnessed_at(size: int) -> datetime | None:
    """When somebody outside first saw a journal of this size, by his own clock."""
    seen = Cosignature.objects.by_witnesses().filter(size=size).order_by("seen_at")
    return seen.values_list("seen_at", flat=True).first()


def _tell(made: Report, told: Iterable[Said]) -> None:
    actions: Counter[str] = Counter()
    decided: list[str] = []
    for said in told:
        actions[said.action] += 1
        if _is_decision(said):
            decided.append(said.subject)
        if said.action in _RIGHTS:
            made.rights.append(_change(said))
        if said.action in _CONFIGURATION:
            made.configuration.append(_change(said))
        if said.action == Action.ERASURE_ASKED:
            made.erasures.append(_erasure(said))
    made.records, made.actions = actions.total(), dict(sorted(actions.items()))
    made.failed_access = {name: actions[name] for name in map(str, _FAILED)}
    made.handed_out = actions[Action.SUBJECT_EXPORTED]
    made.decisions = list(_decisions(dict.fromkeys(decided), made))
    made.log_is_kept_a_year = _reaches_back(made)


def _reaches_back(made: Report) -> bool:
    """Whether a year of log is there, or all of a younger journal."""
    pruned = made.actions.get(Action.RETENTION_PRUNED, 0)
    oldest = made.oldest_record
    is_old = oldest is not None and oldest <= start_of(made.last) - _LOG_KEPT
    return is_old or not pruned


def _read(numbers: Iterable[int]) -> Iterator[Said]:
    wanted = list(numbers)
    for start in range(0, len(wanted), _AT_ONCE):
        leaves = Leaf.objects.filter(number__in=wanted[start : start + _AT_ONCE])
        entries = leaves.order_by("number").values_list("entry", flat=True)
        # What was pruned says nothing any more; a report of that time was made then.
        yield from (_said(bytes(entry)) for entry in entries if entry)


def _said(entry: bytes) -> Said:
    told = json.loads(entry)
    return Said(
        at=datetime.fromisoformat(told["at"]),
        action=told["action"],
        actor=told["actor"] or "",
        subject=told["subject"],
        facts=facts_of(told["facts"]),
    )


def _about(kind: str, subject: str) -> list[Said]:
    """All that is sealed about one subject, in order."""
    records = Record.objects.filter(subject_type=kind, subject_id=subject)
    leaves = Leaf.objects.filter(record_id__in=records.values("pk"))
    return list(_read(leaves.order_by("number").values_list("number", flat=True)))


def _is_decision(said: Said) -> bool:
    """The words of the transactions' states, as they were sealed."""
    is_step = said.action == Action.TRANSACTION_MOVED
    return is_step and str(said.facts.get("reason")) in {"APPROVED", "REJECTED"}


def _decisions(subjects: Iterable[str], made: Report) -> Iterator[Decision]:
    begin, end = start_of(made.first), end_of(made.last)
    for subject in subjects:
        story = _about("transaction", subject)
        for place, said in enumerate(story):
            if _is_decision(said) and begin <= said.at < end:
                yield _judged(said, story[:place])


def _judged(said: Said, before: Sequence[Said]) -> Decision:
    recorded = [each for each in before if each.action == Action.TRANSACTION_RECORDED]
    corrected = {each.actor for each in before if each.facts.get("corrected")}
    firsts = _first_approvals(before)
    broken = []
    if said.actor in {each.actor for each in recorded} | corrected:
        broken.append("own_claim")
    is_approval = said.facts["reason"] == "APPROVED"
    if is_approval and said.actor in firsts:
        broken.append("both_approvals")
    if is_approval and not firsts and _is_large([*recorded, said]):
        broken.append("second_person_missing")
    return Decision(
        at=said.at,
        transaction=said.subject,
        decision=said.facts["reason"],
        decided_by=said.actor,
        recorded_by=recorded[0].actor if recorded else "",
        first_approver=firsts[-1] if firsts else "",
        violations=broken,
    )


def _first_approvals(before: Sequence[Said]) -> list[str]:
    """Who approved first since the claim was last opened again."""
    found: list[str] = []
    for each in before:
        if each.action == Action.FIRST_APPROVAL:
            found.append(each.actor)
        elif each.facts.get("became") == "IN_PROGRESS":
            found = []
    return found


def _is_large(story: Sequence[Said]) -> bool:
    """Above today's limit, by what was claimed or, where journaled, confirmed."""
    limit: Decimal | None = settings.REVIEW_SECOND_PERSON_ABOVE
    amounts = [amount_in(each.facts) for each in story]
    return limit is not None and any(
        amount is not None and amount > limit for amount in amounts
    )


def _change(said: Said) -> Change:
    return Change(said.at, said.action, said.actor, said.subject)


def _erasure(asked: Said) -> Erasure:
    later = _about("erasure", asked.subject)
    done = [each.at for each in later if each.action == Action.SUBJECT_ERASED]
    hours = (done[0] - asked.at).total_seconds() / 3600 if done else None
    return Erasure(asked.at, asked.subject, None if hours is None else round(hours, 2))
