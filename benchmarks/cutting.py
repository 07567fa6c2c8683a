"""The books cut by time while somebody posts: a chore of `benchmarks.growth`."""

from __future__ import annotations

import time
from datetime import date
from threading import Event, Thread
from typing import Any

from benchmarks.books import accounts, postings
from benchmarks.figures import summary

_EACH = 10


def cut_books(given: str) -> dict[str, Any]:
    """Begin a partition on that day; how long it took, and how long who posted waited.

    Then the accounts are moved to the year after, so that what is posted next goes to
    the new partition, as it will.
    """
    from django.db import connection
    from django.utils import timezone

    from ledger.services.partitioning import begin_partition

    over = Event()
    waits: list[float] = []
    poster = Thread(target=_post_until, args=(over, waits))
    poster.start()
    began, first = time.monotonic(), date.fromisoformat(given)
    try:
        begin_partition(first=first, now=timezone.now())
    finally:
        over.set()
        poster.join()
    seconds = round(time.monotonic() - began, 1)
    with connection.cursor() as cursor:
        year = f"{first.year}-12-31"
        cursor.execute("UPDATE ledger_balance SET moved_at = %s", [year])
        cursor.execute("VACUUM ANALYZE ledger_balance")
    return {
        "seconds": seconds,
        "posted_meanwhile": len(waits) * _EACH,
        "post_ms": {**summary(waits, 0.5, 0.99), "longest_ms": round(max(waits), 1)},
    }


def _post_until(over: Event, waits: list[float]) -> None:
    from django.db import connection

    from ledger.services.posting import post_batch

    source = postings(accounts())
    while not over.is_set():
        batch = [next(source) for _ in range(_EACH)]
        began = time.perf_counter()
        post_batch(batch)
        waits.append((time.perf_counter() - began) * 1000)
    connection.close()


CHORES = (cut_books,)
