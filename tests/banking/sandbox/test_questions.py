"""Which question finds which movement, in QA and in production (fact sheet §2)."""

import datetime as dt
import time

import pytest
import requests

from .conftest import ACCOUNT, DAY, QUERY, Bank, envelope, rows, verdict

MOBILE = {
    "referenceNumber": "473078",
    "amount": 2350.75,
    "bankId": "0102",
    "startDt": DAY,
    "phoneNum": "584141230199",
}
INTERNAL = {
    "referenceNumber": "00000088120",
    "amount": 1240.0,
    "accountId": ACCOUNT,
    "bankId": "0134",
}
INTERBANK = {
    "referenceNumber": "556677",
    "amount": 99.9,
    "accountId": ACCOUNT,
    "bankId": "0105",
    "startDt": DAY,
}
RANGE = {
    "referenceNumber": "",
    "amount": 0,
    "accountId": ACCOUNT,
    "bankId": "",
    "phoneNum": "",
    "startDt": DAY,
    "endDt": DAY,
}
FOUND, MISSED_QA, MISSED = (200, "200"), (200, "70001"), (400, "70001")


@pytest.fixture
def bank(sandbox: Bank) -> Bank:
    """One pago móvil, one transfer of our own bank, one from another."""
    payment = {
        "reference": "000012473078",
        "amount": "2350.75",
        "kind": "pago_movil",
        "payer_phone": "0414-123.01.99",
        "payer_bank": "0102",
        "date": DAY,
    }
    sandbox.write(**payment)
    sandbox.write(reference="88120", amount=1240, kind="transfer", date=DAY)
    sandbox.write(
        reference="20011556677",
        amount=99.9,
        kind="interbank",
        payer_bank="0105",
        date=DAY,
    )
    return sandbox


def without(block: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in block.items() if name not in names}


@pytest.mark.parametrize("flavour", ["qa", "production"])
@pytest.mark.parametrize("block", [MOBILE, INTERNAL, INTERBANK, RANGE])
def test_the_manuals_shape_is_found_everywhere(
    bank: Bank, flavour: str, block: dict[str, object]
) -> None:
    bank.become(flavour=flavour)
    assert verdict(bank.ask(**block)) == FOUND


@pytest.mark.parametrize(
    ("block", "changed"),
    [
        (MOBILE, {"referenceNumber": "473079"}),
        (MOBILE, {"referenceNumber": "000012473078"}),
        (MOBILE, {"referenceNumber": "73078"}),
        (MOBILE, {"bankId": "0105"}),
        (MOBILE, {"bankId": "102"}),
        (MOBILE, {"startDt": "2026-03-15"}),
        (MOBILE, {"phoneNum": "584141230198"}),
        (MOBILE, {"phoneNum": "+584141230199"}),
        (MOBILE, {"phoneNum": "004141230199"}),
        (MOBILE, {"phoneNum": None}),
        (MOBILE, {"accountId": ACCOUNT}),
        (MOBILE, {"endDt": DAY}),
        (MOBILE, {"customerIdR": "V1"}),
        (INTERNAL, {"referenceNumber": "8812"}),
        (INTERNAL, {"bankId": "0102"}),
        (INTERNAL, {"accountId": "01340000880000000008"}),
        (INTERNAL, {"startDt": DAY}),
        (INTERBANK, {"referenceNumber": "20011556677"}),
        (INTERBANK, {"accountId": ""}),
        (INTERBANK, {"startDt": None}),
        (INTERBANK, {"startDt": "2026-03-13"}),
        (INTERBANK, {"bankId": "0191"}),
        (RANGE, {"accountId": "01340000880000000008"}),
        (RANGE, {"startDt": "2026-03-15", "endDt": "2026-03-16"}),
    ],
)
def test_one_wrong_or_extra_field_is_a_silent_miss_in_qa(
    bank: Bank, block: dict[str, object], changed: dict[str, object]
) -> None:
    answer = bank.ask(**{**block, **changed})
    assert verdict(answer) == MISSED_QA
    assert answer.json()["httpStatus"]["statusDesc"] == "Consulta sin resultados"
    assert answer.json()["dataResponse"] is None


