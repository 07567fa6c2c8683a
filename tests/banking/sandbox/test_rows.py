"""The bank's handwriting (fact sheet §3)."""

import pytest

from .conftest import ACCOUNT, DAY, Bank, rows
from .test_questions import INTERBANK, INTERNAL, MOBILE

PAYMENT = {
    "reference": "000012473078",
    "amount": "2350.75",
    "kind": "mobile",
    "payer_phone": "+58 414 1230199",
    "payer_bank": 102,
    "date": DAY,
}
TRANSFER = {
    "reference": "00000088120",
    "amount": "1240",
    "kind": "transfer",
    "date": DAY,
    "time": "11:42:07",
}


def test_a_pago_movil_row(sandbox: Bank) -> None:
    sandbox.write(**PAYMENT)
    assert sandbox.ask(**MOBILE).json() == {
        "httpStatus": {"statusCode": "200", "statusDesc": "OK"},
        "dataResponse": {
            "transactionDetail": [
                {
                    "referenceNumber": "473078",
                    "amount": 2350.75,
                    "currencyCode": "Bs",
                    "exchangeRate": 0,
                    "accountId": "5841************0199",
                    "trnDate": DAY,
                    "trnTime": "00.00.00",
                    "sourceBankId": "134",
                    "destBankId": "134",
                    "concept": "Banesco Pago Movil                 ",
                    "customerIdBen": "J000000000     ",
                    "trnType": "CR",
                }
            ]
        },
    }


def test_a_transfer_row(sandbox: Bank) -> None:
    sandbox.write(**TRANSFER)
    assert sandbox.ask(**INTERNAL).json() == {
        "httpStatus": {"statusCode": 200, "statusDesc": "OK"},
        "dataResponse": {
            "transactionDetail": [
                {
                    "referenceNumber": "88120",
                    "amount": "1240.00",
                    "currencyCode": "BS ",
                    "exchangeRate": 0,
                    "accountId": "1340************0007",
                    "trnDate": DAY,
                    "trnTime": "11:42:07",
                    "sourceBankId": "134",
                    "destBankId": "    ",
                    "concept": "TRANS.CTAS. A TERCEROS BANESCO     ",
                    "customerIdBen": "J000000000     ",
                    "trnType": "CR",
                }
            ]
        },
    }


def test_an_interbank_row_has_a_number_for_reference(sandbox: Bank) -> None:
    sandbox.write(
        reference="20011556677",
        amount=99.9,
        kind="TRANSFER",
        payer_bank="0105",
        date=DAY,
    )
    answer = sandbox.ask(**INTERBANK)
    assert answer.json()["httpStatus"]["statusCode"] == "200 "
    assert rows(answer)[0]["referenceNumber"] == 20011556677
    assert rows(answer)[0]["sourceBankId"] == "134"
    assert rows(answer)[0]["amount"] == "99.90"


@pytest.mark.parametrize(
    ("reference", "asked", "quirk", "echoed"),
    [
        ("000000007312", "007312", {}, "7312"),
        ("000000007312", "007312", {"keep_leading_zeros": True}, "007312"),
        ("000000007312", "007312", {"reference_as_number": True}, 7312),
        ("123456000000", "000000", {}, "0"),
        ("7312", "007312", {}, "7312"),
    ],
)
def test_the_echo_of_a_tail(
    sandbox: Bank, reference: str, asked: str, quirk: dict[str, bool], echoed: object
) -> None:
    sandbox.write(**{**PAYMENT, "reference": reference, **quirk})
    answer = sandbox.ask(**{**MOBILE, "referenceNumber": asked})
    assert rows(answer)[0]["referenceNumber"] == echoed


def test_a_lone_row_may_come_without_its_list(sandbox: Bank) -> None:
    sandbox.write(**TRANSFER, lone_object=True)
    assert rows(sandbox.ask(**INTERNAL))["referenceNumber"] == "88120"
    sandbox.write(**TRANSFER, type="DB")
    assert len(rows(sandbox.ask(**INTERNAL))) == 2


@pytest.mark.parametrize(
    ("amount", "written"),
    [("630", "630"), (630.5, "630.5"), ("9999999999999.99", "9999999999999.99")],
)
def test_a_pago_movil_amount_is_an_exact_json_number(
    sandbox: Bank, amount: object, written: str
) -> None:
    sandbox.write(**{**PAYMENT, "amount": amount})
    assert f'"amount": {written},' in sandbox.ask(**MOBILE).text


@pytest.mark.parametrize(
    ("block", "code"), [(MOBILE, "70001"), (INTERNAL, 70001), (INTERBANK, "70001 ")]
)
def test_the_code_of_a_miss_is_text_number_or_padded(
    sandbox: Bank, block: dict[str, object], code: object
) -> None:
    assert sandbox.ask(**block).json()["httpStatus"]["statusCode"] == code


def test_concept_currency_and_account_are_the_movements_own(sandbox: Bank) -> None:
    other = f"{ACCOUNT[:-1]}8"
    sandbox.write(**TRANSFER, concept="Consulta", currency="USD", account=other)
    row = rows(sandbox.ask(**{**INTERNAL, "accountId": other}))[0]
    assert row["concept"] == "Consulta".ljust(35)
    assert (row["currencyCode"], row["accountId"]) == ("USD", "1340************0008")
