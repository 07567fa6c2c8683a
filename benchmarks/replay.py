"""The same idempotency key again: the stored answer against the first write."""

from __future__ import annotations

from typing import Any

from benchmarks import bodies, load
from benchmarks.figures import ratio, summary
from benchmarks.load import Ask, Plan
from benchmarks.size import Size
from benchmarks.stage import Site, Stage

CLIENTS = 4
ROUNDS = 3
REQUESTS = 150


def run(stage: Stage, size: Size) -> dict[str, Any]:
    first_ms: list[float] = []
    again_ms: list[float] = []
    with stage.database("replay") as url, stage.web(url) as web:
        web.sign_in()
        for number in range(ROUNDS + 1):
            first, again = _write(web, number), _write(web, number)
            if number:  # the first round warms up
                first_ms += first
                again_ms += again
    figure, baseline = summary(again_ms, 0.5, 0.99), summary(first_ms, 0.5, 0.99)
    share = ratio(figure["p50_ms"], baseline["p50_ms"])
    return {
        "figure": figure,
        "baseline": baseline,
        "ratio": share,
        "ok": share < 1,
    }


def _write(web: Site, round_number: int) -> list[float]:
    """Write under keys that name the round; called again, each says the same again."""
    asks = [
        Ask(
            "/api/v1/transactions",
            "POST",
            bodies.claim(),
            {**web.headers, "Idempotency-Key": f"bench-{round_number}-{number}"},
        )
        for number in range(REQUESTS)
    ]
    first = 1 + round_number * REQUESTS
    plan = Plan(web.port, asks, CLIENTS, 60, REQUESTS, status=201, first=first)
    return load.run(plan).times_ms
