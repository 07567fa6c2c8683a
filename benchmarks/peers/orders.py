"""How a ledger's process is spoken to: a line of JSON in, a line of JSON out."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from decimal import Decimal
from functools import cache, partial
from multiprocessing import get_context
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

    Callers are threads, each with its share and a connection of its own, in as many
    processes as a web server would have. By the processor time of those and of
    PostgreSQL two ledgers can be compared on a machine that has other things to do.
    """
    known = int(json.loads(sys.stdin.readline())["accounts"])
    open_accounts(known)
    # As a web server that forks does (deploy/gunicorn.py).
    gc.collect()
    gc.freeze()
    _say(known)
    for line in sys.stdin:
        order = json.loads(line)
        wanted = _wanted(order["number"], known, Random(order["seed"]))
        book, size = (one, 1) if order["at_once"] == 1 else (batch, order["at_once"])
        parts = [wanted[first : first + size] for first in range(0, len(wanted), size)]
        processes = [_process(place) for place in range(order["processes"])]
        shares = [parts[place :: len(processes)] for place in range(len(processes))]
        pairs = list(zip(processes, shares, strict=True))
        pids = [process.submit(os.getpid).result() for process in processes]
        began = _clocks(pids)
        under_way = [
            process.submit(_book, book, order["callers"], share)
            for process, share in pairs
        ]
        for each in under_way:
            each.result()
        ended = _clocks(pids)
        _say({name: ended[name] - began[name] for name in began})


@cache
def _process(place: int) -> ProcessPoolExecutor:
    """A process that has what this one has, accounts above all."""
    return ProcessPoolExecutor(1, get_context("fork"))


def _book(book: Book, callers: int, parts: Sequence[Sequence[Wanted]]) -> None:
    shares = [parts[caller::callers] for caller in range(callers)]
    list(_threads(callers).map(partial(_book_each, book), shares))


def _book_each(book: Book, parts: Sequence[Sequence[Wanted]]) -> None:
    for part in parts:
        book(part)


@cache
def _threads(number: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(number)


def _clocks(pids: Sequence[int]) -> dict[str, float]:
    return {
        "seconds": time.perf_counter(),
        "python": sum(told_of(pid).cpu_seconds for pid in pids),
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
