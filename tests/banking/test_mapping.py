"""Every code and every quirk of Banesco's answers, as a table."""

import json
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from banking.gateways.banesco.mapping import Asked, read_reply
from banking.gateways.base import Direction
from banking.gateways.http import Reply
from banking.reading import Outcome, Reading

PAYLOADS = Path(__file__).parent / "payloads"
ASKED = Asked(reference="000000417728", rif="J-30595910-2")


def read(text: str, *, status: int = 200, asked: Asked = ASKED) -> Reading:
    return read_reply(Reply(status=status, text=text), asked)


def recorded(name: str) -> str:
    return (PAYLOADS / f"{name}.json").read_text(encoding="utf-8")


def with_row(**changed: Any) -> str:
    """The recorded pago móvil with some fields changed; None takes one away."""
    body = json.loads(recorded("mobile_payment"))
    row = body["dataResponse"]["transactionDetail"][0] | changed
    kept = {name: value for name, value in row.items() if value is not None}
    body["dataResponse"]["transactionDetail"] = [kept]
    return json.dumps(body)


def envelope(code: object) -> str:
    return json.dumps({"httpStatus": {"statusCode": code}, "dataResponse": None})


@pytest.mark.parametrize(
    ("name", "outcome", "rows"),
    [
        ("mobile_payment", Outcome.FOUND, 1),
        ("interbank_number", Outcome.FOUND, 1),
        ("with_commission", Outcome.FOUND, 2),
        ("two_credits", Outcome.FOUND, 2),
        ("dollars", Outcome.FOUND, 1),
        ("only_debit", Outcome.MISSING, 0),
        ("debit_by_its_other_name", Outcome.MISSING, 0),
        ("another_reference", Outcome.MISSING, 0),
        ("another_beneficiary", Outcome.MISSING, 0),
        ("no_rows", Outcome.MISSING, 0),
        ("no_detail", Outcome.MISSING, 0),
        ("miss", Outcome.MISSING, 0),
    ],
)
def test_recorded_answers(name: str, outcome: Outcome, rows: int) -> None:
    reading = read(recorded(name))
    assert (reading.outcome, len(reading.movements)) == (outcome, rows)


@pytest.mark.parametrize("name", ["transfer", "lone_object"])
def test_a_transfer_has_its_hour(name: str) -> None:
    [row] = read(recorded(name), asked=Asked("0088120", "J305959102")).movements
    assert row.amount == Decimal("1240.00")
    assert row.hour == time(11, 42, 7)
    assert row.raw["trnTime"] == "11:42:07"
    assert row.raw["amount"] == 1240


def test_a_pago_movil_is_read_without_guessing() -> None:
    [row] = read(recorded("mobile_payment")).movements
    assert row.reference == "417728"
    assert row.amount == Decimal("2350.75")
    assert row.currency == "VES"
    assert row.day == date(2026, 3, 14)
    assert row.hour is None
    assert row.direction is Direction.CREDIT
    assert row.account == "5841************0199"
    assert row.concept == "Banesco Pago Movil"
    assert row.beneficiary == "J305959102"
    assert "trnTime" not in row.raw
    assert row.raw["amount"] == 2350.75
    assert row.raw["exchangeRate"] == 0
    assert row.raw["currencyCode"] == "Bs"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("70001", Outcome.MISSING),
        (70001, Outcome.MISSING),
        (" 70001 ", Outcome.MISSING),
        ("70005", Outcome.DOWN),
        ("VDE01", Outcome.MALFORMED),
        ("vde02 ", Outcome.MALFORMED),
        ("VDE09", Outcome.MALFORMED),
        ("400", Outcome.MALFORMED),
        ("VRN01", Outcome.CREDENTIALS),
        ("401", Outcome.CREDENTIALS),
        ("403", Outcome.CREDENTIALS),
        ("VRN04", Outcome.MAINTENANCE),
        ("CRT503", Outcome.MAINTENANCE),
        ("VRN05", Outcome.RATE_LIMITED),
        (429, Outcome.RATE_LIMITED),
        ("VRN06", Outcome.DOWN),
        ("204", Outcome.DOWN),
        ("409", Outcome.DOWN),
        ("422", Outcome.DOWN),
        ("424", Outcome.DOWN),
        ("500", Outcome.DOWN),
        ("502", Outcome.DOWN),
        ("503", Outcome.DOWN),
        ("504", Outcome.TIMEOUT),
        ("404", Outcome.UNREADABLE),
        ("XYZ99", Outcome.UNREADABLE),
        (2e2, Outcome.UNREADABLE),
        (True, Outcome.UNREADABLE),
        (None, Outcome.UNREADABLE),
        ("", Outcome.UNREADABLE),
        ("200; DROP", Outcome.UNREADABLE),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
def test_the_envelope_speaks_before_the_http_status(
    code: object, outcome: Outcome, status: int
) -> None:
    assert read(envelope(code), status=status).outcome == outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.UNREADABLE),
        (204, Outcome.DOWN),
        (302, Outcome.MISCONFIGURED),
        (400, Outcome.UNREADABLE),
        (401, Outcome.CREDENTIALS),
        (403, Outcome.CREDENTIALS),
        (404, Outcome.MISCONFIGURED),
        (405, Outcome.UNREADABLE),
        (408, Outcome.TIMEOUT),
        (409, Outcome.DOWN),
        (422, Outcome.DOWN),
        (424, Outcome.DOWN),
        (429, Outcome.RATE_LIMITED),
        (500, Outcome.DOWN),
        (502, Outcome.DOWN),
        (503, Outcome.DOWN),
        (504, Outcome.TIMEOUT),
        (599, Outcome.DOWN),
    ],
)
def test_without_envelope_the_http_status_decides(
    status: int, outcome: Outcome
) -> None:
    reading = read("No Mapping Rule matched", status=status)
    assert (reading.outcome, reading.code) == (outcome, f"HTTP {status}")


