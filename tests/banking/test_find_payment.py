"""The whole road: budget, slot, token, shape, HTTP, reading, record, circuit."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, repeat
from threading import Barrier, Event, get_ident
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.db.transaction import atomic
from django.test.utils import CaptureQueriesContext

from areamedica.clock import CARACAS
from banking import services
from banking.gateways.banesco import token
from banking.gateways.base import (
    Answer,
    BankUnavailable,
    Direction,
    Found,
    Malformed,
    Missing,
    Patience,
    Question,
    Trouble,
)
from banking.models import AskBudget, BankQuestion, Circuit, Slot
from banking.resilience import line, slots
from banking.resilience.circuit import State
from banking.resilience.line import Line
from tests.bank import Bank
from tests.banking.questions import (
    DAY,
    PHONE,
    REFERENCE,
    arrive,
    mobile,
    transfer,
)
from tests.banking.test_budget import let_pass
from tests.journaled import staged
from tests.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(bank: Bank) -> None:
    token._shared._memory.clear()


@pytest.fixture
def proven(bank: Bank) -> None:
    """The manual's shape for pago móvil has matched before; a token is at hand."""
    arrive(bank, reference="000000999999")
    assert isinstance(ask(mobile(reference="999999")), Found)
    BankQuestion.objects.update(asked_at=F("asked_at") - timedelta(minutes=5))


def ask(question: Question, patience: Patience = Patience.WORKER) -> Answer:
    return services.find_payment(question, patience=patience)


def silence(
    question: Question | None = None, patience: Patience = Patience.WORKER
) -> BankUnavailable:
    with pytest.raises(BankUnavailable) as raised:
        ask(question or mobile(), patience)
    return raised.value


def written(question: Question) -> list[tuple[str, str, str]]:
    asked = BankQuestion.objects.about(question.subject)
    return list(asked.values_list("shape", "outcome", "code"))


def minute_after_the_first(question: Question) -> datetime:
    """When a spent budget of two allows the next; a second is for the road."""
    first: datetime = AskBudget.objects.get(pk=question.subject).asked_at[0]
    return first + timedelta(seconds=61)


def in_qa(bank: Bank, settings: Any) -> None:
    bank.set(flavour="qa")
    settings.BANESCO = {
        **settings.BANESCO,
        "TOKEN_URL": f"{bank.url}/auth/realms/realm-api-qa"
        "/protocol/openid-connect/token",
        "QUERY_URL": f"{bank.url}/transactions/financial-account/transactions",
    }


