"""Creating a transaction over HTTP, 16 clients, the bank question off.

Two yardsticks, each in turn with ours: a Django + DRF view that checks three fields and
inserts one row, mounted in the very same server; and the same view in a Django of its
own without any middleware, which shows what the middleware costs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks import bodies, load
from benchmarks.figures import ratio, summary
from benchmarks.load import Ask, Measured, Plan
from benchmarks.processes import cpu_seconds, watched
from benchmarks.size import Size
from benchmarks.stage import Site, Stage, say

FLOOR = 0.35
CLIENTS = 16
ROUNDS = 3
ROW = {"reference": "%(n)012d", "full_name": "María Núñez", "amount": bodies.AMOUNT}


@dataclass
class Contestant:
    """One address under load, and what came of its rounds."""

    name: str
    site: Site
    ask: Ask
    clients: int = CLIENTS
    status: int = 201
    rounds: list[Measured] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def run(self, seconds: float, first: int) -> None:
        before = cpu_seconds(self.site.process)
        asks = [self.ask]
        plan = Plan(
            self.site.port, asks, self.clients, seconds, status=self.status, first=first
        )
        self.rounds.append(load.run(plan))
        self.cpu_seconds += cpu_seconds(self.site.process) - before
        say(f"{self.name} {self.rounds[-1].per_second:.0f}/s")

    def forget(self) -> None:
        """What came before was to warm up."""
        self.rounds.clear()
        self.cpu_seconds = 0.0

    def figures(self) -> dict[str, float]:
        times = [each for measured in self.rounds for each in measured.times_ms]
        rates = [measured.per_second for measured in self.rounds]
        return {
            "per_second": round(median(rates), 1),
            **summary(times, 0.5, 0.99),
            "web_cpu_ms": round(self.cpu_seconds * 1000 / len(times), 2),
            "requests": len(times),
            "broken": sum(measured.broken for measured in self.rounds),
        }


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("create") as url:
        statements = _statements(stage, url)
        with (
            stage.web(url, "benchmarks.bare.mounted_wsgi") as ours,
            stage.web(url, "benchmarks.bare.wsgi") as bare,
            watched({"web": ours.process, "bare_web": bare.process}) as memory,
        ):
            ours.sign_in()
            figures = _compete(ours, bare, seconds=size.seconds)
    figure, baseline, alone = figures
    share = ratio(figure["per_second"], baseline["per_second"])
    return {
        "figure": figure,
        "baseline": baseline,
        "ratio": share,
        "floor": FLOOR,
        "ok": share >= FLOOR,
        "baseline_without_middleware": alone,
        "ratio_without_middleware": ratio(figure["per_second"], alone["per_second"]),
        "sql_statements": len(statements),
        "memory": memory,
    }


def _statements(stage: Stage, url: str) -> list[str]:
    ask = bodies.record({})
    told = {"method": ask.method, "path": ask.path, "body": ask.body}
    statements: list[list[str]] = stage.chore("statements", url, [told])
    return statements[0]


def _compete(ours: Site, bare: Site, *, seconds: float) -> list[dict[str, float]]:
    """By turns, so that a busy machine slows all alike; the first turn warms up."""
    row = json.dumps(ROW, ensure_ascii=False)
    contestants = [
        Contestant("ours", ours, bodies.record(ours.headers)),
        Contestant("bare view", ours, Ask("/bench/rows", "POST", row, ours.headers)),
        Contestant("bare Django", bare, Ask("/bench/rows", "POST", row, bare.headers)),
    ]
    for number in range(ROUNDS + 1):
        for contestant in contestants:
            if number == 1:
                contestant.forget()
            length = seconds if number else 1.0
            contestant.run(length, first=1_000 + number * 100_000)
    return [contestant.figures() for contestant in contestants]
