"""The first contract's requests as its document writes them (seed 000, section 5)."""

from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.conftest import PASSWORD
from tests.transactions.bodies import today

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ITS_OWN = {
    "transaction_id": "TEST123",
    "customer": {
        "full_name": "John Doe",
        "phone": "04161234567",
        "national_id": "V12345678",
        "concept": "Test payment",
    },
    "reference": "123456789",
    "bank": "BANESCO",
}
READS = {
    "id": str,
    "transaction_id": str,
    "status": str,
    "bank": str,
    "reference": str,
    "customer": dict,
    "created_at": str,
    "updated_at": str,
}


@pytest.fixture
def client(ana: User, bank: Any) -> APIClient:
    """Signed in with a bearer token; every address with its trailing slash."""
    client = APIClient()
    answer = client.post(
        "/api/v1/auth/login/",
        {"email": ana.email, "password": PASSWORD},
        format="json",
    )
    assert answer.json()["token_type"] == "bearer"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access_token']}")
    return client


def test_it_creates_reads_and_lists(client: APIClient) -> None:
    made = client.post("/api/v1/transactions/", ITS_OWN, format="json")
    assert made.status_code == 201
    assert made.json()["transaction_id"] == "TEST123"
    assert made.json()["customer"] == ITS_OWN["customer"]

    one = client.get("/api/v1/transactions/TEST123/").json()
    assert {name: type(one[name]) for name in READS} == READS
    assert one["banesco_details"] is None
    assert datetime.fromisoformat(one["created_at"]).tzinfo is not None

    status = client.get("/api/v1/transactions/TEST123/status/").json()
    assert (status["transaction_id"], status["status"]) == ("TEST123", "IN_PROGRESS")

    listed = client.get(
        "/api/v1/transactions/",
        {
            "page": 1,
            "size": 20,
            "status": "IN_PROGRESS",
            "reference": "123456789",
            "phone": "04161234567",
            "from_date": today(),
            "to_date": today(),
        },
    ).json()
    assert [item["id"] for item in listed["items"]] == [one["id"]]
    assert [listed[name] for name in ("total", "page", "size", "pages")] == [
        1,
        1,
        20,
        1,
    ]


def test_it_may_repeat_its_request(client: APIClient) -> None:
    """ "Create or update": the same body again is the same transaction."""
    first = client.post("/api/v1/transactions/", ITS_OWN, format="json")
    again = client.post("/api/v1/transactions/", ITS_OWN, format="json")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    other = {**ITS_OWN, "reference": "987654321"}
    refused = client.post("/api/v1/transactions/", other, format="json")
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "TRANSACTION_ID_REUSED"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("customer.phone", "1234567890"),
        ("customer.national_id", "X1234"),
        ("customer.full_name", "J"),
        ("reference", "12A456789"),
        ("bank", "OTHER"),
    ],
)
def test_its_validators_refuse_what_they_refused(
    client: APIClient, field: str, wrong: str
) -> None:
    body: dict[str, Any] = {**ITS_OWN, "customer": {**ITS_OWN["customer"]}}  # type: ignore[dict-item]
    room, _, name = field.rpartition(".")
    (body[room] if room else body)[name] = wrong
    answer = client.post("/api/v1/transactions/", body, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["error"]["details"]["fields"]) == [field]
