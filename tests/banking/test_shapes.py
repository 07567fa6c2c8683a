"""In which forms the bank is asked, and in which order."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from banking.gateways.banesco.shapes import fill, modality_of, shapes_for
from banking.gateways.base import Modality, Question
from banking.reading import BankModality

ACCOUNT = "01340000880000000007"
MOBILE = Question(
    subject="2c6691f0-faf0-48b1-a729-70631d878a34",
    public_id="T-1",
    modality=Modality.MOBILE_PAYMENT,
    reference="001234567890",
    payer_bank="0102",
    day=date(2026, 3, 14),
    payer_phone="584141234567",
    amount=Decimal("150.25"),
)
INTERNAL = replace(
    MOBILE, modality=Modality.TRANSFER, payer_bank="0134", payer_phone=""
)
INTERBANK = replace(INTERNAL, payer_bank="0105")


@pytest.mark.parametrize(
    ("question", "block"),
    [
        (
            MOBILE,
            {
                "referenceNumber": "567890",
                "amount": 150.25,
                "startDt": "2026-03-14",
                "phoneNum": "584141234567",
                "bankId": "0102",
            },
        ),
        (
            INTERNAL,
            {
                "referenceNumber": "001234567890",
                "accountId": ACCOUNT,
                "amount": 150.25,
                "bankId": "0134",
            },
        ),
        (
            INTERBANK,
            {
                "referenceNumber": "567890",
                "accountId": ACCOUNT,
                "amount": 150.25,
                "startDt": "2026-03-14",
                "bankId": "0105",
            },
        ),
    ],
)
def test_the_manuals_shape_comes_first(
    question: Question, block: dict[str, object]
) -> None:
    first = shapes_for(question, proven="")[0]
    assert fill(first, question, account=ACCOUNT) == block


def test_what_we_do_not_know_is_left_out_of_the_manuals_shape() -> None:
    unknown = replace(MOBILE, payer_bank="", payer_phone="", amount=None)
    block = fill(shapes_for(unknown, proven="")[0], unknown, account=ACCOUNT)
    assert block == {"referenceNumber": "567890", "startDt": "2026-03-14"}


def test_the_full_shape_names_every_field() -> None:
    unknown = replace(INTERNAL, payer_bank="", amount=None)
    block = fill(shapes_for(unknown, proven="")[1], unknown, account=ACCOUNT)
    assert block == {
        "referenceNumber": "001234567890",
        "accountId": ACCOUNT,
        "amount": None,
        "startDt": "2026-03-14",
        "phoneNum": None,
        "bankId": "0134",
    }


@pytest.mark.parametrize(
    ("question", "modality"),
    [
        (MOBILE, BankModality.MOBILE_PAYMENT),
        (replace(MOBILE, payer_bank="0134"), BankModality.MOBILE_PAYMENT),
        (INTERNAL, BankModality.INTERNAL_TRANSFER),
        (replace(INTERNAL, payer_bank=""), BankModality.INTERNAL_TRANSFER),
        (INTERBANK, BankModality.INTERBANK_TRANSFER),
    ],
)
def test_three_modalities(question: Question, modality: BankModality) -> None:
    assert modality_of(question) == modality


@pytest.mark.parametrize(
    ("proven", "asked_before", "names"),
    [
        ("", 0, ["mobile.manual", "mobile.full"]),
        ("", 7, ["mobile.manual", "mobile.full"]),
        ("of another time", 0, ["mobile.manual", "mobile.full"]),
        ("mobile.manual", 0, ["mobile.manual"]),
        ("mobile.full", 1, ["mobile.full"]),
        ("mobile.full", 2, ["mobile.full", "mobile.manual"]),
    ],
)
def test_a_proven_shape_goes_first_and_at_first_alone(
    proven: str, asked_before: int, names: list[str]
) -> None:
    question = replace(MOBILE, asked_before=asked_before)
    assert [shape.name for shape in shapes_for(question, proven=proven)] == names
