"""Transfers of which each is due by itself: chores of `benchmarks.post`."""

from __future__ import annotations

import gc
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Lock
from typing import Any

from benchmarks.books import DICE, accounts, postings
from benchmarks.figures import percentile, summary

CONNECTIONS = 8
LATEST_MS = 100
AHEAD = 500_000
WRITERS = 2
# As much as the books take at once; said here, for Django is not there yet.
LARGEST = 8_000


def post_singly(given: float) -> dict[str, Any]:
    """One transfer a database transaction, eight connections; the same where those of
    one moment share it; and one bare row each."""
    from ledger.services.posting import post, post_batch

    source = postings(accounts())
    _bare_table()
    return {
        "posts": _busy(given, source, lambda one: post_batch([one])),
        "together": _busy(given, source, post),
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


def post_openly(phases: list[list[float]]) -> list[dict[str, float | None]]:
    """Phases of (seconds, transfers a second): each is due at its own moment.

    Two writers: one gets ready what is due, as much as a batch may hold, while the
    other's is posted. Gives for each phase the time from due to booked, and the first
    second of it in which the p99 of that is at most `LATEST_MS`.
    """
    from ledger.services.posting import post_batch

    gc.disable()  # the writers'; what is made ahead would be looked through again
    till, booked = _Till(phases), list[tuple[range, float]]()

    def write() -> None:
        while batch := till.take():
            places, wanted = batch
            post_batch(wanted)
            booked.append((places, till.now))

    with ThreadPoolExecutor(WRITERS) as pool:
        for ended in [pool.submit(write) for _ in range(WRITERS)]:
            ended.result()
    at = {place: moment for places, moment in booked for place in places}
    dues = _dues(phases)
    return [_lateness([(due, at[place]) for place, due in each]) for each in dues]


class _Till:
    """Hands out what is due to whoever asks, with the places of it among all.

    A client has made his transfers before they are due: so does who finds none.
    """

    def __init__(self, phases: list[list[float]]) -> None:
        self._phases, self._taken = phases, 0
        self._all = sum(int(seconds * rate) for seconds, rate in phases)
        self._source, self._ahead = postings(accounts()), deque[Any]()
        self._lock, self._began = Lock(), time.perf_counter()

    @property
    def now(self) -> float:
        return time.perf_counter() - self._began

    def take(self) -> tuple[range, list[Any]] | None:
        with self._lock:
            while not (number := min(self._due() - self._taken, LARGEST)):
                if self._taken == self._all:
                    return None
                self._make_ahead()
            places = range(self._taken, self._taken + number)
            self._taken = places.stop
            return places, [self._made() for _ in places]

    def _due(self) -> int:
        due, left = 0, self.now
        for seconds, rate in self._phases:
            due += int(min(max(left, 0.0), seconds) * rate)
            left -= seconds
        return due

    def _made(self) -> Any:
        return self._ahead.popleft() if self._ahead else next(self._source)

    def _make_ahead(self) -> None:
        if len(self._ahead) < AHEAD:
            self._ahead.extend(islice(self._source, 20))
        else:
            time.sleep(0.001)


def _dues(phases: list[list[float]]) -> Iterator[list[tuple[int, float]]]:
    """Of each phase the places and the moments at which they are due."""
    start, first = 0.0, 0
    for seconds, rate in phases:
        number = int(seconds * rate)
        yield [(first + each, start + each / rate) for each in range(number)]
        start, first = start + seconds, first + number


def _lateness(phase: list[tuple[float, float]]) -> dict[str, float | None]:
    late = [(booked - due) * 1000 for due, booked in phase]
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    for (due, _), each in zip(phase, late, strict=True):
        seconds[int(due - phase[0][0])].append(each)
    good = (at for at, each in seconds.items() if percentile(each, 0.99) <= LATEST_MS)
    told = summary(late, 0.5, 0.99)
    return {"posted": len(late), **told, "in_time_after_s": next(good, None)}


CHORES = (post_singly, post_openly)
