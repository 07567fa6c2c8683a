"""What Prometheus may know about the banks: counts and times, nothing personal."""

from prometheus_client import Counter, Histogram

CALLS = Counter(
    "banesco_api_calls_total",
    "HTTP calls to the bank, by how they ended",
    ["status", "operation"],
)
SECONDS = Histogram(
    "banesco_api_call_seconds",
    "Time the bank took to answer a call, or we to give up",
    ["operation"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 15, 30),
)


def count_call(*, operation: str, status: str, seconds: float) -> None:
    """Count one HTTP call; `operation` is token or query, `status` its outcome."""
    CALLS.labels(status=status, operation=operation).inc()
    SECONDS.labels(operation=operation).observe(seconds)
