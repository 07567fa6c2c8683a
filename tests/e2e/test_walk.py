"""The walk through the finished clinic, over HTTP, against the demo's own processes."""

import pytest

from tests.e2e.claims import arrives, mobile, record
from tests.e2e.demo import Demo, Person

pytestmark = [pytest.mark.e2e]


def test_money_that_is_there_is_confirmed_at_the_till(
    demo: Demo, cashier: Person
) -> None:
    body = mobile()
    arrives(demo, body)
    answer = record(cashier, body)
    assert answer.status_code == 201
    assert answer.json()["status"] == "COMPLETED"
    assert answer.json()["amount"] == "2350.75"


def test_another_cashier_with_the_same_reference_is_shown_the_first(
    demo: Demo, cashier: Person
) -> None:
    body = mobile()
    arrives(demo, body)
    first = record(cashier, body).json()
    other = demo.sign_in("cashier2")
    answer = record(other, {**body, "customer_full_name": "Otra Persona"})
    refusal = answer.json()["error"]
    assert answer.status_code == 422
    assert refusal["code"] == "DUPLICATE_REFERENCE"
    assert refusal["details"]["existing_transaction_id"] == first["id"]
    assert other.get(f"/transactions/{first['id']}").json()["status"] == "COMPLETED"


def test_a_cent_less_is_rejected_by_a_reviewer_and_told_by_the_auditor(
    demo: Demo, cashier: Person, reviewer: Person, auditor: Person
) -> None:
    body = mobile()
    arrives(demo, body, amount="2350.74")
    claim = record(cashier, body).json()
    assert (claim["status"], claim["status_reason"]) == ("TO_REVIEW", "AMOUNT_DIFFERS")
    different = [fact for fact in claim["comparison"] if fact["equal"] is False]
    assert different == [
        {"field": "amount", "claimed": "2350.75", "bank": "2350.74", "equal": False}
    ]

    why = {"reason": "El monto no cubre la factura"}
    one = f"/transactions/{claim['id']}"
    assert cashier.post(f"{one}/reject", why).status_code == 403
    assert auditor.post(f"{one}/reject", why).status_code == 403
    decided = reviewer.post(f"{one}/reject", why)
    assert decided.status_code == 200
    assert decided.json()["status"] == "CANCELED"
    again = reviewer.post(f"{one}/approve", why)
    assert (again.status_code, again.json()["error"]["code"]) == (
        409,
        "INVALID_TRANSITION",
    )

    story = auditor.get(f"{one}/events").json()
    told = [
        (each["old_status"], each["new_status"], each["reason"], each["actor_type"])
        for each in story
    ]
    assert told == [
        ("", "IN_PROGRESS", "RECORDED", "USER"),
        ("IN_PROGRESS", "TO_REVIEW", "AMOUNT_DIFFERS", "SYSTEM"),
        ("TO_REVIEW", "CANCELED", "REJECTED", "USER"),
    ]
    assert story[0]["actor"] == cashier.id
    assert (story[2]["actor"], story[2]["note"]) == (reviewer.id, why["reason"])


def test_the_wrong_role_is_refused(demo: Demo, auditor: Person) -> None:
    support = demo.sign_in("support")
    for person in (support, auditor):
        answer = record(person, mobile())
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "FORBIDDEN"
