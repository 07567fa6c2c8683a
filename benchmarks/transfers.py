"""Moving money over HTTP: a thousand transfers a request, and one.

Yardsticks of the same run: the books alone, from one process without HTTP, for the
batches; and for single transfers the bare view of `create`, in the same server.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks import bodies, load
from benchmarks.create import ROW, Contestant
from benchmarks.figures import ratio, summary
from benchmarks.load import Ask, Plan
from benchmarks.size import Size
from benchmarks.stage import BOOKKEEPER, Site, Stage, say

FLOOR = 0.3
PER_SECOND = 15_000
SINGLES_PER_SECOND = 300
P99_MS = 100
ROUNDS = 3
# Two write while two are read: more only wait for the same accounts.
CLIENTS = 4


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("transfers") as url:
        stage.chore("patients", url, bodies.PATIENTS)
        engine = _engine(stage, size.seconds)
        with stage.web(url, "benchmarks.bare.mounted_wsgi") as web:
            web.sign_in(BOOKKEEPER)
            batches, one, once, bare = _compete(web, seconds=size.seconds)
            calm = _paced(web, size.seconds)
    many = round(batches["per_second"] * bodies.BATCH)
    share = ratio(many, engine["batches_per_second"])
    return {
        "figure": {"transfers_per_second": many, **batches},
        "baseline": engine,
        "ratio": share,
        "floor": FLOOR,
        "ok": share >= FLOOR,
        "wanted_per_second": PER_SECOND,
        "one_a_request": one,
        "one_a_request_with_idempotency_key": once,
        "one_a_request_baseline": bare,
        "one_a_request_ratio": ratio(one["per_second"], bare["per_second"]),
        "one_a_request_wanted_per_second": SINGLES_PER_SECOND,
        "at_half_of_that": {**calm, "wanted_p99_ms": P99_MS},
    }


def _engine(stage: Stage, seconds: float) -> dict[str, float]:
    """What the books take without HTTP, of the same transfers."""
    told: dict[str, float] = {}
    for name, size, guess in (("batches", bodies.BATCH, 20_000), ("singles", 1, 500)):
        with stage.database("engine") as url:
            stage.chore("patients", url, bodies.PATIENTS)
            given = {"seconds": seconds, "size": size, "guess": guess}
            told[f"{name}_per_second"] = round(stage.chore("post", url, given))
        say(f"engine, {name}: {told[f'{name}_per_second']}/s")
    return told


def _compete(web: Site, *, seconds: float) -> list[dict[str, float]]:
    """By turns, so that a busy machine slows all alike; the first turn warms up."""
    row = json.dumps(ROW, ensure_ascii=False)
    many = bodies.many_transfers(web.headers)
    contestants = [
        Contestant("batches", web, many, clients=CLIENTS, status=200),
        Contestant("one", web, bodies.one_transfer(web.headers)),
        Contestant("one, once", web, bodies.one_transfer_once(web.headers)),
        Contestant("bare view", web, Ask("/bench/rows", "POST", row, web.headers)),
    ]
    for number in range(ROUNDS + 1):
        for place, contestant in enumerate(contestants):
            if number == 1:
                contestant.forget()
            first = 1 + place * 10_000_000 + number * 1_000_000
            contestant.run(seconds if number else 1.0, first=first)
    return [contestant.figures() for contestant in contestants]


def _paced(web: Site, seconds: float) -> dict[str, float]:
    """One transfer a request at half of what is wanted, whatever the answers take."""
    ask, pace = bodies.one_transfer(web.headers), SINGLES_PER_SECOND / 2
    plan = Plan(web.port, [ask], 32, seconds, status=201, first=90_000_000, pace=pace)
    measured = load.run(plan)
    return {
        "per_second": round(measured.per_second, 1),
        **summary(measured.times_ms, 0.5, 0.99),
    }
