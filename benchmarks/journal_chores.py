"""What `benchmarks.journal` has done inside Django, one chore a process."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

# Imported last, when Django is there.
_STARTED = time.process_time()
_HOUSE = UUID("6f9d6c39-6c55-4f0a-8a55-0a3b8d7a6f11")
A_STREAM = 4
_A_TRANSACTION = 1_000
_PATIENCE = 5


def stream(number: int) -> list[Any]:
    """The four records that a transaction leaves which one person decides."""
    from audit.actions import Action
    from audit.services import Event

    subject = ("transaction", uuid5(_HOUSE, str(number)))
    waits, asks = {"trouble": "TIMEOUT"}, {"corrected": ["reference", "bank_code"]}
    told: list[tuple[Action, dict[str, object]]] = [
        (
            Action.TRANSACTION_RECORDED,
            {"type": "TRANSFER", "amount": "120.50", "currency": "VES"},
        ),
        (Action.TRANSACTION_MOVED, _moved("IN_PROGRESS", "TO_REVIEW", **waits)),
        (Action.TRANSACTION_MOVED, _moved("TO_REVIEW", "IN_PROGRESS", **asks)),
        (Action.TRANSACTION_MOVED, _moved("IN_PROGRESS", "CANCELED")),
    ]
    return [
        Event(
            action=action,
            actor_id=_HOUSE,
            subject=subject,
            facts=facts,
            version=version,
        )
        for version, (action, facts) in enumerate(told, start=1)
    ]


def _moved(was: str, became: str, **more: object) -> dict[str, object]:
    reason = "REOPENED" if "corrected" in more else "NOT_SEEN"
    facts = {"schema": 2, "was": was, "became": became, "amount": "120.50"}
    return {**facts, "reason": reason, **more}


_ROWS = """
INSERT INTO transactions_transaction (
    id, transaction_id, status, status_reason, type, bank, bank_code, reference,
    claim_key, customer_full_name, customer_phone, customer_document, payer_phone,
    concept, claimed_amount, amount, currency, asked_day, metadata, candidates,
    comparison, created_by_id, corrected_by_id, search_text, version)
SELECT told.key::uuid, told.key, 'CANCELED', 'NOT_SEEN', 'TRANSFER', 'BANESCO', '', '1',
       told.key, 'x', '', '', '', '', 120.5, 120.5, 'VES', '2026-01-01', '{}', '[]',
       '[]', %(who)s, %(who)s, '', 4
  FROM (SELECT DISTINCT subject_id AS key FROM audit_record WHERE version = 1) told
