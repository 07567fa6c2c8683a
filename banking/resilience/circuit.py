"""Whether a bank is asked at all: closed, open, or being probed.

The state is one row per bank, shared by all processes through PostgreSQL: Redis may be
lost, and pybreaker holds its lock during the call. This module is its one writer.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog
from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import SYSTEM_ID
from audit.actions import Action
from audit.services import record
from banking.gateways.base import BankUnavailable, Trouble
from banking.models import Circuit
from banking.reading import BankModality, Reading

FAILURES_TO_OPEN = 5
FIRST_PAUSE_SECONDS = 15
LONGEST_PAUSE_SECONDS = 120
PROBE_LEASE = timedelta(seconds=60)
"""Longer than any round (40 s); a dead prober's place is free again after it."""
PROBE_PATIENCE = timedelta(seconds=5)
"""When to look again while another process probes: most probes end by then."""

PAUSES = {
    Trouble.MAINTENANCE: timedelta(minutes=5),
    Trouble.RATE_LIMITED: timedelta(seconds=60),
    Trouble.CREDENTIALS: timedelta(seconds=60),
    Trouble.MISCONFIGURED: timedelta(seconds=60),
}
"""Troubles that open the circuit at once; asking on would be vain or rude."""

_CLOSED = {
    "failures": 0,
    "openings": 0,
    "opened_at": None,
    "retry_at": None,
    "reason": "",
    "prober": None,
    "probing_until": None,
}

logger = structlog.get_logger(__name__)


class State(StrEnum):
    """OPEN: nobody asks. HALF_OPEN: one asks for all, and its answer decides."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The circuit at `now`, on the database's clock."""

    now: datetime
    retry_at: datetime | None = None
    reason: Trouble | None = None

    @property
    def state(self) -> State:
        if self.retry_at is None:
            return State.CLOSED
        return State.OPEN if self.retry_at > self.now else State.HALF_OPEN


@dataclass
class Permit:
    """The right to ask `bank`; while `probe` is set, the answer decides for all.

    `failures` stood in the row when it was given, `proven` is the shape that last
    matched, `now` the database's clock.
    """

    bank: str
    failures: int
    proven: str
    now: datetime
    probe: uuid.UUID | None = None


def admit(*, bank: str, modality: BankModality) -> Permit:
    """Permit a round of questions; reads one row, and writes it only to probe.

    :raises BankUnavailable: CIRCUIT_OPEN, until `retry_at`.
    """
    permit, retry_at = _read(bank, modality)
    if retry_at is None:
        return permit
    if retry_at > permit.now:
        raise BankUnavailable(Trouble.CIRCUIT_OPEN, retry_at=retry_at)
    permit.probe = _take_probe(bank)
    if permit.probe is None:
        retry_at = permit.now + PROBE_PATIENCE
        raise BankUnavailable(Trouble.CIRCUIT_OPEN, retry_at=retry_at)
    return permit


def look(bank: str) -> Seen:
    """Read how the circuit stands; a bank never asked yet is closed."""
    seen = Circuit.objects.filter(bank=bank).now().first()
    if seen is None:
        return Seen(now=timezone.now())
    reason = Trouble(seen.reason) if seen.reason else None
    return Seen(now=seen.now, retry_at=seen.retry_at, reason=reason)


def look_again(permit: Permit) -> None:
    """Refuse if the circuit opened while its holder waited for a turn.

    :raises BankUnavailable: CIRCUIT_OPEN.
    """
    seen = look(permit.bank)
    if permit.probe is None and seen.state is not State.CLOSED:
        raise BankUnavailable(Trouble.CIRCUIT_OPEN, retry_at=seen.retry_at)


def _read(bank: str, modality: BankModality) -> tuple[Permit, datetime | None]:
    """Read the bank's one row, made when the bank is first asked."""
    row = Circuit.objects.read(bank=bank, modality=modality)
    if row is None:
        Circuit.objects.bulk_create([Circuit(bank=bank)], ignore_conflicts=True)
        return _read(bank, modality)
    failures, retry_at, now, proven = row
    return Permit(bank, failures, proven or "", now), retry_at