@pytest.mark.parametrize("amount", [0, 1, 999999.99, None])
def test_the_amount_is_never_compared(bank: Bank, amount: object) -> None:
    assert verdict(bank.ask(**{**MOBILE, "amount": amount})) == FOUND


def test_a_bare_reference_finds_an_internal_transfer(bank: Bank) -> None:
    assert verdict(bank.ask(referenceNumber="88120")) == FOUND


@pytest.mark.parametrize(
    "block",
    [
        {**MOBILE, "accountId": ACCOUNT},
        {**MOBILE, "accountId": ACCOUNT, "endDt": DAY},
        {**INTERNAL, "startDt": DAY, "phoneNum": None},
        {**INTERBANK, "phoneNum": None},
        {**INTERBANK, "phoneNum": None, "amount": None},
    ],
)
def test_production_takes_the_w_shape_and_qa_only_the_manuals(
    bank: Bank, block: dict[str, object]
) -> None:
    is_manuals_too = block["referenceNumber"] == "556677"
    assert verdict(bank.ask(**block)) == (FOUND if is_manuals_too else MISSED_QA)
    bank.become(flavour="production")
    bank.log_in()
    assert verdict(bank.ask(**block)) == FOUND


@pytest.mark.parametrize(
    "block",
    [
        {**MOBILE, "accountId": "01340000880000000008"},
        {**MOBILE, "accountId": ACCOUNT, "endDt": "2026-03-15"},
        {**INTERNAL, "startDt": "2026-03-15", "phoneNum": None},
        {**INTERNAL, "startDt": DAY},
        {**without(MOBILE, "phoneNum"), "accountId": ACCOUNT},
    ],
)
def test_production_misses_on_http_400(bank: Bank, block: dict[str, object]) -> None:
    bank.become(flavour="production")
    assert verdict(bank.ask(**block)) == MISSED


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (without(MOBILE, "referenceNumber"), "VDE01"),
        ({**MOBILE, "referenceNumber": None}, "VDE01"),
        (without(RANGE, "accountId"), "VDE01"),
        (without(RANGE, "endDt"), "VDE01"),
        ({**MOBILE, "referenceNumber": ""}, "VDE01"),
        ({**MOBILE, "phoneNum": "04141230199"}, "VDE02"),
        ({**MOBILE, "phoneNum": "5841412301990"}, "VDE02"),
        ({**MOBILE, "startDt": "14/03/2026"}, "VDE02"),
        ({**MOBILE, "startDt": "2026-02-30"}, "VDE02"),
        ({**MOBILE, "referenceNumber": "47A078"}, "VDE02"),
        ({**MOBILE, "amount": "2350.75"}, "VDE02"),
        ({**MOBILE, "bankId": 102}, "VDE02"),
        ({**INTERNAL, "accountId": "0134"}, "VDE02"),
        ({**RANGE, "endDt": "2026-03-01"}, "VDE02"),
        ({**INTERNAL, "accountId": "1340************0007"}, "400"),
    ],
)
def test_a_malformed_question_is_refused_by_code(
    bank: Bank, block: dict[str, object], code: str
) -> None:
    assert verdict(bank.ask(**block)) == (400, code)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"dataRequest": None},
        {"dataRequest": {"transaction": MOBILE}},
        {"dataRequest": {"device": {}, "transaction": MOBILE}},
        {"dataRequest": {"device": envelope({})["dataRequest"]["device"]}},  # type: ignore[index]
    ],
)
def test_a_missing_envelope_is_vde01(bank: Bank, body: object) -> None:
    bank.log_in()
    assert verdict(bank.send(body)) == (400, "VDE01")


