"""What those who watch the system read: health, metrics, headers, documents, logs."""

import json
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from structlog.stdlib import ProcessorFormatter

from accounts.models import User
from areamedica.logs import mask
from tests.conftest import PASSWORD
from tests.transactions.bodies import TRANSACTIONS, arrives, claim, mobile
from transactions.services.submit import submit

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize(
    "path", ["/health", "/health/", "/health/live", "/health/ready", "/api/health"]
)
def test_health_is_open_and_says_ok(path: str) -> None:
    answer = Client().get(path)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_details_name_every_check_and_keep_the_version_for_staff(
    api: Any, ana: User
) -> None:
    open_to_all = Client().get("/health/detailed").json()
    assert set(open_to_all["checks"]) == {
        "database",
        "migrations",
        "cache",
        "broker",
        "bank",
        "disk",
        "journal",
    }
    assert "version" not in open_to_all
    for_staff = api(ana).get("/health/detailed").json()
    assert for_staff["version"] == "1.0.0"
    assert for_staff["uptime_seconds"] >= 0
    odd = APIClient().get(
        "/health/detailed", headers={"Authorization": "Bearer nonsense"}
    )
    assert "version" not in odd.json()


def test_a_bank_that_is_not_asked_degrades_and_no_more(ana: User, bank: Any) -> None:
    from banking.gateways.base import Patience
    from transactions.services.verify import ask_bank

    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    bank.fail("maintenance")
    ask_bank(transaction_id=row.pk, patience=Patience.WORKER, is_urgent=True)
    answer = Client().get("/health/detailed")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert "MAINTENANCE" in answer.json()["checks"]["bank"]
    assert Client().get("/health/ready").status_code == 200


