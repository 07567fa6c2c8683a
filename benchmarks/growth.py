"""The books when they are full: the proof of all that is in them, posting beside books
of 100,000, and both again after a cut by time.

`python -m benchmarks growth --rows 10000000` is the size that the books are made for.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.figures import ratio
from benchmarks.size import Size
from benchmarks.stage import Stage, say

FEW = 100_000
# Of indexes that were just built, packed, the page that each account writes to next
# splits in the first hundred thousands of transfers; in the life of books that is once.
WARM = 4
ROUNDS = 5
CEILING = 1.3
# For books of ten million; smaller ones must be proved in their share of it.
PROOF_SECONDS = 120
_NEXT_YEAR = timedelta(days=365)


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("few") as few, stage.database("full") as full:
        say(f"growth: books of {FEW} and of {size.rows}")
        stage.chore("fill_books", few, FEW)
        filled = stage.chore("fill_books", full, size.rows)
        parts = {"proof": _proof(stage, full, size)}
        parts["growth"] = _grown(stage, few, full, size)
        cut = stage.chore("cut_books", full, str(datetime.now(UTC).date() + _NEXT_YEAR))
        parts["proof_after_cut"] = _proof(stage, full, size)
        parts["growth_after_cut"] = _grown(stage, few, full, size)
    growth = parts["growth"]
    return {
        "figure": growth["figure"],
        "baseline": growth["baseline"],
        "ratio": growth["ratio"],
        "ceiling": CEILING,
        "filled_seconds": filled,
        "cut": cut,
        "parts": parts,
        "ok": all(part["ok"] for part in parts.values()),
    }


def _proof(stage: Stage, url: str, size: Size) -> dict[str, Any]:
    """By one process, and by as many as there are cores."""
    alone, told = (
        stage.chore("prove_books", url, each) for each in (1, os.cpu_count())
    )
    allowed = PROOF_SECONDS * size.rows / 10_000_000
    return {
        "figure": told,
        "by_one": alone,
        "ceiling_seconds": allowed,
        "ok": told["seconds"] <= allowed and not told["problems"],
    }


def _grown(stage: Stage, few: str, full: str, size: Size) -> dict[str, Any]:
    """Rounds in turns."""
    asked = {"kinds": ["uniform"], "rounds": 1, "seconds": size.seconds}
    turns = [
        [stage.chore("post_rounds", url, asked)["uniform"] for url in (few, full)]
        for _ in range(WARM + ROUNDS)
    ][WARM:]
    baseline, figure = (
        {key: median(one[key] for one in ones) for key in ones[0]}
        for ones in zip(*turns, strict=True)
    )
    grown = ratio(baseline["per_second"], figure["per_second"])
    return {
        "figure": figure,
        "baseline": baseline,
        "ratio": grown,
        "cpu_ratio": ratio(_cpu(figure), _cpu(baseline)),
        "ceiling": CEILING,
        "ok": grown <= CEILING,
    }


def _cpu(told: dict[str, float]) -> float:
    return told["client_us"] + told["server_us"]