def test_a_body_that_is_not_json_is_vde01(bank: Bank) -> None:
    bank.log_in()
    bearer = {"Authorization": f"Bearer {bank.token}"}
    url = bank.url + QUERY["qa"]
    answer = requests.post(url, data=b"\xff{", headers=bearer, timeout=5)
    assert verdict(answer) == (400, "VDE01")


def test_a_session_id_is_welcome(bank: Bank) -> None:
    bank.log_in()
    body = envelope(MOBILE)
    body["dataRequest"]["securityAuth"] = {"sessionId": "abc"}  # type: ignore[index]
    assert verdict(bank.send(body)) == FOUND


@pytest.mark.parametrize(
    ("flavour", "other"), [("qa", "production"), ("production", "qa")]
)
def test_the_other_flavours_path_has_no_mapping_rule(
    bank: Bank, flavour: str, other: str
) -> None:
    bank.become(flavour=flavour)
    bank.log_in()
    bank.flavour = other
    answer = bank.send(envelope(MOBILE))
    assert (answer.status_code, answer.text) == (404, "No Mapping Rule matched")


def test_a_range_lists_its_days_in_order(bank: Bank) -> None:
    bank.write(
        reference="1", amount=1, kind="transfer", date="2026-03-13", time="09:00"
    )
    bank.write(
        reference="2", amount=1, kind="transfer", date="2026-03-13", time="08:00"
    )
    bank.write(reference="3", amount=1, kind="transfer", date="2026-03-16")
    answer = bank.ask(**{**RANGE, "startDt": "2026-03-12"})
    assert [row["referenceNumber"] for row in rows(answer)][:2] == ["2", "1"]
    assert len(rows(answer)) == 5


@pytest.mark.parametrize(("flavour", "status"), [("qa", 200), ("production", 400)])
def test_a_range_of_31_days_apart_or_101_rows_must_be_split(
    bank: Bank, flavour: str, status: int
) -> None:
    bank.become(flavour=flavour)
    month = {"startDt": "2026-03-01", "endDt": "2026-03-31"}
    assert verdict(bank.ask(**{**RANGE, **month})) == FOUND
    wider = {"startDt": "2026-03-01", "endDt": "2026-04-01"}
    assert verdict(bank.ask(**{**RANGE, **wider})) == (status, "70005")
    many = [
        {"reference": str(n), "amount": 1, "kind": "transfer", "date": DAY}
        for n in range(1000, 1097)
    ]
    assert bank.control("POST", "/movements", many).status_code == 201
    assert len(rows(bank.ask(**RANGE))) == 100
    bank.write(reference="7", amount=1, date=DAY)
    assert verdict(bank.ask(**RANGE)) == (status, "70005")


def test_a_movement_appears_only_when_it_is_visible(sandbox: Bank) -> None:
    written = sandbox.write(reference="445566", amount=5, visible_after_seconds=2)
    assert verdict(sandbox.ask(referenceNumber="445566")) == MISSED_QA
    now = dt.datetime.now(dt.UTC)
    left = dt.datetime.fromisoformat(written["visible_at"]) - now
    time.sleep(max(0, left.total_seconds()) + 0.05)
    assert verdict(sandbox.ask(referenceNumber="445566")) == FOUND


def test_a_commission_comes_with_its_payment(bank: Bank) -> None:
    shared = {"reference": "000012473078", "date": DAY, "kind": "pago_movil"}
    bank.write(**shared, amount="7.05", type="DB")
    found = rows(bank.ask(**MOBILE))
    assert [(row["trnType"], row["amount"]) for row in found] == [
        ("CR", 2350.75),
        ("DB", 7.05),
    ]


def test_a_credit_commission_needs_its_own_payer(bank: Bank) -> None:
    bank.write(reference="88120", amount="0.50", kind="transfer", date=DAY)
    assert len(rows(bank.ask(**INTERNAL))) == 2


def test_only_money_out_is_still_answered(sandbox: Bank) -> None:
    sandbox.write(reference="777001", amount=3, kind="transfer", type="DB")
    assert rows(sandbox.ask(referenceNumber="777001"))[0]["trnType"] == "DB"
