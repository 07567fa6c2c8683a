"""Posting with and without records beside it: chores of `benchmarks.journal`."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from benchmarks.books import backend, cpu_of
from benchmarks.journal_chores import A_STREAM, stream

_ROUNDS = 6
_CONNECTIONS = 8


def slowing(given: dict[str, Any]) -> dict[str, Any]:
    """What a record for each posting adds to its processor time, in turns without.

    A hundred a transaction through one connection, and one through each of eight. Of
    each kind the cheapest round counts: others on this machine only ever add.
    """
    return {
        "batches": _slowed(1, 100, given["seconds"]),
        "singly": _slowed(_CONNECTIONS, 1, given["seconds"]),
    }


def _slowed(connections: int, at_once: int, seconds: float) -> dict[str, float]:
    rounds: dict[int, list[tuple[float, float]]] = {0: [], at_once: []}
    with ThreadPoolExecutor(connections) as pool:
        accounts = list(pool.map(lambda _: _funded(), range(connections)))
        for _ in range(_ROUNDS):
            for events, kept in rounds.items():
                kept.append(_round(pool, accounts, at_once, events, seconds / _ROUNDS))
    alone, beside = (min(sum(each) for each in kept) for kept in rounds.values())
    client, server = min(rounds[at_once], key=sum)
    return {
        "us_alone": round(alone, 1),
        "us": round(beside, 1),
        "client_us": round(client, 1),
        "server_us": round(server, 1),
        "slowed": round(1 - alone / beside, 3),
    }


def _round(
    pool: ThreadPoolExecutor,
    accounts: list[tuple[UUID, UUID]],
    at_once: int,
    events: int,
    seconds: float,
) -> tuple[float, float]:
    """Processor microseconds for one posting: of this process, of PostgreSQL."""
    ready = threading.Barrier(len(accounts))
    told = _events(events)

    def work(mine: tuple[UUID, UUID]) -> tuple[int, float]:
        ready.wait()
        pid, done = backend(), 0
        busy, end = cpu_of(pid), time.monotonic() + seconds
        while time.monotonic() < end:
            _post(mine, at_once, told)
            done += at_once
        return done, cpu_of(pid) - busy

    cpu = time.process_time()
    ends = list(pool.map(work, accounts))
    posted, server = (sum(column) for column in zip(*ends, strict=True))
    return (time.process_time() - cpu) * 1e6 / posted, server * 1e6 / posted


def _events(number: int) -> list[Any]:
    """As many records, of rows that nobody locks here."""
    streams = [stream(each) for each in range(number // A_STREAM + 1)]
    told = [_without_version(event) for events in streams for event in events]
    return told[:number]


def _post(accounts: tuple[UUID, UUID], postings: int, events: list[Any]) -> None:
    from django.db.transaction import atomic

    from audit.services import record_all
    from ledger.services.posting import post_batch

    with atomic():
        post_batch([_posting(*accounts) for _ in range(postings)])
        record_all(events)


def post_recorded(given: dict[str, Any]) -> dict[str, Any]:
    """Post for a while on two accounts of its own, `events` records with each batch."""
    accounts, done, events = _funded(), 0, _events(given["events"])
    end = time.monotonic() + given["seconds"]
    while time.monotonic() < end:
        _post(accounts, given["postings"], events)
        done += 1
    return {"batches": done, "seconds": given["seconds"]}


def _without_version(event: Any) -> Any:
    from dataclasses import replace as changed

    return changed(event, version=None)


def _posting(debit: UUID, credit: UUID, amount: str = "0.01") -> Any:
    from ledger.services.posting import Posting

    return Posting(
        key=uuid4(),
        debit=debit,
        credit=credit,
        amount=Decimal(amount),
        currency="VES",
        code="bench",
        effective=date(2026, 1, 2),
        cause=("bench", "1"),
    )


def _funded() -> tuple[UUID, UUID]:
    from ledger.chart import CUSTOMER_CREDIT, IN_TRANSIT, account_id, code_of
    from ledger.services.accounts import owned_account
    from ledger.services.posting import post as book

    one, other = (
        owned_account(number=CUSTOMER_CREDIT, currency="VES", owner_id=uuid4())
        for _ in range(2)
    )
    book(_posting(account_id(code_of(IN_TRANSIT, "VES")), one, "1000000.00"))
    return one, other


CHORES = (post_recorded, slowing)
