"""The HTTP figures of AM-64, labelled by route template, never by path."""

from django.http import HttpRequest
from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "http_requests_total",
    "Requests answered",
    ["method", "endpoint", "status_code"],
)
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time to answer a request",
    ["method", "endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
VIEWS_NOT_JOURNALED = Counter(
    "views_not_journaled_total",
    "Looks at personal data that only the log knows of",
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(request: HttpRequest) -> str:
    """The template of the request's address, or `unknown`: one label per route."""
    match = request.resolver_match
    return match.route if match else "unknown"


def count(request: HttpRequest, status: int, seconds: float) -> None:
    """Count one answered request."""
    method = request.method if request.method in _METHODS else "OTHER"
    endpoint = route_of(request)
    REQUESTS.labels(method, endpoint, str(status)).inc()
    DURATION.labels(method, endpoint).observe(seconds)