class TestAnswers:
    @pytest.mark.parametrize("flavour", ["production", "qa"])
    def test_a_pago_movil_is_found(
        self, bank: Bank, settings: Any, flavour: str
    ) -> None:
        if flavour == "qa":
            in_qa(bank, settings)
        arrive(bank)
        answer = ask(mobile())
        assert isinstance(answer, Found)
        [row] = answer.movements
        assert answer.shape == "mobile.manual"
        assert (row.amount, row.currency, row.day) == (Decimal("150.25"), "VES", DAY)
        assert row.hour is None

    @pytest.mark.parametrize("flavour", ["production", "qa"])
    def test_a_transfer_within_banesco_is_found_by_its_whole_reference(
        self, bank: Bank, settings: Any, flavour: str
    ) -> None:
        if flavour == "qa":
            in_qa(bank, settings)
        arrive(bank, kind="TRANSFER", payer_bank="0134", payer_phone=None)
        answer = ask(transfer(reference="1234567890", payer_bank=""))
        assert isinstance(answer, Found)
        assert answer.shape == "internal.manual"
        assert answer.movements[0].hour is not None

    @pytest.mark.parametrize("flavour", ["production", "qa"])
    def test_a_transfer_from_another_bank_is_found_by_its_tail(
        self, bank: Bank, settings: Any, flavour: str
    ) -> None:
        if flavour == "qa":
            in_qa(bank, settings)
        arrive(bank, kind="TRANSFER", payer_bank="0105", payer_phone=None)
        answer = ask(transfer(payer_bank="0105"))
        assert isinstance(answer, Found)
        assert answer.shape == "interbank.manual"

    @pytest.mark.parametrize("flavour", ["production", "qa"])
    def test_what_is_not_there_is_missing(
        self, bank: Bank, settings: Any, flavour: str
    ) -> None:
        if flavour == "qa":
            in_qa(bank, settings)
        question = mobile()
        assert ask(question) == Missing()
        assert written(question) == [
            ("mobile.manual", "MISSING", "70001"),
            ("mobile.full", "MISSING", "70001"),
        ]

    def test_a_commission_comes_along_and_is_no_credit(self, bank: Bank) -> None:
        arrive(bank)
        arrive(bank, type="DB", amount="3.10", payer_phone=None)
        answer = ask(mobile())
        assert isinstance(answer, Found)
        directions = [row.direction for row in answer.movements]
        assert sorted(directions) == [Direction.CREDIT, Direction.DEBIT]

    def test_two_credits_are_both_given(self, bank: Bank) -> None:
        arrive(bank)
        arrive(bank, amount="99.00")
        answer = ask(mobile())
        assert isinstance(answer, Found)
        assert len(answer.movements) == 2

    def test_another_reference_with_the_same_tail_is_not_it(self, bank: Bank) -> None:
        arrive(bank, kind="TRANSFER", payer_bank="0105", payer_phone=None)
        question = transfer(payer_bank="0105", reference="77234567890")
        assert ask(question) == Missing()

    def test_a_question_the_bank_refuses_is_malformed(self, bank: Bank) -> None:
        question = mobile(payer_phone="5841412345670")
        assert ask(question) == Malformed("VDE02")
        assert [code for _, _, code in written(question)] == ["VDE02", "VDE02"]


class TestShapes:
    def test_a_proven_shape_is_asked_alone_at_first(
        self, bank: Bank, proven: None
    ) -> None:
        question = mobile()
        assert ask(question) == Missing()
        assert [shape for shape, _, _ in written(question)] == ["mobile.manual"]

    def test_from_the_third_round_on_the_others_get_their_turn(
        self, bank: Bank, proven: None
    ) -> None:
        question = mobile(asked_before=2)
        ask(question)
        assert [shape for shape, _, _ in written(question)] == [
            "mobile.manual",
            "mobile.full",
        ]

    def test_the_shape_that_matched_last_goes_first(
        self, bank: Bank, proven: None
    ) -> None:
        BankQuestion.objects.filter(outcome="FOUND").update(shape="mobile.full")
        arrive(bank)
        answer = ask(mobile())
        assert isinstance(answer, Found)
        assert answer.shape == "mobile.full"

    def test_a_spent_budget_ends_the_round_with_what_was_said(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "RATE_LIMIT": 1}
        question = mobile()
        assert ask(question) == Missing()
        assert [shape for shape, _, _ in written(question)] == ["mobile.manual"]

    def test_one_shape_refused_and_one_understood_is_missing(
        self, bank: Bank, settings: Any
    ) -> None:
        """A null phone passes where a wrong one was refused, and the other way."""
        question = transfer()
        assert ask(question) == Missing()
        settings.BANESCO = {**settings.BANESCO, "ACCOUNT_ID": "0134********"}
        mixed = mobile()
        assert ask(mixed) == Missing()
        assert [code for _, _, code in written(mixed)] == ["70001", "400"]


