"""`/metrics`: what Prometheus may read, and the figures that live in the database."""

import hmac
import os
from collections.abc import Iterable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from areamedica.addresses import client_address
from areamedica.api.errors import as_http
from areamedica.errors import Forbidden
from audit import figures as journal
from banking.resilience.circuit import State
from banking.services import bank_status
from ledger.services.proof import last_proof
from notifications import figures as webhooks
from transactions import figures


class Business(Collector):
    """Asked of the database at each scrape, so that every process says the same."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        try:
            yield from self._families()
        except DatabaseError:
            # A scrape must still tell what the processes know while PostgreSQL is away.
            connection.close()

    def _families(self) -> Iterable[GaugeMetricFamily]:
        by_status = GaugeMetricFamily(
            "transactions_total", "Transactions", labels=["status", "bank"]
        )
        for status, bank, number in figures.by_status_and_bank():
            by_status.add_metric([status, bank], number)
        yield by_status
        status_now = bank_status()
        circuit = GaugeMetricFamily(
            "bank_circuit_open", "1 while the bank is not asked", labels=["bank"]
        )
        circuit.add_metric(
            [status_now.bank], float(status_now.state is not State.CLOSED)
        )
        yield circuit
        gauges = {
            **figures.queues(),
            **journal.figures(),
            **journal.following(),
            **last_proof(),
            **webhooks.figures(),
        }
        for name, (words, value) in gauges.items():
            family = GaugeMetricFamily(name, words)
            family.add_metric([], value)
            yield family


def _registry() -> CollectorRegistry:
    """This process's figures, or all web processes' when they share a folder."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    registry.register(Business())
    return registry


def _may_read(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    return client_address(request) in settings.METRICS_ADDRESSES


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """For the scraper that holds the token or comes from a named address."""
    if not _may_read(request):
        return as_http(request, Forbidden())
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)
