"""How a ledger's process is spoken to: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache
from random import Random
from typing import NamedTuple

import psycopg

from benchmarks.processes import told_of


class Wanted(NamedTuple):
    """A transfer: places of the accounts, and an amount above zero."""

    debit: int
    credit: int
    amount: Decimal


Book = Callable[[Sequence[Wanted]], None]


def obey(*, open_accounts: Callable[[int], None], batch: Book, one: Book) -> None:
    """Open so many accounts, then book what is asked and say the seconds it took.

    A thread books through a connection of its own. By the processor time of this
    process and of PostgreSQL's two ledgers can be compared on a machine that has other
    things to do.
    """
    known = int(json.loads(sys.stdin.readline())["accounts"])
    open_accounts(known)
    _say(known)
    for line in sys.stdin:
        order = json.loads(line)
        wanted = _wanted(order["number"], known, Random(order["seed"]))
        book, size = (one, 1) if order["at_once"] == 1 else (batch, order["at_once"])
        parts = [wanted[first : first + size] for first in range(0, len(wanted), size)]
        began = _clocks()
        list(_threads(order["connections"]).map(book, parts))
        ended = _clocks()
        _say({name: ended[name] - began[name] for name in began})


@cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number)


def _clocks() -> dict[str, float]:
    return {
        "seconds": time.perf_counter(),
        "python": time.process_time(),
        "postgresql": sum(told_of(pid).cpu_seconds for pid in _backends()),
    }


def _backends() -> list[int]:
    """The processes of PostgreSQL that serve this ledger's database."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as line:
        rows = line.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in rows]


def _wanted(number: int, accounts: int, dice: Random) -> list[Wanted]:
    pairs = (dice.sample(range(accounts), 2) for _ in range(number))
    return [Wanted(a, b, Decimal(dice.randint(1, 10_000)) / 100) for a, b in pairs]


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)
