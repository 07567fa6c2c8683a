"""What Prometheus learns about the calls."""

import pytest
from prometheus_client import REGISTRY

from banking import services
from banking.gateways.banesco import token
from banking.gateways.base import Patience
from tests.bank import Bank
from tests.banking.questions import arrive, mobile


def calls(status: str, operation: str) -> float:
    labels = {"status": status, "operation": operation}
    return REGISTRY.get_sample_value("banesco_api_calls_total", labels) or 0.0


@pytest.mark.django_db
def test_every_call_is_counted_by_how_it_ended(bank: Bank) -> None:
    token._shared._memory.clear()
    tokens, found = calls("FOUND", "token"), calls("FOUND", "query")
    missing = calls("MISSING", "query")
    arrive(bank)
    services.find_payment(mobile(), patience=Patience.WORKER)
    services.find_payment(mobile(reference="999999"), patience=Patience.WORKER)
    assert calls("FOUND", "token") == tokens + 1
    assert calls("FOUND", "query") == found + 1
    assert calls("MISSING", "query") == missing + 1
    count = {"operation": "query"}
    assert REGISTRY.get_sample_value("banesco_api_call_seconds_count", count)
