"""What is measured of the books inside Django, for `benchmarks.post` and `growth`.

Accounts have no floor, keys are random, and every figure is of the call alone: making
the postings is not counted, except in the open loop, where it is part of the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from benchmarks.figures import summary
from benchmarks.processes import told_of
from benchmarks.years import indexes_last

ACCOUNTS = 10_000
BATCH = 1_000
DICE = Random()
# All are assets. Transfer n goes from account n + 1 to account n, round and round,
# so that numbers and balances of any leg of the past are known without the one before.
_OPEN = """
INSERT INTO ledger_account (
    id, code, name, kind, currency, owner_type, floor_rule, is_heading)
SELECT md5('case ' || n)::uuid, 'bench-' || n, 'bench', 'asset', 'VES', 'clinic',
       'none', false FROM generate_series(0, %(accounts)s - 1) n;
INSERT INTO ledger_balance (account_id, amount, seq, side, currency, is_frozen)
SELECT md5('case ' || n)::uuid, 0, 0, 1, 'VES', false
  FROM generate_series(0, %(accounts)s - 1) n;
UPDATE ledger_balance b
   SET seq = 2 * %(rounds)s,
       moved_at = CASE WHEN %(rounds)s > 0 THEN '2026-01-03'::timestamptz END
  FROM ledger_account a WHERE a.id = b.account_id AND a.name = 'bench';
"""
_FILL = """
INSERT INTO ledger_transfer (key, debit_id, credit_id, amount, debit_seq, credit_seq,
    debit_balance, credit_balance, at, effective, code, cause_type, cause_id, metadata)
SELECT gen_random_uuid(), d.id, c.id, 100,
       2 * r + CASE WHEN j = 0 THEN 1 ELSE 2 END,
       2 * r + CASE WHEN j = %(accounts)s - 1 THEN 2 ELSE 1 END,
       CASE WHEN j = 0 THEN 100 ELSE 0 END,
       CASE WHEN j = %(accounts)s - 1 THEN 0 ELSE -100 END,
       '2026-01-02 12:00-04'::timestamptz
           + (r * %(accounts)s + j) / 1000 * interval '1 millisecond',
       '2026-01-02', 'bench', 'batch',
       md5('batch ' || (r * %(accounts)s + j) / 1000)::uuid::text, '{}'
  FROM generate_series(%(first)s, %(last)s) r
  CROSS JOIN generate_series(0, %(accounts)s - 1) j
  JOIN LATERAL (SELECT md5('case ' || j)::uuid AS id) d ON true
  JOIN LATERAL (SELECT md5('case ' || (j + 1) %% %(accounts)s)::uuid AS id) c ON true
"""
# The proof reads the digest as the journal writes it, not as PostgreSQL's JSON.
_JOURNAL = """
INSERT INTO audit_record (action, subject_type, subject_id, request_id, facts)
SELECT 'ledger.batch_posted', 'batch', cause_id, '', '{"digest":"' || encode(sha256(
       convert_to(string_agg(concat_ws(' ', key, debit_id, credit_id, amount, effective,
       code, '-') || chr(10), '' ORDER BY key), 'UTF8')), 'hex') || '"}'
  FROM ledger_transfer GROUP BY cause_id
