"""The manager front end's calls as it makes them, with its traps (facts, section 7)."""

from datetime import datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.conftest import PASSWORD
from tests.transactions.bodies import arrives, mobile, today

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ORIGIN = {"Origin": "https://manager.example"}


@pytest.fixture
def browser(ruben: User) -> APIClient:
    """Signed in as its server does it; no trailing slash, no cookie."""
    client = APIClient()
    answer = client.post(
        "/api/v1/auth/login",
        {"email": ruben.email, "password": PASSWORD},
        format="json",
    )
    tokens = answer.json()
    assert {"access_token", "refresh_token", "token_type", "expires_in"} <= set(tokens)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}")
    assert answer.cookies == {}
    return client


def test_its_whole_walk(browser: APIClient, bank: Any) -> None:
    me = browser.get("/api/v1/auth/me").json()
    assert {"phone", "national_id", "is_verified", "permissions"} <= set(me)

    sent = mobile(amount=None)
    del sent["amount"]
    made = browser.post(
        "/api/v1/transactions/partial-reference", sent, format="json", headers=ORIGIN
    ).json()
    assert made["id"]
    assert made["amount"] is None

    listed = browser.get(
        "/api/v1/transactions",
        {
            "offset": 0,
            "limit": 10,
            "search": "jose",
            "start_date": today(),
            "end_date": today(),
            "status": ["IN_PROGRESS", "TO_REVIEW", "UNKNOWN"],
        },
    ).json()
    assert (listed["total"], listed["offset"], listed["limit"]) == (1, 0, 10)

    arrives(bank, mobile())
    from banking.models import AskBudget

    AskBudget.objects.all().delete()
    assert browser.post(f"/api/v1/transactions/{made['id']}/refresh").status_code == 200
    shown = browser.get(f"/api/v1/transactions/{made['id']}").json()
    assert shown["status"] == "COMPLETED"
    assert shown["amount"] == "2350.75"
    assert isinstance(shown["details"], dict)
    assert isinstance(shown["details"]["amount"], float)
    assert shown["bank_code"] == "0102"
    datetime.fromisoformat(shown["created_at"])


def test_a_duplicate_is_422_with_a_link(browser: APIClient, bank: Any) -> None:
    first = browser.post(
        "/api/v1/transactions/partial-reference", mobile(), format="json"
    ).json()
    again = browser.post(
        "/api/v1/transactions/partial-reference", mobile(), format="json"
    )
    assert again.status_code == 422
    error = again.json()["error"]
    assert (error["code"], error["details"]["existing_transaction_id"]) == (
        "DUPLICATE_REFERENCE",
        first["id"],
    )


def test_a_transfers_row_has_a_time_it_can_read(browser: APIClient, bank: Any) -> None:
    bank.add(
        kind="TRANSFER",
        reference="000000088120",
        amount="100.00",
        date="2026-03-14",
        time="11:42:07",
    )
    made = browser.post(
        "/api/v1/transactions/full-reference",
        {"reference": "000000088120", "customer_full_name": "María Núñez"},
        format="json",
    ).json()
    assert made["status"] == "COMPLETED"
    assert made["details"]["trnTime"] == "11:42:07"


def test_deleting_one_and_many(browser: APIClient, ana: User, bank: Any) -> None:
    ids = [
        browser.post(
            "/api/v1/transactions/full-reference",
            {"reference": f"00000008812{digit}", "customer_full_name": "María Núñez"},
            format="json",
        ).json()["id"]
        for digit in range(3)
    ]
    assert browser.delete(f"/api/v1/transactions/{ids[0]}").status_code == 204
    rest = browser.post("/api/v1/transactions/bulk-delete", ids[1:], format="json")
    assert rest.status_code == 204
    assert browser.get("/api/v1/transactions").json()["total"] == 0