"""


def fill(given: dict[str, Any]) -> dict[str, Any]:
    """Write so many records by the one way into the journal; and their rows."""
    from django.db import connection
    from django.db.transaction import atomic

    from accounts.models import Role, User
    from audit.services import record_all

    cashier = Role.objects.get(name="cashier")
    User.objects.create(pk=_HOUSE, email="h@bench.areamedica.test", role=cashier)
    began, streams = time.perf_counter(), given["events"] // A_STREAM
    at_once = _A_TRANSACTION // A_STREAM
    for start in range(0, streams, at_once):
        with atomic():
            record_all(
                event
                for number in range(start, min(start + at_once, streams))
                for event in stream(number)
            )
    seconds = time.perf_counter() - began
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_ROWS, {"who": _HOUSE})
        cursor.execute("ANALYZE")
    written = {"events": streams * A_STREAM, "seconds": round(seconds, 2)}
    return {**written, "cpu_seconds": _cpu()}


def seal(given: object) -> dict[str, Any]:
    """Seal the backlog; beside it, the hashes alone of the same bytes."""
    from hashlib import sha256

    from audit.models import Leaf
    from audit.seal import sealing

    began = time.perf_counter()
    sealed = sealing.seal()
    seconds, cpu = time.perf_counter() - began, _cpu()
    entries = list(Leaf.objects.values_list("entry", flat=True)[:100_000])
    began = time.perf_counter()
    for entry in entries:
        sha256(b"\x00" + entry).digest()
    alone = (time.perf_counter() - began) * sealed / len(entries)
    return {
        "records": sealed,
        "seconds": round(seconds, 2),
        "cpu_seconds": cpu,
        "hashes": round(alone, 2),
    }


def verify(given: dict[str, Any]) -> dict[str, Any]:
    from audit.seal.verification import verify as look

    began = time.perf_counter()
    report = look(procs=given["procs"], records=given["records"])
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": _cpu(),
        "findings": len(report.findings),
        "size": report.size,
    }


def offline(given: object) -> dict[str, Any]:
    """Write the whole journal down, and have its own program check it."""
    from audit.evidence.whole import export_whole

    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent, "whole")
        began = time.perf_counter()
        size = export_whole(folder)
        written, cpu = time.perf_counter() - began, _cpu()
        program = [sys.executable, "-I", str(folder / "verify.py"), str(folder)]
        began = time.perf_counter()
        answer = subprocess.run(program, stdout=subprocess.PIPE)
        return {
            "size": size,
            "seconds": round(time.perf_counter() - began, 2),
            "cpu_seconds": round(_cpu() - cpu, 2),
            "holds": answer.returncode == 0,
            "written_seconds": round(written, 2),
            "written_cpu_seconds": cpu,
        }


def _cpu() -> float:
    """Processor time of this chore and of the processes it started, without Django's
    start: where a machine is busy with others, only this can be compared."""
    spent = [
        resource.getrusage(who)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    ]
    return round(sum(each.ru_utime + each.ru_stime for each in spent) - _STARTED, 2)


def proofs(given: object) -> dict[str, Any]:
    """Proofs of two hundred records, as the API gives them."""
    from audit.models import Leaf
    from audit.seal import proofs as proving
    from benchmarks.figures import summary

    last = proving.newest().size
    dice, times, text = random.Random(7), [], ""
    for _ in range(200):
        pk = Leaf.objects.get(number=dice.randrange(last)).record_id
        began = time.perf_counter()
        text = proving.of_record(str(pk))
        times.append((time.perf_counter() - began) * 1000)
    return {**summary(times, 0.5, 0.95), "bytes": len(text.encode())}


def replay(given: object) -> dict[str, Any]:
    from audit.replay import PROJECTIONS, differences
    from audit.replay import replay as rebuild

    began = time.perf_counter()
    found = rebuild(PROJECTIONS["transactions"])
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    rebuild(PROJECTIONS["transactions"])
    return {
        "events": found.events if found else 0,
        "seconds": round(seconds, 2),
        "cpu_seconds": _cpu(),
        "again_seconds": round(time.perf_counter() - began, 2),
        "differences": len(differences(found)),
    }


_SIZES = """
SELECT (SELECT sum(pg_column_size(mac) + pg_column_size(xid) + pg_column_size(version)
                   + pg_column_size(epoch))
          FROM audit_record),
       pg_relation_size('record_order'), pg_relation_size('record_of_subject_once'),
       (SELECT sum(pg_column_size(hash)) FROM audit_leaf),
       pg_total_relation_size('audit_tile')
       + pg_total_relation_size('audit_checkpoint'),
       pg_total_relation_size('audit_leaf'),
       pg_total_relation_size('audit_record'), (SELECT count(*) FROM audit_record)
"""


def sizes(given: object) -> dict[str, Any]:
    """Bytes an event takes: the record, what shows its integrity, its second copy."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_SIZES)
        row = map(int, cursor.fetchone())
    columns, order, versions, hashes, tree, leaf, record, number = row
    return {
        "integrity": round((columns + order + hashes + tree) / number, 1),
        "versions_index": round(versions / number, 1),
        "sealed_copy": round((leaf - hashes) / number, 1),
        "record": round((record - columns - order - versions) / number, 1),
    }


def wait_for_seals(given: dict[str, Any]) -> dict[str, Any]:
    """Write a record, wait for its signed checkpoint, again and again: how long."""
    from audit.actions import Action
    from audit.models import Leaf, Record
    from audit.services import record
    from benchmarks.figures import summary

    times, end = [], time.monotonic() + given["seconds"]
    while time.monotonic() < end:
        mark = str(uuid4())
        record(Action.EXPORTED, actor_id=None, subject=("bench", mark))
        began = time.perf_counter()
        pk = Record.objects.get(subject_type="bench", subject_id=mark).pk
        while not Leaf.objects.filter(record_id=pk).exists():
            if time.monotonic() > end + _PATIENCE:
                break  # nobody seals: the time itself says so
            time.sleep(0.01)
        times.append((time.perf_counter() - began) * 1000)
    return {**summary(times, 0.5, 0.99), "samples": len(times)}


def keep_sealing(given: dict[str, Any]) -> dict[str, Any]:
    """As `manage.py seal --forever` does, for a while."""
    from audit.seal import sealing

    sealed, is_over = 0, threading.Event()
    end = time.monotonic() + given["seconds"]
    while not is_over.wait(0.2) and time.monotonic() < end:
        sealed += sealing.seal()
    return {"sealed": sealed}


CHORES = (
    fill,
    seal,
    verify,
    offline,
    proofs,
    replay,
    sizes,
    wait_for_seals,
    keep_sealing,
)
