"""Posting to the books: batches, single transfers and an open loop.

The yardstick of batches is COPY of such rows into such a table, in turns with them; of
the journal, the same batches without it. The sealer of the journal runs beside what is
journaled.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from areamedica.devstack.processes import Process
from benchmarks.figures import ratio
from benchmarks.posters import LATEST_MS
from benchmarks.size import Size
from benchmarks.stage import PROJECT, Stage, say

FEW = 100_000
ROUNDS = 5
OF_COPY = 0.4
OF_UNJOURNALED = 0.6
PER_SECOND = 30_000
SINGLY = 2_500
CALM_AFTER_SECONDS = 10
_RATE, _SPIKE = 10_000, 50_000


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("post") as url:
        say(f"post: books of {FEW}")
        stage.chore("fill_books", url, FEW)
        parts = {
            "batches": _batches(stage, url, size),
            "journal": _journal(stage, url, size),
            "singly": _singly(stage, url, size),
            "open_loop": _open_loop(stage, url, size),
        }
    batches = parts["batches"]
    return {
        "figure": batches["figure"],
        "baseline": batches["baseline"],
        "ratio": batches["ratio"],
        "floor": OF_COPY,
        "parts": parts,
        "ok": all(part["ok"] for part in parts.values()),
    }


def _rounds(stage: Stage, url: str, size: Size, *kinds: str) -> Any:
    given = {"kinds": kinds, "rounds": ROUNDS, "seconds": size.seconds / 2}
    return stage.chore("post_rounds", url, given)


def _batches(stage: Stage, url: str, size: Size) -> dict[str, Any]:
    """Batches of a thousand: any accounts, and one that all have in common."""
    told = _rounds(stage, url, size, "uniform", "copy", "hot")
    copied = told["copy"]["per_second"]
    ratios = {kind: ratio(told[kind]["per_second"], copied) for kind in told}
    return {
        "figure": {"uniform": told["uniform"], "hot": told["hot"]},
        "baseline": {"copy": told["copy"]},
        "ratio": ratios["uniform"],
        "hot_ratio": ratios["hot"],
        "cpu_ratio": ratio(_cpu(told["copy"]), _cpu(told["uniform"])),
        "floor": OF_COPY,
        "floor_per_second": PER_SECOND,
        "ok": min(ratios.values()) >= OF_COPY,
    }


def _cpu(told: dict[str, float]) -> float:
    return told["client_us"] + told["server_us"]


def _journal(stage: Stage, url: str, size: Size) -> dict[str, Any]:
    with _sealer(stage, url):
        told = _rounds(stage, url, size, "uniform", "journaled")
    kept = ratio(told["journaled"]["per_second"], told["uniform"]["per_second"])
    return {
        "figure": told["journaled"],
        "baseline": told["uniform"],
        "ratio": kept,
        "floor": OF_UNJOURNALED,
        "ok": kept >= OF_UNJOURNALED,
    }


@contextmanager
def _sealer(stage: Stage, url: str) -> Iterator[None]:
    process = Process(
        "sealer",
        [sys.executable, "manage.py", "seal", "--forever"],
        log=stage.log("sealer"),
        environment=stage.told(url),
        folder=PROJECT,
    )
    try:
        process.start()
        yield
    finally:
        process.stop()


def _singly(stage: Stage, url: str, size: Size) -> dict[str, Any]:
    told = stage.chore("post_singly", url, size.seconds * 2)
    share = ratio(told["posts"]["per_second"], told["inserts"]["per_second"])
    return {
        "figure": told["posts"],
        "together": told["together"],
        "baseline": told["inserts"],
        "ratio": share,
        "floor_per_second": SINGLY,
        "ok": told["posts"]["per_second"] >= SINGLY,
    }


def _open_loop(stage: Stage, url: str, size: Size) -> dict[str, Any]:
    """Ten thousand a second; then five times that for a while, and back again."""
    long, short = 15 * size.seconds, 2.5 * size.seconds
    phases = [(long, _RATE), (short, _SPIKE), (long, _RATE)]
    steady, spike, after = stage.chore("post_openly", url, phases)
    return {
        "figure": steady,
        "spike": spike,
        "after": after,
        "ceiling_p99_ms": LATEST_MS,
        "ceiling_in_time_after_s": CALM_AFTER_SECONDS,
        "ok": steady["p99_ms"] <= LATEST_MS
        and after["in_time_after_s"] is not None
        and after["in_time_after_s"] <= CALM_AFTER_SECONDS,
    }