def _take_probe(bank: str) -> uuid.UUID | None:
    """Lease the one probe; None when another process holds it."""
    probe = uuid.uuid4()
    due = Circuit.objects.filter(bank=bank, retry_at__lte=Now())
    free = due.filter(Q(probing_until=None) | Q(probing_until__lte=Now()))
    taken = free.update(prober=probe, probing_until=Now() + PROBE_LEASE)
    return probe if taken else None


def note_answer(permit: Permit) -> None:
    """The bank answered: a probe closes the circuit, others forget the failures.

    Only a probe closes it: a slow answer from before must not end a pause.
    """
    if permit.probe:
        _recover(permit.bank, permit.probe)
    elif permit.failures:
        closed = Circuit.objects.filter(bank=permit.bank, retry_at=None)
        closed.update(failures=0)
    permit.probe, permit.failures = None, 0


@atomic
def _recover(bank: str, prober: uuid.UUID) -> None:
    if Circuit.objects.filter(bank=bank, prober=prober).update(**_CLOSED):
        record(Action.BANK_BACK, actor_id=SYSTEM_ID, subject=("bank", bank))
        logger.info("bank.circuit_closed", bank=bank)


def close(*, bank: str) -> None:
    """Close the circuit by hand; the caller journals who did."""
    if Circuit.objects.filter(bank=bank).update(**_CLOSED):
        logger.info("bank.circuit_closed", bank=bank)


def note_failure(permit: Permit, reading: Reading) -> datetime | None:
    """Write a failure down. Gives until when the circuit is open now, if it is."""
    if not reading.fair:
        return None
    with atomic():
        circuit, now = _lock(permit.bank)
        was = circuit.reason
        is_probe = permit.probe is not None and circuit.prober == permit.probe
        if circuit.retry_at is None or is_probe:
            _count(circuit, reading, now, is_probe=is_probe)
        elif reading.trouble in PAUSES:
            _prolong(circuit, reading, now)
        circuit.save()
        if circuit.reason != was:
            _tell(circuit)
    permit.probe = None
    return circuit.retry_at


def _tell(circuit: Circuit) -> None:
    """Journal that the bank is not asked now, and why: once for each reason."""
    record(
        Action.CIRCUIT_OPENED,
        actor_id=SYSTEM_ID,
        subject=("bank", circuit.bank),
        facts={"trouble": circuit.reason},
    )


def let_go(permit: Permit) -> None:
    """Give a probe back that never reached the bank, or learnt nothing."""
    if permit.probe:
        mine = Circuit.objects.filter(bank=permit.bank, prober=permit.probe)
        mine.update(prober=None, probing_until=None)
        permit.probe = None


def _lock(bank: str) -> tuple[Circuit, datetime]:
    circuit = Circuit.objects.select_for_update().now().get(bank=bank)
    return circuit, circuit.now


def _count(
    circuit: Circuit, reading: Reading, now: datetime, *, is_probe: bool
) -> None:
    circuit.failures += 1
    at_once = reading.trouble in PAUSES or is_probe
    if not at_once and circuit.failures < FAILURES_TO_OPEN:
        return
    circuit.retry_at = now + _pause(circuit, reading)
    circuit.opened_at = now
    circuit.reason = reading.trouble
    circuit.openings += 1
    circuit.prober = circuit.probing_until = None
    # A wrong address or refused credentials need a person, not patience.
    needs_person = reading.trouble in {Trouble.MISCONFIGURED, Trouble.CREDENTIALS}
    log = logger.error if needs_person else logger.warning
    log("bank.circuit_opened", bank=circuit.bank, reason=circuit.reason)


def _prolong(circuit: Circuit, reading: Reading, now: datetime) -> None:
    """A late answer of those under way may ask for a longer pause, never a shorter."""
    until = now + _pause(circuit, reading)
    if circuit.retry_at and until > circuit.retry_at:
        circuit.retry_at, circuit.reason = until, reading.trouble


def _pause(circuit: Circuit, reading: Reading) -> timedelta:
    if reading.retry_after:
        return reading.retry_after
    if reading.trouble in PAUSES:
        return PAUSES[reading.trouble]
    grown = FIRST_PAUSE_SECONDS * 2 ** min(circuit.openings, 10)
    return timedelta(seconds=min(grown, LONGEST_PAUSE_SECONDS))
