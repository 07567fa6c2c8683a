"""What must be done inside Django: a child of `benchmarks.stage`, one chore a run.

The answer is JSON on stdout after a record separator; whatever Django prints stands
before it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import django

from benchmarks import books, cutting, posters

_AS_BEHIND_PROXY = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "127.0.0.1"}


def prepare(given: object) -> None:
    """Migrate, hire who works there, and make the yardstick's table."""
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import Role, User
    from benchmarks.bare.table import TABLE

    call_command("migrate", interactive=False, verbosity=0)
    for role in ("cashier", "bookkeeper"):
        User.objects.create_user(
            email=os.environ[f"BENCH_{role.upper()}"],
            password=os.environ["BENCH_PASSWORD"],
            full_name="Caja de Medida",
            role=Role.objects.get(name=role),
        )
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


def statements(given: list[dict[str, Any]]) -> list[list[str]]:
    """The SQL of each request, the second time it is made: caches are warm then."""
    client, seen = _signed_in(), []
    for ask in given:
        for number in (1, 2):
            body = ask["body"] % {"n": number} if ask["body"] else ""
            with _noted() as noted:
                client.generic(ask["method"], ask["path"], body, **_AS_JSON)
        seen.append([each["sql"] for each in noted])
    return seen


def plans(given: list[str]) -> list[list[dict[str, Any]]]:
    """How PostgreSQL answers what each list address asks of the big table."""
    from django.db import connection

    client, explained = _signed_in(), []
    for path in given:
        with _noted() as noted:
            client.get(path, **_AS_BEHIND_PROXY)
        asked = [each["sql"] for each in noted]
        with connection.cursor() as cursor:
            explained.append(
                [_explain(cursor, sql) for sql in asked if _is_about_the_list(sql)]
            )
    return explained


def patients(given: int) -> None:
    """Open an account for each of so many patients."""
    from uuid import UUID

    from benchmarks.bodies import owner
    from ledger.services.accounts import owned_account

    for number in range(given):
        owned_account(number="2100", currency="VES", owner_id=UUID(owner(number)))


def post(given: dict[str, float]) -> float:
    """Transfers a second that the books take, so many at once, from one process."""
    from ledger.services.posting import post_batch

    batches = int(given["seconds"] * given["guess"] / given["size"]) + 1
    wanted = [_postings(number, int(given["size"])) for number in range(batches)]
    began = time.perf_counter()
    for each in wanted:
        post_batch(each)
    return batches * given["size"] / (time.perf_counter() - began)


def _postings(number: int, size: int) -> list[Any]:
    """A batch such as `bodies.many_transfers` asks for."""
    from datetime import date
    from decimal import Decimal
    from uuid import UUID

    from benchmarks import bodies
    from ledger.chart import account_id
    from ledger.services.posting import Posting

    rows = (bodies.transfer(place) for place in range(size))
    return [
        Posting(
            key=UUID(row["key"] % {"n": number}),
            debit=account_id(row["debit"]),
            credit=account_id(row["credit"]),
            amount=Decimal(row["amount"]),
            currency=row["currency"],
            code=row["code"],
            effective=date.fromisoformat(row["effective"]),
            cause=("bench", "1"),
        )
        for row in rows
    ]


def readings(given: dict[str, Any]) -> dict[str, Any]:
    """Milliseconds of each question to the books, and how its rows were found."""
    from django.db import connection

    from benchmarks.questions import QUESTIONS

    gc.collect()
    gc.freeze()  # as the workers of the web server do
    answers = {}
    for name, make in QUESTIONS.items():
        asks = make(given["times"])
        with _noted() as noted:
            asks[0]()
        with connection.cursor() as cursor:
            plan = [_explain(cursor, each["sql"]) for each in noted]
        times = list(_timed(asks))
        answers[name] = {"times_ms": times, "plan": plan}
    return answers


def _timed(asks: Sequence[Callable[[], object]]) -> Iterator[float]:
    """What takes seconds, as a report of a million accounts, is asked less often."""
    spent = 0.0
    for ask in asks:
        if spent > _LONG_MS:
            break
        yield (took := _milliseconds(ask))
        spent += took


def _milliseconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


_LONG_MS = 5_000
_AS_JSON = {"content_type": "application/json", **_AS_BEHIND_PROXY}


def _signed_in() -> Any:
    from django.test import Client

    client = Client()
    answer = client.post(
        "/api/v1/auth/login",
        {
            "email": os.environ["BENCH_CASHIER"],
            "password": os.environ["BENCH_PASSWORD"],
        },
        **_AS_JSON,
    )
    token = answer.json()["access_token"]
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


@contextmanager
def _noted() -> Iterator[list[dict[str, str]]]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as capture:
        noted: list[dict[str, str]] = []
        yield noted
    noted += capture.captured_queries


def _is_about_the_list(sql: str) -> bool:
    return sql.startswith("SELECT") and "transactions_transaction" in sql


def _explain(cursor: Any, sql: str) -> dict[str, Any]:
    cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
    plan = cursor.fetchone()[0][0]
    nodes = list(_nodes(plan["Plan"]))
    return {
        "asks": "count" if "COUNT(" in sql else "rows",
        "nodes": [_named(node) for node in nodes],
        "rows": plan["Plan"]["Actual Rows"],
        "buffers_hit": plan["Plan"]["Shared Hit Blocks"],
        "buffers_read": plan["Plan"]["Shared Read Blocks"],
        "ms": round(plan["Execution Time"], 2),
        "seq_scan": any(node["Node Type"] == "Seq Scan" for node in nodes),
    }


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _named(node: dict[str, Any]) -> str:
    index = node.get("Index Name")
    kind = node["Node Type"]
    return f"{kind} {index}" if index else str(kind)


if __name__ == "__main__":
    django.setup()
    from benchmarks import journal_chores, journal_posting

    named = (prepare, statements, plans, patients, post, readings)
    journal = (*journal_chores.CHORES, *journal_posting.CHORES)
    known = (*named, *books.CHORES, *cutting.CHORES, *posters.CHORES, *journal)
    chores = {chore.__name__: chore for chore in known}
    answer = chores[sys.argv[1]](json.load(sys.stdin))
    sys.stdout.write("\x1e" + json.dumps(answer))
