"""What other rooms may ask of this one."""

from dataclasses import dataclass
from datetime import datetime

from django.db.transaction import atomic

from accounts.models import User
from areamedica.database import outside_transaction
from areamedica.errors import Forbidden
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from banking import configuration
from banking.evidence import trace
from banking.gateways.base import Answer, BankUnavailable, Patience, Question, Trouble
from banking.maintenance import pause_ends
from banking.models import AskBudget, BankQuestion
from banking.registry import gateway
from banking.resilience import circuit
from banking.resilience.circuit import Permit, State
from banking.resilience.line import Line
from banking.resilience.slots import one_question


@dataclass(frozen=True, kw_only=True)
class BankStatus:
    """How it stands with the bank; `reason` and `retry_at` only while not CLOSED."""

    bank: str
    state: State
    reason: Trouble | None
    retry_at: datetime | None
    last_answer_at: datetime | None


def find_payment(question: Question, *, patience: Patience) -> Answer:
    """Ask the bank whether this money arrived.

    QUICK takes QUICK_QUESTION_SECONDS at most, WORKER 2 s of waiting for its turn and
    40 s of asking. Every HTTP question is counted on the budget and written down
    before it is asked.

    :raises BankUnavailable: no answer; CIRCUIT_OPEN, BUSY and BUDGET_SPENT when the
        bank was not asked at all.
    :raises RuntimeError: a transaction is open.
    """
    outside_transaction()
    bank = gateway()
    permit = circuit.admit(bank=bank.bank, modality=bank.modality_of(question))
    try:
        _refuse_at_night(permit)
        with one_question(bank=bank.bank, patience=patience) as has_waited:
            if has_waited:
                circuit.look_again(permit)
            line = Line(question=question, patience=patience, permit=permit)
            return bank.find_payment(question, line)
    finally:
        circuit.let_go(permit)


def bank_status() -> BankStatus:
    """How it stands with the configured bank, for health, admin and metrics."""
    seen = circuit.look(gateway().bank)
    return BankStatus(
        bank=gateway().bank,
        state=seen.state,
        reason=seen.reason,
        retry_at=seen.retry_at,
        last_answer_at=BankQuestion.objects.last_answer_at(bank=gateway().bank),
    )


def evidence(subject: str) -> list[dict[str, object]]:
    """Every question about `subject` with its answer, redacted for the bank's desk."""
    return [trace(asked) for asked in BankQuestion.objects.about(subject)]


@atomic
def export_evidence(*, subject: str, actor: User) -> list[dict[str, object]]:
    """Give the evidence to somebody who takes it out of the house, journaled.

    :raises Forbidden: the actor may not manage the bank.
    """
    _refuse_unless_manager(actor)
    traces = evidence(subject)
    record(
        Action.EVIDENCE_EXPORTED,
        actor_id=actor.pk,
        subject=("transaction", subject),
        facts={"questions": len(traces)},
    )
    return traces


@atomic
def close_circuit(*, actor: User) -> None:
    """Have the bank asked again at once, because a person says so; journaled.

    :raises Forbidden: the actor may not manage the bank.
    """
    _refuse_unless_manager(actor)
    bank = gateway().bank
    circuit.close(bank=bank)
    record(Action.CIRCUIT_CLOSED, actor_id=actor.pk, subject=("bank", bank))


def forget_idle_budgets() -> int:
    """Delete budgets nobody drew on for an hour; gives how many. Harmless any time."""
    return AskBudget.objects.forget_idle()


def _refuse_unless_manager(actor: User) -> None:
    if not actor.can(Permission.BANK_MANAGE):
        raise Forbidden


def _refuse_at_night(permit: Permit) -> None:
    ends = pause_ends(permit.now, window=configuration.bank().maintenance_window)
    if ends:
        raise BankUnavailable(Trouble.MAINTENANCE, retry_at=ends)
