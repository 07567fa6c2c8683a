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
from typing import Any, NamedTuple

from benchmarks.stage import PROJECT, Stage, say

ACCOUNTS = 10_000
# To open more takes it minutes; to book, no matter how many, for it keeps no balances.
OF_HORDAK = 500
ROUNDS = 5


class Way(NamedTuple):
    """How transfers are handed over: how many in all, how many at once, by whom."""

    number: int
    at_once: int
    processes: int = 1
    callers: int = 1  # of each process


# Of these each ledger is judged by the one that is its best.
BATCHES = {
    "of_1000": Way(24_000, 1_000),
    "of_8000": Way(24_000, 8_000),
    "of_8000_by_2": Way(32_000, 8_000, processes=2),
}
SINGLY = {
    "by_1": Way(1_000, 1),
    "by_8": Way(2_400, 1, processes=2, callers=4),
    "by_64": Way(9_600, 1, processes=2, callers=32),
}
OURS = "ours"
Told = dict[str, float]
Round = dict[str, dict[str, Told]]
"""Of each ledger, of each way: what it took."""


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

    def book(self, way: Way, seed: int) -> Told:
        """Transfers per second, and microseconds of processor for each."""
        spent = self.tell(**way._asdict(), seed=seed)
        python, postgresql = spent["python"], spent["postgresql"]
        return {
            "per_second": way.number / spent["seconds"],
            "python_us": python / way.number * 1e6,
            "postgresql_us": postgresql / way.number * 1e6,
            "cpu_us": (python + postgresql) / way.number * 1e6,
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
            number = OF_HORDAK if name == "hordak" else ACCOUNTS
            say(f"{name}: {ledger.tell(accounts=number)} accounts")
            yield ledger
        finally:
            process.communicate()  # the end of its orders; it sends its own home


def _measured(ledgers: list[Ledger], ways: dict[str, Way]) -> list[Round]:
    """All take turns, so that a busy machine slows all of them; the first warms."""
    return [
        {
            ledger.name: {name: ledger.book(way, seed) for name, way in ways.items()}
            for ledger in ledgers
        }
        for seed in range(ROUNDS + 1)
    ][1:]


def _judged(rounds: list[Round], goal: float) -> dict[str, object]:
    """Ours by its best way against the faster peer by its own, round by round."""
    best = [{name: _best(told) for name, told in each.items()} for each in rounds]
    peers = [name for name in rounds[0] if name != OURS]
    faster = max(peers, key=lambda name: statistics.median(one[name] for one in best))
    # Of the same round: both met the same machine.
    ratios = sorted(one[OURS] / one[faster] for one in best)
    ratio = statistics.median(ratios)
    return {
        **{name: _medians([each[name] for each in rounds]) for name in rounds[0]},
        "faster_peer": faster,
        "ratio": round(ratio, 2),
        "ratios": [round(each, 2) for each in ratios],
        "floor": goal,
        "ok": ratio >= goal,
    }


def _best(told: dict[str, Told]) -> float:
    return max(each["per_second"] for each in told.values())


def _medians(rounds: list[dict[str, Told]]) -> dict[str, Told]:
    return {
        way: {
            figure: round(statistics.median(each[way][figure] for each in rounds), 1)
            for figure in rounds[0][way]
        }
        for way in rounds[0]
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
            "in_batches": _judged(_measured(ledgers, BATCHES), goal=5),
            "one_at_a_time": _judged(_measured(ledgers, SINGLY), goal=3),
        }
    print(json.dumps(document, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
