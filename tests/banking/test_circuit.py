"""When a bank is not asked, for how long, and who tries first."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import SYSTEM_ID
from areamedica.errors import Forbidden
from audit.models import Record
from banking import services
from banking.gateways.base import BankUnavailable, Trouble
from banking.models import Circuit
from banking.reading import BankModality, Outcome, Reading
from banking.resilience import circuit
from banking.resilience.circuit import PROBE_PATIENCE, Permit, State
from tests.together import together

BANK = "banesco"


def admit() -> Permit:
    return circuit.admit(bank=BANK, modality=BankModality.MOBILE_PAYMENT)


def fail(
    outcome: Outcome = Outcome.DOWN, permit: Permit | None = None, **facts: Any
) -> datetime | None:
    reading = Reading(outcome=outcome, **facts)
    return circuit.note_failure(permit or admit(), reading)


def open_it(outcome: Outcome = Outcome.MISCONFIGURED) -> None:
    assert fail(outcome)


def let_pass(**time: float) -> None:
    """Move the moments of the circuit back, as if so much time had passed."""
    wait = timedelta(**time)
    Circuit.objects.filter(retry_at__isnull=False).update(
        retry_at=F("retry_at") - wait, opened_at=F("opened_at") - wait
    )
    probing = Circuit.objects.filter(probing_until__isnull=False)
    probing.update(probing_until=F("probing_until") - wait)


def refused() -> BankUnavailable:
    with pytest.raises(BankUnavailable) as raised:
        admit()
    return raised.value


def pause() -> float:
    """How long the circuit stays open, in seconds."""
    row = Circuit.objects.get()
    assert row.retry_at is not None
    assert row.opened_at is not None
    return (row.retry_at - row.opened_at).total_seconds()


@pytest.mark.django_db
class TestOpening:
    def test_five_failures_in_a_row(self) -> None:
        assert [fail() for _ in range(4)] == [None] * 4
        assert fail() is not None
        silence = refused()
        assert silence.trouble is Trouble.CIRCUIT_OPEN
        assert silence.retry_at == Circuit.objects.get().retry_at
        assert pause() == 15
        assert Circuit.objects.get().reason == "DOWN"
        assert str(Circuit.objects.get()) == "banesco DOWN"

    @pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.UNREADABLE])
    def test_every_kind_of_failure_counts(self, outcome: Outcome) -> None:
        for _ in range(5):
            fail(outcome)
        assert Circuit.objects.get().reason == outcome

    def test_an_answer_in_between_starts_the_count_anew(self) -> None:
        for _ in range(4):
            fail()
        circuit.note_answer(admit())
        assert [fail() for _ in range(4)] == [None] * 4
        assert str(Circuit.objects.get()) == "banesco closed"

    def test_an_unfair_failure_does_not_count(self) -> None:
        for _ in range(9):
            assert fail(Outcome.TIMEOUT, fair=False) is None
        assert Circuit.objects.get().failures == 0

    @pytest.mark.parametrize(
        ("outcome", "seconds"),
        [
            (Outcome.MAINTENANCE, 300),
            (Outcome.RATE_LIMITED, 60),
            (Outcome.CREDENTIALS, 60),
            (Outcome.MISCONFIGURED, 60),
        ],
    )
    def test_some_troubles_open_it_at_once(
        self, outcome: Outcome, seconds: int
    ) -> None:
        assert fail(outcome)
        assert pause() == seconds
        assert services.bank_status().reason == Trouble(outcome.value)

    def test_the_bank_may_say_how_long(self) -> None:
        fail(Outcome.RATE_LIMITED, retry_after=timedelta(seconds=7))
        assert pause() == 7

    def test_a_late_failure_does_not_prolong_it(self) -> None:
        late = [admit(), admit()]
        open_it()
        before = Circuit.objects.get()
        fail(Outcome.DOWN, late[0])
        fail(Outcome.RATE_LIMITED, late[1], retry_after=timedelta(seconds=5))
        assert Circuit.objects.get().retry_at == before.retry_at

    def test_a_late_maintenance_does(self) -> None:
        late = admit()
        open_it()
        fail(Outcome.MAINTENANCE, late)
        row = Circuit.objects.get()
        assert row.reason == "MAINTENANCE"
        assert row.retry_at is not None
        assert row.retry_at > timezone.now() + timedelta(seconds=250)

    def test_a_late_answer_does_not_end_it(self) -> None:
        late = admit()
        open_it()
        circuit.note_answer(late)
        assert refused().trouble is Trouble.CIRCUIT_OPEN

    def test_who_waited_for_a_turn_looks_again(self) -> None:
        permit = admit()
        circuit.look_again(permit)
        open_it()
        with pytest.raises(BankUnavailable):
            circuit.look_again(permit)

    def test_a_person_is_called_for_what_patience_does_not_mend(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        open_it(Outcome.CREDENTIALS)
        assert [each.levelname for each in caplog.records] == ["ERROR"]


@pytest.mark.django_db
class TestProbing:
    def test_one_asks_for_all(self) -> None:
        open_it()
        let_pass(seconds=61)
        assert services.bank_status().state is State.HALF_OPEN
        probe = admit()
        assert probe.probe is not None
        before = timezone.now()
        silence = refused()
        after = timezone.now()
        assert silence.trouble is Trouble.CIRCUIT_OPEN
        assert silence.retry_at is not None
        assert before <= silence.retry_at - PROBE_PATIENCE <= after
        circuit.note_answer(probe)
        assert services.bank_status().state is State.CLOSED
        assert admit().probe is None

    def test_a_probe_does_not_look_again(self) -> None:
        open_it()
        let_pass(seconds=61)
        circuit.look_again(admit())

    def test_a_failed_probe_waits_longer_each_time_up_to_two_minutes(self) -> None:
        for _ in range(5):
            fail()
        pauses = []
        for _ in range(5):
            pauses.append(pause())
            let_pass(seconds=pauses[-1])
            assert fail()
        assert pauses == [15, 30, 60, 120, 120]

    def test_success_forgets_how_often_it_opened(self) -> None:
        for _ in range(5):
            fail()
        let_pass(seconds=16)
        fail()
        let_pass(seconds=31)
        circuit.note_answer(admit())
        for _ in range(5):
            fail()
        assert pause() == 15

    def test_a_dead_prober_is_followed_by_another(self) -> None:
        open_it()
        let_pass(seconds=61)
        admit()
        refused()
        let_pass(seconds=61)
        assert admit().probe is not None

    def test_who_overslept_neither_closes_nor_reopens_it(self) -> None:
        open_it()
        let_pass(seconds=61)
        asleep = [admit()]
        let_pass(seconds=61)
        asleep.append(Permit(BANK, 0, "", timezone.now(), asleep[0].probe))
        awake = admit()
        circuit.note_answer(asleep[0])
        fail(Outcome.DOWN, asleep[1])
        row = Circuit.objects.get()
        assert row.prober == awake.probe
        assert row.openings == 1

    def test_a_probe_that_learnt_nothing_is_given_back(self) -> None:
        open_it()
        let_pass(seconds=61)
        permit = admit()
        assert fail(Outcome.TIMEOUT, permit, fair=False) is None
        circuit.let_go(permit)
        assert admit().probe is not None


@pytest.mark.django_db(transaction=True)
def test_of_thirty_at_once_one_probes() -> None:
    open_it()
    let_pass(seconds=61)
    results = together(*[admit] * 30)
    permits = [each for each in results if isinstance(each, Permit)]
    assert len(permits) == 1
    assert permits[0].probe is not None


@pytest.mark.django_db(transaction=True)
def test_failures_of_many_at_once_are_all_counted() -> None:
    permit = admit()
    together(*[lambda: fail(Outcome.DOWN, Permit(BANK, 0, "", permit.now))] * 4)
    assert Circuit.objects.get().failures == 4
    assert fail() is not None


@pytest.mark.django_db(transaction=True)
def test_the_first_ever_question_makes_the_row_once() -> None:
    permits = together(*[admit] * 20)
    assert all(isinstance(each, Permit) for each in permits)
    assert Circuit.objects.count() == 1


@pytest.mark.django_db
def test_while_all_is_well_one_row_is_read_and_none_written() -> None:
    admit()
    with CaptureQueriesContext(connection) as queries:
        permit = admit()
        circuit.note_answer(permit)
        circuit.let_go(permit)
    [only] = queries.captured_queries
    assert only["sql"].lstrip().startswith("SELECT")


@pytest.mark.django_db
def test_a_manager_closes_it_by_hand_and_the_journal_knows(root: Any) -> None:
    open_it()
    services.close_circuit(actor=root)
    assert admit().probe is None
    kept = Record.objects.get(action="banking.circuit_closed")
    assert (kept.actor_id, kept.subject_id) == (root.pk, BANK)


@pytest.mark.django_db(transaction=True)
def test_that_the_bank_is_not_asked_is_told_once_for_each_reason() -> None:
    late = admit()
    for _ in range(5):
        fail()
    fail(Outcome.MAINTENANCE, late)
    for _ in range(2):
        let_pass(minutes=6)
        fail(Outcome.MAINTENANCE)
    let_pass(minutes=6)
    circuit.note_answer(admit())
    told = Record.objects.filter(subject_type="bank").order_by("id")
    assert list(told.values_list("action", "actor_id", "facts")) == [
        ("banking.circuit_opened", SYSTEM_ID, '{"trouble":"DOWN"}'),
        ("banking.circuit_opened", SYSTEM_ID, '{"trouble":"MAINTENANCE"}'),
        ("banking.bank_back", SYSTEM_ID, "{}"),
    ]


@pytest.mark.django_db
def test_a_cashier_does_not(ana: Any) -> None:
    open_it()
    with pytest.raises(Forbidden):
        services.close_circuit(actor=ana)
    refused()
    assert not Record.objects.filter(action="banking.circuit_closed").exists()


@pytest.mark.django_db
def test_a_bank_never_asked_is_not_known_to_be_down() -> None:
    status = services.bank_status()
    assert status.state is State.CLOSED
    assert (status.reason, status.retry_at, status.last_answer_at) == (None, None, None)
