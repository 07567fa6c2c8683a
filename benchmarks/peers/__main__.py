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

Way = Literal["batch", "one", "one_each"]
ACCOUNTS = 500
ROUNDS = 5
# Transfers of a round, how many are handed over at once, through how many connections.
WORK: dict[Way, tuple[int, int, int]] = {
    "batch": (10_000, 1_000, 1),
    "one": (1_000, 1, 1),
    "one_each": (2_000, 1, 8),
}
GOALS: dict[Way, float] = {"batch": 5, "one": 3, "one_each": 3}
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

    def book(self, way: Way, seed: int) -> dict[str, float]:
        """Transfers per second, and microseconds of processor for each."""
        number, at_once, connections = WORK[way]
        spent = self.tell(
            number=number, at_once=at_once, connections=connections, seed=seed
        )
        python, postgresql = spent["python"], spent["postgresql"]
        return {
            "per_second": number / spent["seconds"],
            "python_us": python / number * 1e6,
            "postgresql_us": postgresql / number * 1e6,
            "cpu_us": (python + postgresql) / number * 1e6,
        }


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


Rounds = dict[str, list[dict[str, float]]]


def _measured(ledgers: list[Ledger], way: Way) -> Rounds:
    """Rounds take turns, so that a busy machine slows all of them; the first warms."""
    found: Rounds = {ledger.name: [] for ledger in ledgers}
    for number in range(ROUNDS + 1):
        for ledger in ledgers:
            round_of = ledger.book(way, seed=number)
            if number:
                found[ledger.name].append(round_of)
    return found


def _judged(found: Rounds, goal: float) -> dict[str, object]:
    median = {
        name: {
            figure: statistics.median(each[figure] for each in rounds)
            for figure in rounds[0]
        }
        for name, rounds in found.items()
    }
    peers = [name for name in found if name != OURS]
    faster = max(peers, key=lambda name: median[name]["per_second"])
    lighter = min(peers, key=lambda name: median[name]["cpu_us"])
    # Of the same round: both met the same machine.
    pairs = zip(found[OURS], found[faster], strict=True)
    ratios = sorted(ours["per_second"] / peer["per_second"] for ours, peer in pairs)
    ratio = statistics.median(ratios)
    return {
        **{n: {f: round(v, 1) for f, v in told.items()} for n, told in median.items()},
        "faster_peer": faster,
        "ratio": round(ratio, 2),
        "ratios": [round(each, 2) for each in ratios],
        "cpu_ratio": round(median[lighter]["cpu_us"] / median[OURS]["cpu_us"], 2),
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
