"""The seed's own contract: one payment by its id."""

import json
from decimal import Decimal
from typing import Any

import pytest

from banking import services
from banking.gateways.base import (
    BankUnavailable,
    Found,
    Missing,
    Patience,
    Trouble,
)
from banking.gateways.http import Reply
from banking.gateways.simple import read_reply
from banking.models import BankQuestion
from banking.reading import Outcome
from tests.bank import Bank
from tests.banking.questions import DAY, arrive, mobile, transfer


@pytest.fixture
def simple(bank: Bank, settings: Any, db: None) -> Bank:
    settings.BANK_GATEWAY = "simple"
    return bank


def test_a_payment_is_found_by_its_id(simple: Bank) -> None:
    arrive(simple, transaction_id="T/1 ñ")
    answer = services.find_payment(mobile(public_id="T/1 ñ"), patience=Patience.WORKER)
    assert isinstance(answer, Found)
    assert answer.shape == "by-id"
    assert answer.movements[0].amount == Decimal("150.25")
    asked = BankQuestion.objects.get()
    assert (asked.bank, asked.shape, asked.request) == (
        "simple",
        "by-id",
        {"id": "T/1 ñ"},
    )


def test_what_is_not_there_is_missing(simple: Bank) -> None:
    answer = services.find_payment(transfer(), patience=Patience.QUICK)
    assert answer == Missing()
    assert BankQuestion.objects.get().modality == "INTERNAL_TRANSFER"


def test_a_wrong_key_is_a_matter_of_credentials(simple: Bank, settings: Any) -> None:
    settings.BANESCO = {**settings.BANESCO, "API_KEY": "wrong"}
    with pytest.raises(BankUnavailable) as raised:
        services.find_payment(mobile(), patience=Patience.WORKER)
    assert raised.value.trouble is Trouble.CREDENTIALS


def test_a_broken_line_is_down(simple: Bank) -> None:
    simple.fail("reset", calls=9)
    with pytest.raises(BankUnavailable) as raised:
        services.find_payment(mobile(), patience=Patience.QUICK)
    assert raised.value.trouble is Trouble.DOWN


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (401, Outcome.CREDENTIALS),
        (403, Outcome.CREDENTIALS),
        (404, Outcome.MISSING),
        (408, Outcome.TIMEOUT),
        (418, Outcome.DOWN),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.DOWN),
        (504, Outcome.TIMEOUT),
    ],
)
def test_every_status_has_its_outcome(status: int, outcome: Outcome) -> None:
    assert read_reply(Reply(status=status, text=""), mobile()).outcome == outcome


def paid(**details: object) -> str:
    return json.dumps({"status": "COMPLETED", "details": details})


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (paid(amount=100.0), Outcome.FOUND),
        (paid(amount="100.00", referenceNumber="567890"), Outcome.FOUND),
        (paid(amount=100, referenceNumber="111111"), Outcome.MISSING),
        (paid(amount=100, trnType="DB"), Outcome.MISSING),
        ('{"status": "IN_PROGRESS"}', Outcome.MISSING),
        ('{"status": "CANCELED", "details": {"amount": 1}}', Outcome.MISSING),
        (paid(), Outcome.UNREADABLE),
        (paid(amount="1e3"), Outcome.UNREADABLE),
        (paid(concept="no amount"), Outcome.UNREADABLE),
        ('{"status": "COMPLETED"}', Outcome.UNREADABLE),
        ('{"status": 7, "details": []}', Outcome.UNREADABLE),
        ("[]", Outcome.UNREADABLE),
        ("<html>", Outcome.UNREADABLE),
    ],
)
def test_every_payload_has_its_outcome(text: str, outcome: Outcome) -> None:
    assert read_reply(Reply(status=200, text=text), mobile()).outcome == outcome


def test_what_the_sample_leaves_out_is_what_was_asked() -> None:
    """AM-51's sample answer holds a status and an amount, nothing else."""
    reply = Reply(status=200, text=paid(amount=100.0))
    [row] = read_reply(reply, mobile()).movements
    assert (row.reference, row.day, row.currency) == (mobile().reference, DAY, "VES")
    assert row.amount == Decimal("100.00")
    assert row.raw == {"amount": 100}