def test_found_without_anything_found_is_missing() -> None:
    assert read(envelope("200")).outcome == Outcome.MISSING


def test_too_wide_a_search_is_not_held_against_the_bank() -> None:
    assert not read(envelope("70005")).fair
    assert read(envelope("503")).fair


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"200"',
        "<html>ok</html>",
        '{"httpStatus": "200"}',
        '{"httpStatus": {"statusCode": "200"}',
        '{"httpStatus": {"statusCode": "200", "statusCode": "70001"}}',
        '{"httpStatus": {"statusCode": "200"}, "dataResponse": {"x": NaN}}',
        '{"httpStatus": {"statusCode": "200"}, "dataResponse": "rows"}',
        '{"httpStatus": {"statusCode": "200"}, "dataResponse": []}',
        '{"httpStatus": {"statusCode": "200"}, "dataResponse": [{}]}',
        '{"httpStatus":{"statusCode":"200"},"dataResponse":{"transactionDetail":"x"}}',
        '{"httpStatus":{"statusCode":"200"},"dataResponse":{"transactionDetail":[3]}}',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_no_answer(text: str) -> None:
    assert read(text).outcome == Outcome.UNREADABLE


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": None},
        {"amount": True},
        {"amount": -1},
        {"amount": "-1.00"},
        {"amount": "1.000"},
        {"amount": 0.005},
        {"amount": "1,240.00"},
        {"amount": "1240,00"},
        {"amount": "1e3"},
        {"amount": 1e30},
        {"amount": "NaN"},
        {"amount": "Infinity"},
        {"amount": "100000000000000000.00"},
        {"amount": "١٢"},
        {"amount": ""},
        {"referenceNumber": None},
        {"referenceNumber": ""},
        {"referenceNumber": "41772A"},
        {"referenceNumber": 417728.5},
        {"referenceNumber": "4" * 41},
        {"currencyCode": None},
        {"currencyCode": "   "},
        {"trnDate": None},
        {"trnDate": "14/03/2026"},
        {"trnDate": "2026-02-30"},
        {"trnDate": "9999-12-31"},
        {"trnDate": "1990-01-01"},
        {"trnType": None},
        {"trnType": ""},
        {"trnType": "XX"},
    ],
)
def test_a_row_that_cannot_be_mapped_fails_the_reply(changed: dict[str, Any]) -> None:
    reading = read(with_row(**changed))
    assert (reading.outcome, reading.movements) == (Outcome.UNREADABLE, ())


def test_all_rows_or_none() -> None:
    body = json.loads(recorded("two_credits"))
    del body["dataResponse"]["transactionDetail"][1]["trnType"]
    assert read(json.dumps(body)).outcome == Outcome.UNREADABLE


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"amount": 630}, "amount", Decimal("630.00")),
        ({"amount": " 0.1 "}, "amount", Decimal("0.10")),
        ({"amount": "99999999999999999.99"}, "amount", Decimal("99999999999999999.99")),
        ({"currencyCode": " bs "}, "currency", "VES"),
        ({"currencyCode": "VES"}, "currency", "VES"),
        ({"currencyCode": 928}, "currency", "VES"),
        ({"currencyCode": "usd"}, "currency", "USD"),
        ({"trnTime": "00:00:00"}, "hour", time(0)),
        ({"trnTime": "23.59.59"}, "hour", time(23, 59, 59)),
        ({"trnTime": "25:00:00"}, "hour", None),
        ({"trnTime": "noche"}, "hour", None),
        ({"trnTime": None}, "hour", None),
        ({"trnType": "cr "}, "direction", Direction.CREDIT),
        ({"referenceNumber": 417728}, "reference", "417728"),
        ({"accountId": None}, "account", ""),
        ({"concept": "\x00Caf\ud800é"}, "concept", "\ufffdCaf\ufffdé"),
        ({"customerIdBen": "   "}, "beneficiary", ""),
        ({"customerIdBen": "j-305959102"}, "beneficiary", "J-305959102"),
    ],
)
def test_a_field_and_how_it_is_read(
    changed: dict[str, Any], field: str, expected: object
) -> None:
    [row] = read(with_row(**changed)).movements
    assert getattr(row, field) == expected


def test_the_raw_row_can_be_stored_as_json() -> None:
    odd = {
        "exchangeRate": 1e300,
        "nested": {"a\x00": [1, 1.5, None, True, "\ud800"]},
        "trnTime": "11.42.07",
    }
    [row] = read(with_row(**odd)).movements
    text = json.dumps(row.raw, allow_nan=False)
    assert "\\u0000" not in text
    assert "\\ud800" not in text
    assert row.raw["exchangeRate"] == "1e+300"
    assert row.raw["nested"] == {"a\ufffd": [1, 1.5, None, True, "\ufffd"]}
    assert row.raw["trnTime"] == "11:42:07"


def test_a_row_nested_too_deeply_is_no_answer() -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    text = with_row(nested="X").replace('"X"', deep)
    assert read(text).outcome == Outcome.UNREADABLE


def test_without_a_rif_of_ours_any_beneficiary_is_taken() -> None:
    asked = Asked(reference="417728", rif="")
    assert read(recorded("another_beneficiary"), asked=asked).outcome == Outcome.FOUND


def test_an_unreadable_row_names_the_field_and_never_its_content(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read(with_row(referenceNumber="CANARY77"))
    printed = capsys.readouterr()
    assert "CANARY77" not in printed.out + printed.err