class TestRecord:
    def test_the_question_is_kept_masked_with_its_raw_answer(self, bank: Bank) -> None:
        arrive(bank)
        question = mobile()
        ask(question)
        asked = BankQuestion.objects.get()
        assert asked.request == {
            "referenceNumber": "***890",
            "amount": 150.25,
            "startDt": "2026-03-14",
            "phoneNum": "********4567",
            "bankId": "0102",
        }
        assert (asked.bank, asked.patience, asked.modality) == (
            "banesco",
            "WORKER",
            "MOBILE_PAYMENT",
        )
        assert (asked.http_status, asked.code, asked.outcome) == (200, "200", "FOUND")
        assert '"referenceNumber"' in asked.answer
        assert asked.latency_ms is not None
        assert asked.finished_at is not None
        assert asked.finished_at >= asked.asked_at

    def test_the_bank_can_find_the_call_by_our_session_id(self, bank: Bank) -> None:
        ask(mobile())
        sent = {each["number"] for each in bank.questions}
        assert len(sent) == BankQuestion.objects.count()

    def test_the_account_is_masked_too(self, bank: Bank) -> None:
        ask(transfer())
        kept = BankQuestion.objects.order_by("asked_at").first()
        assert kept is not None
        assert kept.request["accountId"] == "****************0007"

    def test_five_statements_a_question(self, bank: Bank, proven: None) -> None:
        arrive(bank)
        with CaptureQueriesContext(connection) as queries:
            ask(mobile())
        words = [each["sql"].split()[0] for each in queries.captured_queries]
        assert words == ["SELECT", "UPDATE", "WITH", "UPDATE", "UPDATE"]

    def test_a_question_left_in_the_air_stays_visible(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def die(*args: object, **kwargs: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr("banking.gateways.banesco.gateway.read_reply", die)
        with pytest.raises(KeyboardInterrupt):
            ask(mobile())
        assert BankQuestion.objects.get().outcome == "ASKED"
        assert not Slot.objects.exclude(holder=None).exists()

    def test_status_and_last_answer(self, bank: Bank) -> None:
        ask(mobile())
        status = services.bank_status()
        assert (status.bank, status.state) == ("banesco", State.CLOSED)
        latest = BankQuestion.objects.order_by("-asked_at").first()
        assert latest is not None
        assert status.last_answer_at == latest.finished_at


@pytest.mark.usefixtures("proven")
class TestBadDays:
    @pytest.mark.parametrize(
        ("mode", "trouble", "asked"),
        [
            ("down", Trouble.DOWN, 3),
            ("reset", Trouble.DOWN, 3),
            ("dependency", Trouble.DOWN, 3),
            ("html", Trouble.UNREADABLE, 1),
            ("garbage", Trouble.UNREADABLE, 1),
            ("truncated", Trouble.UNREADABLE, 1),
            ("maintenance", Trouble.MAINTENANCE, 1),
            ("rate_limited", Trouble.RATE_LIMITED, 1),
            ("bad_token", Trouble.CREDENTIALS, 2),
        ],
    )
    def test_a_worker_tries_again_what_is_worth_it(
        self, bank: Bank, settings: Any, mode: str, trouble: Trouble, asked: int
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "RATE_LIMIT": 5}
        bank.fail(mode, calls=9)
        question = mobile()
        assert silence(question).trouble is trouble
        assert [outcome for _, outcome, _ in written(question)] == [trouble] * asked

    @pytest.mark.parametrize("mode", ["down", "reset", "html", "maintenance"])
    def test_a_cashier_gets_one_try(self, bank: Bank, mode: str) -> None:
        bank.fail(mode, calls=9)
        question = mobile()
        silence(question, Patience.QUICK)
        assert len(written(question)) == 1

    def test_a_row_that_cannot_be_read_is_no_answer(self, bank: Bank) -> None:
        arrive(bank)
        bank.fail("bad_row", calls=1)
        assert silence().trouble is Trouble.UNREADABLE

    def test_a_refused_connection_gets_in_when_tried_again(self, bank: Bank) -> None:
        arrive(bank)
        bank.fail("reset", calls=1)
        question = mobile()
        assert isinstance(ask(question), Found)
        assert [outcome for _, outcome, _ in written(question)] == ["DOWN", "FOUND"]

    def test_a_door_that_is_shut_is_down(self, bank: Bank) -> None:
        bank.fail("refuse", seconds=3)
        try:
            assert silence(patience=Patience.QUICK).trouble is Trouble.DOWN
        finally:
            bank.wait_open()

    def test_the_last_failure_stands_when_the_budget_is_spent(self, bank: Bank) -> None:
        bank.fail("down", calls=9)
        question = mobile()
        heard = silence(question)
        assert heard.trouble is Trouble.DOWN
        assert heard.retry_at == minute_after_the_first(question)
        assert len(written(question)) == 2

    def test_a_token_that_died_is_fetched_again_once(self, bank: Bank) -> None:
        arrive(bank)
        bank.fail("expire_tokens")
        question = mobile()
        assert isinstance(ask(question), Found)
        assert [o for _, o, _ in written(question)] == ["CREDENTIALS", "FOUND"]
        assert services.bank_status().state is State.CLOSED

    def test_a_dead_token_and_a_spent_budget_do_not_open_the_circuit(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "RATE_LIMIT": 1}
        bank.fail("expire_tokens")
        heard = silence()
        assert heard.trouble is Trouble.CREDENTIALS
        assert heard.retry_at is not None
        assert services.bank_status().state is State.CLOSED

    def test_credentials_refused_twice_open_it(self, bank: Bank) -> None:
        bank.fail("bad_token", calls=9)
        heard = silence()
        status = services.bank_status()
        assert (status.state, status.reason) == (State.OPEN, Trouble.CREDENTIALS)
        assert heard.retry_at == status.retry_at

    def test_the_wrong_path_is_our_mistake_and_never_not_found(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "QUERY_URL": f"{bank.url}/elsewhere"}
        assert silence().trouble is Trouble.MISCONFIGURED
        assert services.bank_status().reason is Trouble.MISCONFIGURED

    def test_maintenance_pauses_the_asking(self, bank: Bank) -> None:
        bank.fail("maintenance", calls=1)
        first = silence()
        second = silence()
        assert second.trouble is Trouble.CIRCUIT_OPEN
        assert second.retry_at == first.retry_at
        assert services.bank_status().retry_at == first.retry_at
        assert len(bank.questions) == 2

    def test_a_rate_limit_is_honoured(self, bank: Bank) -> None:
        bank.fail("rate_limited", calls=1)
        heard = silence()
        assert heard.retry_at is not None
        wait = heard.retry_at - datetime.now(UTC)
        assert timedelta(seconds=25) < wait <= timedelta(seconds=30)

    def test_five_failures_open_it_and_a_probe_closes_it(self, bank: Bank) -> None:
        arrive(bank)
        bank.fail("down", calls=5)
        for _ in range(5):
            assert silence(patience=Patience.QUICK).trouble is Trouble.DOWN
        assert silence().trouble is Trouble.CIRCUIT_OPEN
        asked = len(bank.questions)
        Circuit.objects.update(retry_at=F("retry_at") - timedelta(seconds=16))
        assert isinstance(ask(mobile()), Found)
        assert services.bank_status().state is State.CLOSED
        assert len(bank.questions) == asked + 1

    def test_a_failed_probe_is_not_repeated(self, bank: Bank) -> None:
        bank.fail("down", calls=9)
        for _ in range(5):
            silence(patience=Patience.QUICK)
        Circuit.objects.update(retry_at=F("retry_at") - timedelta(seconds=16))
        question = mobile()
        assert silence(question).trouble is Trouble.DOWN
        assert len(written(question)) == 1

    def test_the_token_endpoint_may_be_down_too(self, bank: Bank) -> None:
        token.forget_token(token._shared.get(token._key()) or "")
        bank.fail("down", path="token", calls=9)
        question = mobile()
        assert silence(question).trouble is Trouble.DOWN
        assert written(question) == []
        assert Circuit.objects.get().failures == 3

    def test_a_wrong_secret_opens_it_at_once(self, bank: Bank, settings: Any) -> None:
        token.forget_token(token._shared.get(token._key()) or "")
        settings.BANESCO = {**settings.BANESCO, "CLIENT_SECRET": "wrong"}
        assert silence().trouble is Trouble.CREDENTIALS
        assert services.bank_status().reason is Trouble.CREDENTIALS


@pytest.mark.usefixtures("proven")
class TestTime:
    def test_a_hanging_bank_is_waited_for_and_asked_again(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "TIMEOUT_SECONDS": 1}
        bank.fail("hang", calls=9)
        question = mobile()
        assert silence(question).trouble is Trouble.TIMEOUT
        assert [outcome for _, outcome, _ in written(question)] == ["TIMEOUT"] * 2
        assert Circuit.objects.get().failures == 2

    def test_a_slow_failure_is_not_worth_repeating(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("banking.resilience.line.FAST_FAILURE_SECONDS", 0.1)
        bank.set(latency_ms=200)
        bank.fail("down", calls=9)
        question = mobile()
        silence(question)
        assert len(written(question)) == 1

    def test_a_hanging_bank_costs_a_cashier_no_more_than_the_setting(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.QUICK_QUESTION_SECONDS = 1
        bank.fail("hang", calls=9)
        started = time.monotonic()
        assert silence(patience=Patience.QUICK).trouble is Trouble.TIMEOUT
        # The bank's own time, and a hang's, are longer still.
        assert time.monotonic() - started < 10
        assert Circuit.objects.get().failures == 0  # it got less time than it may take

    def test_a_slow_bank_is_still_an_answer(self, bank: Bank) -> None:
        arrive(bank)
        bank.fail("slow", calls=1, delay_seconds=1)
        assert isinstance(ask(mobile()), Found)

    def test_what_an_earlier_shape_said_stands_when_time_is_up(
        self, bank: Bank, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        left = chain([True], repeat(False))
        monkeypatch.setattr(Line, "has_time", property(lambda _: next(left)))
        question = mobile(asked_before=2)
        assert ask(question, Patience.QUICK) == Missing()
        assert len(written(question)) == 1

    def test_no_time_at_all_is_a_timeout_without_a_question(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.QUICK_QUESTION_SECONDS = 0
        question = mobile()
        assert silence(question, Patience.QUICK).trouble is Trouble.TIMEOUT
        assert written(question) == []


class TestLimits:
    def test_two_a_minute_and_the_third_is_told_when(
        self, bank: Bank, proven: None
    ) -> None:
        question = mobile()
        ask(question)
        ask(question)
        heard = silence(question)
        assert heard.trouble is Trouble.BUDGET_SPENT
        assert heard.retry_at == minute_after_the_first(question)
        let_pass(62)
        assert ask(question) == Missing()
        assert len(bank.questions) == 4

    def test_no_transaction_may_be_open(self, bank: Bank) -> None:
        with atomic(), pytest.raises(RuntimeError, match="No transaction"):
            ask(mobile())
        assert bank.questions == []

    def test_in_the_night_nobody_asks(self, bank: Bank, settings: Any) -> None:
        hours = "00:00-23:59"
        if f"{datetime.now(UTC) - timedelta(hours=4):%H:%M}" == "23:59":
            hours = "23:00-00:30"
        settings.BANESCO = {**settings.BANESCO, "MAINTENANCE_WINDOW": hours}
        heard = silence()
        assert heard.trouble is Trouble.MAINTENANCE
        assert heard.retry_at is not None
        assert f"{heard.retry_at.astimezone(CARACAS):%H:%M}" == hours[-5:]
        assert bank.questions == []

    def test_a_wrong_clock_of_ours_changes_nothing(
        self, bank: Bank, proven: None
    ) -> None:
        bank.fail("maintenance", calls=1)
        silence()
        with time_machine.travel(datetime.now(UTC) + timedelta(hours=2), tick=True):
            assert silence().trouble is Trouble.CIRCUIT_OPEN


@pytest.mark.django_db(transaction=True)
class TestCrowds:
    def test_never_more_at_once_than_configured(
        self, bank: Bank, settings: Any
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "MAX_SIMULTANEOUS": 4}
        arrive(bank)
        bank.set(latency_ms=50)
        answers = together(*[lambda: ask(mobile())] * 16)
        assert any(isinstance(answer, Found) for answer in answers)
        silences = [a for a in answers if isinstance(a, BankUnavailable)]
        assert all(each.trouble is Trouble.BUSY for each in silences)
        assert bank.most_at_once <= 4

    def test_of_many_about_one_transaction_two_get_through(self, bank: Bank) -> None:
        arrive(bank)
        question = mobile()
        answers = together(*[lambda: ask(question)] * 12)
        found = [answer for answer in answers if isinstance(answer, Found)]
        assert len(found) == 2
        assert len(bank.questions) == 2

    def test_a_breaker_that_opens_with_many_waiting(
        self, bank: Bank, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.BANESCO = {**settings.BANESCO, "MAX_SIMULTANEOUS": 4}
        _repeat_once_so_many_wait(monkeypatch, 40 - 4)
        ask(mobile())
        before = len(bank.questions)
        bank.fail("down", seconds=30)
        answers = together(*[lambda: ask(mobile())] * 40)
        troubles = {
            answer.trouble for answer in answers if isinstance(answer, BankUnavailable)
        }
        assert len(answers) == sum(isinstance(a, BankUnavailable) for a in answers)
        assert Trouble.CIRCUIT_OPEN in troubles
        # Five open it; what was under way may still arrive, nothing new.
        assert len(bank.questions) - before <= 5 + 4

    def test_one_probes_while_the_rest_wait(self, bank: Bank, settings: Any) -> None:
        settings.BANESCO = {**settings.BANESCO, "TIMEOUT_SECONDS": 35}
        arrive(bank)
        ask(mobile())
        with staged():
            Circuit.objects.update(
                retry_at=datetime(2026, 1, 1, tzinfo=UTC),
                opened_at=datetime(2026, 1, 1, tzinfo=UTC),
                reason="DOWN",
            )
        before = len(bank.questions)
        bank.fail("slow", path="query", calls=1, delay_seconds=60)
        # The probe is answered when all the others have been sent away.
        refused = Barrier(20 - 1, action=bank.heal)

        def ask_or_be_refused() -> Answer:
            try:
                return ask(mobile())
            except BankUnavailable:
                refused.wait(60)
                raise

        answers = together(*[ask_or_be_refused] * 20)
        assert sum(isinstance(answer, Found) for answer in answers) == 1
        assert len(bank.questions) == before + 1


def _repeat_once_so_many_wait(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Who failed tries again when so many others are waiting for their turn."""
    waiting: set[int] = set()
    all_wait = Event()

    def nap(seconds: float) -> None:
        waiting.add(get_ident())
        if len(waiting) >= number:
            all_wait.set()
        time.sleep(seconds)

    def pause(_: object) -> float:
        assert all_wait.wait(60)
        return 0

    monkeypatch.setattr(slots, "time", SimpleNamespace(sleep=nap))
    monkeypatch.setitem(slots.WAIT_SECONDS, Patience.WORKER, 60)
    monkeypatch.setattr(line, "_WAIT", pause)


def test_evidence_for_the_bank_is_redacted(bank: Bank) -> None:
    arrive(bank, concept="PAGO DE MARIA PEREZ")
    question = mobile()
    ask(question)
    [trace] = services.evidence(question.subject)
    text = str(trace)
    for secret in (PHONE, REFERENCE, "567890", "MARIA", "J305959102", "sandbox-secret"):
        assert secret not in text
    assert trace["code"] == "200"
    answer = trace["answer"]
    assert isinstance(answer, dict)
    [row] = answer["dataResponse"]["transactionDetail"]
    assert row["amount"] == 150.25
    assert row["trnDate"] == date(2026, 3, 14).isoformat()
    assert row["referenceNumber"] == "***890"
    assert answer["httpStatus"] == {"statusCode": "200", "statusDesc": "OK"}


def test_nothing_personal_reaches_a_log(
    bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    arrive(bank)
    ask(mobile())
    bank.fail("html", calls=1)
    silence()
    bank.fail("bad_token", calls=2)
    silence()
    assert "bank.asked" in caplog.text
    secrets = [PHONE, PHONE[2:], REFERENCE, "567890", "150.25", "sandbox-secret"]
    secrets += ["01340000880000000007", token._shared.get(token._key()) or "-none-"]
    for secret in secrets:
        assert secret not in caplog.text