"""


def fill_books(given: int) -> float:
    """Open the accounts and write a past of so many transfers; the seconds it took."""
    from django.db import connection

    rounds, began = given // ACCOUNTS, time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_OPEN, {"accounts": ACCOUNTS, "rounds": rounds})
        with indexes_last(connection.connection):
            for first in range(0, rounds, 100):
                last = min(first + 100, rounds) - 1
                part = {"accounts": ACCOUNTS, "first": first, "last": last}
                cursor.execute(_FILL, part)
        if rounds:
            cursor.execute(_JOURNAL)
        cursor.execute("VACUUM ANALYZE")
    return round(time.monotonic() - began, 1)


def post_rounds(given: dict[str, Any]) -> dict[str, Any]:
    """Kinds of work in turns, so that a busy machine slows each; medians of them."""
    kinds = {name: _KINDS[name]() for name in given["kinds"]}
    for act in kinds.values():
        _round(act, 0.3)
    told: dict[str, list[dict[str, float]]] = {name: [] for name in kinds}
    for _ in range(given["rounds"]):
        for name, act in kinds.items():
            told[name].append(_round(act, given["seconds"]))
    return {
        name: {key: round(median(one[key] for one in ones), 2) for key in ones[0]}
        for name, ones in told.items()
    }


def _round(act: Callable[[], Callable[[], object]], seconds: float) -> dict[str, float]:
    """`act` prepares a thousand and gives what writes them, which alone is timed."""
    times: list[float] = []
    pid = backend()
    client = server = 0.0
    while sum(times) < seconds:
        write = act()
        cpu, busy, began = time.process_time(), cpu_of(pid), time.perf_counter()
        write()
        times.append(time.perf_counter() - began)
        client += time.process_time() - cpu
        server += cpu_of(pid) - busy
    written = len(times) * BATCH
    return {
        "per_second": written / sum(times),
        **summary([each * 1000 for each in times], 0.5, 0.99),
        "client_us": client * 1e6 / written,
        "server_us": server * 1e6 / written,
    }


def backend() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def cpu_of(pid: int) -> float:
    """Processor seconds of a process of this machine; 0 where that is not told."""
    try:
        spent = Path(f"/proc/{pid}/schedstat").read_text().split()[0]
    except OSError:
        return 0.0
    return int(spent) / 1e9


def accounts() -> list[UUID]:
    from ledger.models import Account

    found = Account.objects.filter(code__startswith="bench-").order_by("id")
    return list(found.values_list("pk", flat=True))


def _day() -> date:
    """The day of what is booked next: of accounts that were moved ahead, a later one.

    Nearly all payments take effect on it; others enter the index of reading by day.
    """
    from django.db.models import Max

    from ledger.models import Balance

    moved = Balance.objects.aggregate(last=Max("moved_at"))["last"]
    now = datetime.now(UTC)
    return max(moved or now, now).astimezone(ZoneInfo("America/Caracas")).date()


def postings(accounts: list[UUID], *, hot: bool = False) -> Iterator[Any]:
    from ledger.services.posting import Posting

    like = Posting(
        key=uuid4(),
        debit=accounts[0],
        credit=accounts[1],
        amount=Decimal("1.00"),
        currency="VES",
        code="bench",
        effective=_day(),
        cause=("bench", "1"),
    )
    while True:
        debit, credit = DICE.sample(accounts, 2)
        if hot:
            debit, credit = accounts[0], credit if credit != accounts[0] else debit
        yield replace(
            like, key=UUID(int=DICE.getrandbits(128)), debit=debit, credit=credit
        )


def _batches(*, hot: bool) -> Callable[[], Callable[[], object]]:
    from ledger.services.posting import post_batch

    source = postings(accounts(), hot=hot)

    def act() -> Callable[[], object]:
        batch = [next(source) for _ in range(BATCH)]
        return lambda: post_batch(batch)

    return act


def _journaled() -> Callable[[], Callable[[], object]]:
    from accounts.models import Role, User
    from ledger.services.batches import book_batch

    source = postings(accounts())
    actor, _ = User.objects.get_or_create(
        email="books@bench.areamedica.test",
        defaults={"role": Role.objects.get(name="bookkeeper"), "full_name": "Libros"},
    )

    def act() -> Callable[[], object]:
        batch = [next(source) for _ in range(BATCH)]
        return lambda: book_batch(postings=batch, actor=actor, batch=uuid4())

    return act


_COPY = """
COPY bench_copy (key, debit_id, credit_id, amount, debit_seq, credit_seq, debit_balance,
    credit_balance, at, effective, code, cause_type, cause_id, metadata, reverses)
FROM STDIN
"""


def _copies() -> Callable[[], Callable[[], object]]:
    """The yardstick: COPY of such rows into such a table, as full and as indexed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_copy")
        cursor.execute("CREATE TABLE bench_copy (LIKE ledger_transfer INCLUDING ALL)")
        cursor.execute("INSERT INTO bench_copy SELECT * FROM ledger_transfer")
    source, seqs = postings(accounts()), count(10**9)

    def act() -> Callable[[], object]:
        lines = "".join(_line(next(source), next(seqs)) for _ in range(BATCH)).encode()

        def write() -> None:
            with (
                connection.cursor() as cursor,
                cursor.copy(_COPY) as copy,
            ):
                copy.write(lines)

        return write

    return act


def _line(one: Any, seq: int) -> str:
    at, day = f"{one.effective} 12:00:00.123456-04", one.effective
    fields = (one.key, one.debit, one.credit, 100, seq, seq, seq, seq, at, day)
    return "\t".join(map(str, (*fields, "bench", "bench", "1", "{}", r"\N"))) + "\n"


_KINDS: dict[str, Callable[[], Callable[[], Callable[[], object]]]] = {
    "uniform": lambda: _batches(hot=False),
    "hot": lambda: _batches(hot=True),
    "copy": _copies,
    "journaled": _journaled,
}


def prove_books(procs: int) -> dict[str, float]:
    """How long the proof of all that is in the books takes, and what it found."""
    from ledger.services.proof import also_ask, prove

    also_ask("bench", list)  # what was posted here is nobody's else
    pid = backend()
    began, busy = time.monotonic(), cpu_of(pid) + _cpu_of_the_ended(pid)
    proof, found = prove(procs)
    return {
        "seconds": round(time.monotonic() - began, 1),
        "server_cpu_seconds": round(cpu_of(pid) + _cpu_of_the_ended(pid) - busy, 1),
        "problems": len(found),
        "transfers": proof.transfers,
    }


def _cpu_of_the_ended(pid: int) -> float:
    """Processor seconds of the server's processes that have ended, as those have that
    took a share of a proof; `pid` is another of them. 0 where that is not told."""
    try:
        return told_of(told_of(pid).parent).cpu_seconds_of_children
    except OSError:
        return 0.0


CHORES = (fill_books, post_rounds, prove_books)
