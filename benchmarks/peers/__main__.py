"""`python -m benchmarks.peers [--pgledger FILE …]`: JSON on stdout.

django-hordak comes with the extra `peers`; pgledger's SQL is not shipped here, name its
files in the order in which they are to be run (docs/benchmarks.md).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Literal

from benchmarks.stage import PROJECT, Stage, say

Way = Literal["batch", "one"]
ACCOUNTS = 500
ROUNDS = 5
# Transfers of a round, and how many of them are handed over at once.
WORK: dict[Way, tuple[int, int]] = {"batch": (10_000, 1_000), "one": (500, 1)}
GOALS: dict[Way, float] = {"batch": 5, "one": 3}
OURS = "ours"


class Ledger:
    """A process that holds one ledger and books when it is told to."""

    def __init__(self, name: str, process: subprocess.Popen[str]) -> None:
        self.name = name
        self._process = process

    def tell(self, **order: object) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"{self.name} has ended; see above.")
        return json.loads(answer)

    def per_second(self, way: Way, seed: int) -> float:
        number, at_once = WORK[way]
        seconds = self.tell(number=number, at_once=at_once, seed=seed)
        return float(number / seconds)


@contextmanager
def _open(stage: Stage, name: str, *given: str) -> Iterator[Ledger]:
    with stage.database(f"peer_{name}") as url:
        process = subprocess.Popen(
            [sys.executable, "-m", f"benchmarks.peers.{name}", *given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **stage.environment, "DATABASE_URL": url},
            cwd=PROJECT,
        )
        try:
            ledger = Ledger(name, process)
            say(f"{name}: {ledger.tell(accounts=ACCOUNTS)} accounts")
            yield ledger
        finally:
            process.kill()
            process.wait()


def _measured(ledgers: list[Ledger], way: Way) -> dict[str, list[float]]:
    """Rounds take turns, so that a busy machine slows all of them; the first warms."""
    found: dict[str, list[float]] = {ledger.name: [] for ledger in ledgers}
    for number in range(ROUNDS + 1):
        for ledger in ledgers:
            rate = ledger.per_second(way, seed=number)
            if number:
                found[ledger.name].append(rate)
    return found


def _judged(found: dict[str, list[float]], goal: float) -> dict[str, object]:
    median = {name: statistics.median(rates) for name, rates in found.items()}
    peers = [name for name in found if name != OURS]
    faster = max(peers, key=lambda name: median[name])
    # Of the same round: both met the same machine.
    ratios = [a / b for a, b in zip(found[OURS], found[faster], strict=True)]
    ratio = statistics.median(ratios)
    return {
        "transfers_per_second": {name: round(rate) for name, rate in median.items()},
        "faster_peer": faster,
        "ratio": round(ratio, 2),
        "ratios": [round(each, 2) for each in ratios],
        "floor": goal,
        "ok": ratio >= goal,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--pgledger", nargs="+", default=[], metavar="FILE")
    given = parser.parse_args()
    with ExitStack() as stack:
        stage = stack.enter_context(Stage())
        ledgers = [stack.enter_context(_open(stage, n)) for n in (OURS, "hordak")]
        if given.pgledger:
            pgledger = _open(stage, "pgledger", *given.pgledger)
            ledgers.append(stack.enter_context(pgledger))
        document = {
            "accounts": ACCOUNTS,
            "rounds": ROUNDS,
            "versions": stage.versions(),
            **{way: _judged(_measured(ledgers, way), GOALS[way]) for way in WORK},
        }
    print(json.dumps(document, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