def test_without_redis_the_service_is_degraded_but_ready(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from redis.exceptions import ConnectionError as Gone

    def gone(*_: object, **__: object) -> None:
        raise Gone("no route to 10.0.0.1")

    monkeypatch.setattr("django.core.cache.cache.set", gone)
    answer = Client().get("/health/detailed")
    assert answer.json()["checks"]["cache"] == "ConnectionError"
    assert answer.status_code == 200


def scrape() -> str:
    answer = Client().get(
        "/metrics", headers={"Authorization": "Bearer test-metrics-token"}
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_metrics_are_for_the_scraper_alone(settings: Any) -> None:
    assert Client().get("/metrics").status_code == 403
    wrong = Client().get("/metrics", headers={"Authorization": "Bearer wrong"})
    assert wrong.status_code == 403
    settings.METRICS_ADDRESSES = ["127.0.0.1"]
    assert Client().get("/metrics").status_code == 200


def test_the_figures_of_the_contract(api: Any, ana: User, bank: Any) -> None:
    arrives(bank, mobile())
    client = api(ana)
    client.post(f"{TRANSACTIONS}/partial-reference", mobile(), format="json")
    made = client.post(
        f"{TRANSACTIONS}/full-reference",
        {"reference": "123456", "customer_full_name": "Ana Gil"},
        format="json",
    ).json()
    client.get(f"{TRANSACTIONS}/{made['id']}")
    text = scrape()
    for line in (
        'transactions_total{bank="MOBILE_TRANSFER",status="COMPLETED"} 1.0',
        'transactions_total{bank="BANESCO",status="IN_PROGRESS"} 1.0',
        'bank_circuit_open{bank="banesco"} 0.0',
        "inquiry_dead_letters 0.0",
        "review_queue 0.0",
        "active_users 1.0",
        "journal_disagrees 0.0",
        "journal_replay_differs 0.0",
    ):
        assert line.lower() in text.lower(), line
    assert 'banesco_api_calls_total{operation="query",status="FOUND"}' in text
    assert (
        'http_requests_total{endpoint="api/v1/transactions/<str:id>",method="GET",'
        'status_code="200"}' in text
    )
    assert "http_request_duration_seconds_bucket" in text
    assert made["id"] not in text


def test_the_api_shows_nothing_to_a_browser(api: Any, ana: User) -> None:
    answer = api(ana).get(TRANSACTIONS)
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "strict-origin-when-cross-origin"


def test_the_front_end_may_call_from_its_own_origin_only(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://clinica.example"]
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    ours = Client().options(
        TRANSACTIONS, headers={"Origin": "https://clinica.example", **ask}
    )
    assert ours["Access-Control-Allow-Origin"] == "https://clinica.example"
    assert "Access-Control-Allow-Credentials" not in ours
    theirs = Client().options(
        TRANSACTIONS, headers={"Origin": "https://evil.example", **ask}
    )
    assert "Access-Control-Allow-Origin" not in theirs


def test_the_document_describes_every_address() -> None:
    answer = Client().get("/api/schema", headers={"Accept": "application/json"})
    document = json.loads(answer.content)
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) == {
        "/api/v1/audit/checkpoint",
        "/api/v1/audit/consistency",
        "/api/v1/audit/events/{id}/proof",
        "/api/v1/audit/evidence",
        "/api/v1/audit/reports/compliance",
        "/api/v1/audit/tile/{tile}",
        "/api/v1/auth/login",
        "/api/v1/auth/logout",
        "/api/v1/auth/me",
        "/api/v1/auth/password-reset",
        "/api/v1/auth/password-reset/confirm",
        "/api/v1/auth/refresh",
        "/api/v1/auth/register",
        "/api/v1/auth/second-step",
        "/api/v1/auth/verify-email",
        "/api/v1/auth/verify-email/resend",
        "/api/v1/ledger/accounts",
        "/api/v1/ledger/accounts/{id}",
        "/api/v1/ledger/accounts/{id}/balance",
        "/api/v1/ledger/accounts/{id}/below",
        "/api/v1/ledger/accounts/{id}/close",
        "/api/v1/ledger/accounts/{id}/freeze",
        "/api/v1/ledger/accounts/{id}/history",
        "/api/v1/ledger/accounts/{id}/release",
        "/api/v1/ledger/accounts/{id}/statement",
        "/api/v1/ledger/entries",
        "/api/v1/ledger/entries/{id}",
        "/api/v1/ledger/entries/{id}/reverse",
        "/api/v1/ledger/holds",
        "/api/v1/ledger/holds/{id}",
        "/api/v1/ledger/holds/{id}/post",
        "/api/v1/ledger/holds/{id}/void",
        "/api/v1/ledger/reports/balance-sheet",
        "/api/v1/ledger/reports/income-statement",
        "/api/v1/ledger/reports/trial-balance",
        "/api/v1/ledger/transfers",
        "/api/v1/ledger/transfers/batch",
        "/api/v1/profile",
        "/api/v1/profile/password",
        "/api/v1/transactions",
        "/api/v1/transactions/bulk-delete",
        "/api/v1/transactions/full-reference",
        "/api/v1/transactions/partial-reference",
        "/api/v1/transactions/{id}",
        "/api/v1/transactions/{id}/approve",
        "/api/v1/transactions/{id}/events",
        "/api/v1/transactions/{id}/receipt",
        "/api/v1/transactions/{id}/refresh",
        "/api/v1/transactions/{id}/reject",
        "/api/v1/transactions/{id}/reopen",
        "/api/v1/transactions/{id}/status",
        "/api/v1/transactions/{id}/withdraw",
        "/api/v1/users",
        "/api/v1/users/stats",
        "/api/v1/users/{id}",
        "/api/v1/webhooks",
        "/api/v1/webhooks/{id}",
        "/api/v1/webhooks/{id}/deliveries",
        "/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
        "/api/v1/webhooks/{id}/replay",
        "/api/v1/webhooks/{id}/rotate-secret",
        "/api/v1/webhooks/{id}/test",
    }


def test_the_reader_of_the_document_fetches_nothing_from_elsewhere() -> None:
    page = Client().get("/docs")
    text = page.content.decode()
    assert page.status_code == 200
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    for address in ("/redoc", "/redoc/", "/docs/"):
        assert Client().get(address)["Location"] == "/docs"


@pytest.fixture
def printed() -> Iterator[StringIO]:
    """What goes to stdout, as it would stand there."""
    root = logging.getLogger()
    [formatter] = [
        handler.formatter
        for handler in root.handlers
        if isinstance(handler.formatter, ProcessorFormatter)
    ]
    handler = logging.StreamHandler(StringIO())
    handler.setFormatter(formatter)
    root.addHandler(handler)
    yield handler.stream
    root.removeHandler(handler)


CANARIES = (
    "04141112233",
    "584141112233",
    "V19283746",
    "000099887766",
    "Zutano Canario",
)


def test_no_line_of_the_log_names_a_person(
    api: Any, ana: User, bank: Any, printed: StringIO
) -> None:
    body = mobile(
        phone_number="584141112233",
        customer_phone="584141112233",
        customer_document="V19283746",
        reference_number="000099887766",
        customer_full_name="Zutano Canario",
    )
    client = api(ana)
    client.post(f"{TRANSACTIONS}/partial-reference", body, format="json")
    client.post(f"{TRANSACTIONS}/partial-reference", body, format="json")
    client.post(
        f"{TRANSACTIONS}/partial-reference", {**body, "amount": 5}, format="json"
    )
    client.get(f"{TRANSACTIONS}?search=V19283746&phone=04141112233")
    bank.fail("garbage")
    client.post(
        f"{TRANSACTIONS}/partial-reference",
        {**body, "reference_number": "000099887767"},
        format="json",
    )
    APIClient().post(
        "/api/v1/auth/login",
        {"email": "zutano@canario.test", "password": PASSWORD},
        format="json",
    )
    text = printed.getvalue()
    assert "answered" in text
    secrets = (*CANARIES, "zutano@canario.test", PASSWORD, "sandbox-secret", "eyJ")
    assert [canary for canary in secrets if canary in text] == []


def test_the_masking_leaves_ids_and_times_alone() -> None:
    logger = logging.getLogger("x")
    event = {
        "event": "call 04141234567 of ana@x.test eyJhbGciOi.eyJzdWIi.c2ln",
        "phone": "04141234567",
        "request_id": "123456789",
        "user": "1ad55e34-50e4-4156-9740-1c1aab169c51",
        "milliseconds": 1234567.0,
        "nested": {"token": "abc", "list": ["V12345678"]},
        "nothing": None,
    }
    assert mask(logger, "info", event) == {
        "event": "call *** of *** ***",
        "phone": "***",
        "request_id": "123456789",
        "user": "1ad55e34-50e4-4156-9740-1c1aab169c51",
        "milliseconds": 1234567.0,
        "nested": {"token": "***", "list": ["***"]},
        "nothing": None,
    }
