"""Transfers of which each is due by itself: chores of `benchmarks.post`."""

from __future__ import annotations

import gc
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from benchmarks.books import DICE, accounts, postings
from benchmarks.figures import percentile, summary

CONNECTIONS = 8
LATEST_MS = 100
AHEAD = 500_000


def post_singly(given: float) -> dict[str, Any]:
    """One transfer a database transaction, eight connections; and one bare row each."""
    from ledger.services.posting import post

    source = postings(accounts())
    _bare_table()
    return {
        "posts": _busy(given, source, post),
        "inserts": _busy(given, source, _insert),
    }


def _bare_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_bare (LIKE ledger_transfer INCLUDING ALL)")


def _insert(one: Any) -> None:
    """A row as the poster writes it, without looking at a balance."""
    from django.db import connection

    seq = DICE.getrandbits(62)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_bare (key, debit_id, credit_id, amount, debit_seq,"
            " credit_seq, debit_balance, credit_balance, at, effective, code,"
            " cause_type, cause_id, metadata) VALUES (%s, %s, %s, 100, %s, %s, 0, 0,"
            " now(), current_date, 'bench', 'bench', '1', '{}')",
            [one.key, one.debit, one.credit, seq, seq],
        )


def _busy(
    seconds: float, source: Iterator[Any], act: Callable[[Any], object]
) -> dict[str, float]:
    from django.db import connection

    ready = [[next(source) for _ in range(10_000)] for _ in range(CONNECTIONS)]

    def work(mine: list[Any]) -> list[float]:
        times = []
        connection.ensure_connection()
        until = time.perf_counter() + seconds
        for each in mine:
            began = time.perf_counter()
            if began > until:
                break
            act(each)
            times.append((time.perf_counter() - began) * 1000)
        connection.close()
        return times

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        times = [each for mine in pool.map(work, ready) for each in mine]
    return {"per_second": round(len(times) / seconds), **summary(times, 0.5, 0.99)}


def post_openly(given: list[list[float]]) -> list[dict[str, float]]:
    """Phases of (seconds, transfers a second): each is due at its own moment.

    One writer takes whatever is due, as much as a batch may hold, and posts it. Gives
    for each phase the time from due to booked, and the second of it from which on no
    second's p99 was above `LATEST_MS`.
    """
    from ledger.services.posting import LARGEST_BATCH, post_batch

    gc.disable()  # the writer's; what is made ahead would be looked through again
    source, ahead = postings(accounts()), deque[Any]()
    due, late = _moments(given), [[] for _ in given]
    began, waiting = time.perf_counter(), next(due)
    while waiting:
        batch = []
        now = time.perf_counter() - began
        while waiting and waiting[1] <= now and len(batch) < LARGEST_BATCH:
            batch.append(waiting)
            waiting = next(due, None)
        if not batch:
            _make_ahead(ahead, source)
            continue
        post_batch([ahead.popleft() if ahead else next(source) for _ in batch])
        booked = time.perf_counter() - began
        for phase, moment in batch:
            late[phase].append((moment, (booked - moment) * 1000))
    return [_lateness(each) for each in late]


def _make_ahead(ahead: deque[Any], source: Iterator[Any]) -> None:
    """A client has made his transfers before they are due: so does who is idle."""
    if len(ahead) < AHEAD:
        ahead.extend(islice(source, 20))
    else:
        time.sleep(0.001)


def _lateness(late: list[tuple[float, float]]) -> dict[str, float]:
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    for moment, milliseconds in late:
        seconds[int(moment - late[0][0])].append(milliseconds)
    bad = [at for at, each in seconds.items() if percentile(each, 0.99) > LATEST_MS]
    told = summary([milliseconds for _, milliseconds in late], 0.5, 0.99)
    return {"posted": len(late), **told, "in_time_after_s": max(bad, default=-1) + 1}


def _moments(phases: list[list[float]]) -> Iterator[Any]:
    start = 0.0
    for phase, (seconds, rate) in enumerate(phases):
        for number in range(int(seconds * rate)):
            yield phase, start + number / rate
        start += seconds


CHORES = (post_singly, post_openly)
