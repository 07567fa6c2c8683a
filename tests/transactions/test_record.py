"""Recording: both clients' bodies, repetition, duplicates, and nonsense refused."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Record
from tests.transactions.bodies import TRANSACTIONS, arrives, erd, mobile, transfer
from transactions.models import Inquiry, Transaction, TransactionEvent

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _bank_question_off(settings: Any) -> None:
    settings.QUICK_QUESTION_SECONDS = 0


def post(api: Any, user: User, body: Any, path: str = "", **headers: str) -> Any:
    return api(user).post(TRANSACTIONS + path, body, format="json", headers=headers)


def test_the_seeds_body_is_recorded(api: Any, ana: User) -> None:
    answer = post(api, ana, erd())
    body = answer.json()
    assert answer.status_code == 201
    assert body["status"] == "IN_PROGRESS"
    assert body["type"] == "TRANSFER"
    assert body["customer"] == {
        "full_name": "Juan Pérez",
        "phone": "04121234567",
        "national_id": "V12345678",
        "concept": "Consulta",
    }
    assert body["amount"] is None
    assert body["details"] is None
    row = Transaction.objects.get()
    assert str(row.pk) == body["id"]
    assert row.created_by == ana
    assert [event.new_status for event in row.events.all()] == ["IN_PROGRESS"]
    assert Inquiry.objects.filter(pk=row.pk).exists()
    assert Record.objects.filter(action="transactions.recorded").count() == 1


def test_a_front_ends_transfer_and_mobile_payment_are_recorded(
    api: Any, ana: User
) -> None:
    first = post(api, ana, transfer(), "/full-reference").json()
    second = post(api, ana, mobile(), "/partial-reference").json()
    assert (first["type"], first["bank"]) == ("TRANSFER", "BANESCO")
    assert (second["type"], second["bank"]) == ("MOBILE_PAYMENT", "MOBILE_TRANSFER")
    assert first["reference"] == "000000088120"
    assert second["amount"] == "2350.75"
    assert second["customer_phone"] == "584141234567"
    assert second["customer"]["phone"] == "04141234567"
    assert second["bank_code"] == "0102"


def test_a_transfer_needs_only_a_reference_and_a_name(api: Any, ana: User) -> None:
    answer = post(
        api,
        ana,
        {"reference": "123456", "customer_full_name": "Ana Gil"},
        "/full-reference/",
    )
    assert answer.status_code == 201
    assert answer.json()["customer_document"] is None


def test_the_same_body_again_is_the_same_transaction(api: Any, ana: User) -> None:
    first = post(api, ana, erd())
    again = post(api, ana, erd())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert TransactionEvent.objects.count() == 1


def test_a_new_concept_while_open_is_an_update(api: Any, ana: User) -> None:
    post(api, ana, erd())
    changed = erd()
    changed["customer"] = {**changed["customer"], "concept": "Rayos X"}
    answer = post(api, ana, changed)
    assert answer.status_code == 200
    assert answer.json()["concept"] == "Rayos X"
    last = TransactionEvent.objects.last()
    assert last is not None
    assert last.metadata == {"changed": ["concept"]}


@pytest.mark.parametrize(
    "change",
    [
        {"reference": "987654321"},
        {"amount": "5.00"},
        {"bank": "MOBILE_TRANSFER"},
        {"operation_date": "2024-01-02"},
        {"bank_code": "0102"},
    ],
)
def test_a_known_id_with_other_money_is_refused(
    api: Any, ana: User, change: dict[str, Any]
) -> None:
    post(api, ana, erd())
    answer = post(api, ana, erd(**change))
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "TRANSACTION_ID_REUSED"
    assert Transaction.objects.count() == 1


def test_what_is_decided_is_not_described_anew(
    api: Any, ana: User, ruben: User
) -> None:
    made = post(api, ana, erd()).json()
    api(ruben).post(
        f"{TRANSACTIONS}/{made['id']}/withdraw", {"reason": "Error"}, format="json"
    )
    changed = erd()
    changed["customer"] = {**changed["customer"], "concept": "Rayos X"}
    answer = post(api, ana, changed)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "TRANSACTION_ID_REUSED"


def test_a_row_names_itself(api: Any, ana: User) -> None:
    made = post(api, ana, erd()).json()
    row = Transaction.objects.get(pk=made["id"])
    event = row.events.get()
    inquiry = Inquiry.objects.get(pk=row.pk)
    assert str(row).endswith("…456789")
    assert str(event) == " → IN_PROGRESS"
    assert str(inquiry) == made["id"]


def test_a_reference_is_claimed_once_and_the_refusal_names_the_first(
    api: Any, ana: User, beto: User
) -> None:
    first = post(api, ana, mobile(), "/partial-reference").json()
    answer = post(
        api, beto, mobile(customer_full_name="Otra Persona"), "/partial-reference"
    )
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == "DUPLICATE_REFERENCE"
    assert error["details"] == {
        "existing_transaction_id": first["id"],
        "reference": "000012417728",
    }
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize("spelling", ["88120" + "0", "000000088120", "0088120"])
def test_leading_zeros_do_not_hide_a_duplicate(
    api: Any, ana: User, spelling: str
) -> None:
    post(api, ana, transfer(reference="0000088120"), "/full-reference")
    answer = post(api, ana, transfer(reference=spelling), "/full-reference")
    expected = 422 if spelling.lstrip("0") == "88120" else 201
    assert answer.status_code == expected


@pytest.mark.parametrize(
    "change",
    [
        {"phone_number": "584149999999"},
        {"operation_date": "2026-01-02"},
        {"bank_code": "0105"},
        {"reference_number": "000012417729"},
    ],
)
def test_six_digits_repeat_across_days_banks_and_phones(
    api: Any, ana: User, change: dict[str, Any]
) -> None:
    post(api, ana, mobile(), "/partial-reference")
    answer = post(api, ana, mobile(**change), "/partial-reference")
    assert answer.status_code == 201


def test_a_refused_claim_frees_its_reference(api: Any, ana: User, ruben: User) -> None:
    first = post(api, ana, mobile(), "/partial-reference").json()
    gone = api(ruben).delete(f"{TRANSACTIONS}/{first['id']}")
    assert gone.status_code == 204
    assert post(api, ana, mobile(), "/partial-reference").status_code == 201


BAD_FIELDS = [
    ("reference", "12345"),
    ("reference", "1" * 21),
    ("reference", "12 3456789"),
    ("reference", "12345678a"),
    ("reference", "１２３４５６７８９"),
    ("reference", "١٢٣٤٥٦٧٨٩"),
    ("reference", 123456789),
    ("reference", None),
    ("reference", ["123456789"]),
    ("reference", "12345678\n"),
    ("bank", "0134"),
    ("bank", None),
    ("transaction_id", ""),
    ("transaction_id", "a b"),
    ("transaction_id", "ñ"),
    ("transaction_id", "x" * 101),
    ("transaction_id", "abc\n"),
    ("amount", 100),
    ("amount", 100.5),
    ("amount", True),
    ("amount", "0"),
    ("amount", "0.00"),
    ("amount", "-5"),
    ("amount", "-0.00"),
    ("amount", "+5"),
    ("amount", "1.005"),
    ("amount", "1e400"),
    ("amount", "1E5"),
    ("amount", "NaN"),
    ("amount", "Infinity"),
    ("amount", "1_000"),
    ("amount", "1,5"),
    ("amount", "1.234,56"),
    ("amount", "01"),
    ("amount", " 1"),
    ("amount", "١٢.٥٠"),
    ("amount", "１２.５０"),
    ("amount", "9" * 18),
    ("amount", ""),
    ("amount", {"a": 1}),
    ("currency", "XXX"),
    ("currency", "ves"),
    ("operation_date", "2999-01-01"),
    ("operation_date", "9999-12-31"),
    ("operation_date", "0000-00-00"),
    ("operation_date", "2026-02-30"),
    ("operation_date", "1900-01-01"),
    ("operation_date", "01/02/2026"),
    ("operation_date", 20260101),
    ("operation_date", "2026-1-1"),
    ("bank_code", "9999"),
    ("bank_code", "134"),
    ("phone", "04121234"),
    ("phone", "+584121234567"),
    ("metadata", []),
    ("metadata", "x"),
    ("customer", None),
    ("customer", "x"),
    ("customer", []),
]


@pytest.mark.parametrize(("field", "value"), BAD_FIELDS)
def test_nonsense_is_refused_by_field(
    api: Any, ana: User, field: str, value: object
) -> None:
    answer = post(api, ana, erd(**{field: value}))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "validation"
    assert [name.split(".")[0] for name in error["details"]["fields"]] == [field]
    assert not Transaction.objects.exists()


BAD_CUSTOMERS = [
    ("full_name", "X"),
    ("full_name", "Ana 1"),
    ("full_name", "Ana<b>"),
    ("full_name", "a" * 256),
    ("full_name", "Аna Gil"),  # a Cyrillic capital A
    ("full_name", "Ana\u202egil"),
    ("full_name", "Ana\u200bGil"),
    ("full_name", "=cmd"),
    ("full_name", 5),
    ("phone", "0212123456"),
    ("phone", "02121234567"),
    ("phone", "5841412345678"),
    ("phone", "0414-1234567"),
    ("national_id", "12345678"),
    ("national_id", "V123"),
    ("national_id", "V1234567890"),
    ("national_id", "J1234567"),
    ("national_id", "X12345678"),
    ("concept", "x" * 501),
]


@pytest.mark.parametrize(("field", "value"), BAD_CUSTOMERS)
def test_nonsense_about_the_customer_is_refused(
    api: Any, ana: User, field: str, value: object
) -> None:
    body = erd()
    body["customer"] = {**body["customer"], field: value}
    answer = post(api, ana, body)
    assert answer.status_code == 400
    assert list(answer.json()["error"]["details"]["fields"]) == [f"customer.{field}"]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("maría  josé", "María José"),
        ("O'BRIEN de la cruz", "O'Brien De La Cruz"),
        ("ana-lucía st. john", "Ana-Lucía St. John"),
        ("Jose\u0301", "José"),
        ("Łukasz Żółw", "Łukasz Żółw"),
        ("Σωκράτης", "Σωκράτης"),
    ],
)
def test_names_of_people_are_taken_as_they_are(
    api: Any, ana: User, typed: str, stored: str
) -> None:
    answer = post(api, ana, transfer(customer_full_name=typed), "/full-reference")
    assert answer.status_code == 201
    assert answer.json()["customer_full_name"] == stored


@pytest.mark.parametrize(
    "document", ["V1234", "v12345678", "E123456789", "J12345678", "G1234567890"]
)
def test_documents_of_persons_and_companies_are_taken(
    api: Any, ana: User, document: str
) -> None:
    answer = post(api, ana, transfer(customer_document=document), "/full-reference")
    assert answer.json()["customer_document"] == document.upper()


def test_another_than_its_form_is_refused_whole(api: Any, ana: User) -> None:
    for body in ([], "text", 5, None, [erd()]):
        answer = post(api, ana, body)
        assert answer.status_code == 400, body
    assert not Transaction.objects.exists()


def test_the_cashier_usually_reads_the_verdict_at_once(
    api: Any, ana: User, bank: Any
) -> None:
    arrives(bank, mobile())
    answer = post(api, ana, mobile(), "/partial-reference")
    body = answer.json()
    assert answer.status_code == 201
    assert body["status"] == "COMPLETED"
    assert body["status_reason"] == "MATCHED"
    assert body["details"]["amount"] == 2350.75
    assert "trnTime" not in body["details"]
    assert body["banesco_details"] == body["details"]


def test_without_a_stated_amount_the_banks_is_recorded(
    api: Any, ana: User, bank: Any
) -> None:
    arrives(bank, mobile())
    body = mobile()
    del body["amount"]
    answer = post(api, ana, body, "/partial-reference").json()
    assert answer["status"] == "COMPLETED"
    assert answer["amount"] == "2350.75"
    assert answer["claimed_amount"] is None


def test_the_clinic_may_want_a_person_to_see_unstated_amounts(
    api: Any, ana: User, bank: Any, settings: Any
) -> None:
    settings.REVIEW_UNSTATED_AMOUNT = True
    arrives(bank, mobile())
    answer = post(api, ana, mobile(amount=None), "/partial-reference").json()
    assert (answer["status"], answer["status_reason"]) == (
        "TO_REVIEW",
        "AMOUNT_UNSTATED",
    )


def test_nobody_hides_behind_anothers_uuid(
    api: Any, ana: User, beto: User, ruben: User
) -> None:
    """A client's own id may be any; what is asked for by UUID is that very row."""
    first = post(api, ana, transfer(), "/full-reference").json()
    copied = erd(transaction_id=first["id"], reference="555666777")
    second = post(api, beto, copied).json()
    reviewer = api(ruben)
    assert reviewer.get(f"{TRANSACTIONS}/{first['id']}").json()["id"] == first["id"]
    assert reviewer.get(f"{TRANSACTIONS}/{second['id']}").json()["id"] == second["id"]
    deleted = reviewer.post(f"{TRANSACTIONS}/bulk-delete", [first["id"]], format="json")
    assert deleted.status_code == 204
    assert Transaction.objects.get(deleted_at=None).pk.hex == second["id"].replace(
        "-", ""
    )


@pytest.mark.parametrize("name", ["full-reference", "partial-reference", "bulk-delete"])
def test_an_id_named_like_an_address_is_refused(api: Any, ana: User, name: str) -> None:
    """Nobody could ever ask for it."""
    answer = post(api, ana, erd(transaction_id=name))
    assert answer.status_code == 400
    assert list(answer.json()["error"]["details"]["fields"]) == ["transaction_id"]
