"""Verifying open transactions: one worker process, a bank that takes 300 ms.

They are recorded over HTTP with the bank question off, so the intents wait in the
database and the doorbell has rung for each; then one worker and one beat start. Counted
are verdicts a second between the first and the last, by the database's clock. The
yardsticks: what 16 questions at a time allow at best, and 16 threads that do nothing
but ask the sandbox with `requests`.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from statistics import mean
from typing import Any

import psycopg
import requests

from areamedica.devstack.demo import REALM
from benchmarks import bodies, load
from benchmarks.figures import ratio
from benchmarks.load import Plan
from benchmarks.processes import Seen, cpu_seconds, watched
from benchmarks.size import Size
from benchmarks.stage import MAX_SIMULTANEOUS, Stage, call, say

FLOOR = 40.0
LATENCY_MS = 300
WORKER = "worker -P threads -c 20 --without-gossip --without-mingle -l info -n bench@%h"
_SLOWEST = 8.0
_FIRST = 100_000
_BARE_QUESTIONS = 160


def run(stage: Stage, size: Size) -> dict[str, Any]:
    with stage.database("verify") as url, stage.bank(latency_ms=LATENCY_MS) as bank:
        _record(stage, url, size.claims)
        _let_arrive(bank, size.claims)
        before = _bare_loop(bank, size.claims)
        call("DELETE", f"{bank}/sandbox")  # the peak of the bare loop is not ours
        _let_arrive(bank, size.claims)
        memory, cpu_ms = _work(stage, url, size.claims)
        asked = call("GET", f"{bank}/sandbox/requests?limit=1")
        after = _bare_loop(bank, size.claims)
        verdicts, per_second = _verdicts(url)
        states = _states(url)
    most, bare = asked["max_simultaneous"], mean((before, after))
    return {
        "figure": {
            "verdicts_per_second": per_second,
            "verdicts": verdicts,
            "worker_cpu_ms": cpu_ms,
        },
        "baseline": {
            "at_best_per_second": round(MAX_SIMULTANEOUS * 1000 / LATENCY_MS, 1),
            "bare_loop_per_second": round(bare, 1),
        },
        "ratio": ratio(per_second, bare),
        "floor": FLOOR,
        "max_simultaneous": most,
        "max_simultaneous_allowed": MAX_SIMULTANEOUS,
        "questions": asked["counts"]["query"],
        "tokens": asked["counts"]["token"],
        "states": states,
        "ok": (
            per_second >= FLOOR
            and most <= MAX_SIMULTANEOUS
            and states == {"COMPLETED": size.claims}
        ),
        "memory": memory,
    }


def _record(stage: Stage, url: str, claims: int) -> None:
    say(f"verify: recording {claims}")
    with stage.web(url) as web:
        web.sign_in()
        ask = bodies.record(web.headers)
        load.run(Plan(web.port, [ask], 8, 120, claims, status=201, first=_FIRST))


def _let_arrive(bank: str, claims: int) -> None:
    movements = [bodies.movement(_FIRST + number) for number in range(claims)]
    call("POST", f"{bank}/sandbox/movements", movements)


def _work(stage: Stage, url: str, claims: int) -> tuple[Seen, float]:
    """Let one worker and one beat run until all is decided, or far too late.

    Gives what they took: memory, and the worker's processor time of one verdict.
    """
    schedule = stage.folder / "beat-schedule"
    beat = f"beat -l info -s {schedule} --pidfile="
    give_up = time.monotonic() + 20 + claims / _SLOWEST
    with (
        stage.celery(url, "worker", WORKER) as worker,
        stage.celery(url, "beat", beat) as ringing,
        psycopg.connect(url, autocommit=True) as line,
    ):
        _wait_until(line, 1, give_up)
        began = cpu_seconds(worker)
        with watched({"worker": worker, "beat": ringing}) as memory:
            _wait_until(line, claims, give_up)
        used = cpu_seconds(worker) - began
    return memory, round(used * 1000 / claims, 2)


def _wait_until(line: psycopg.Connection[Any], decided: int, give_up: float) -> None:
    while time.monotonic() < give_up:
        (left,) = line.execute("SELECT count(*) FROM transactions_inquiry").fetchone()
        (total,) = line.execute(
            "SELECT count(*) FROM transactions_transaction"
        ).fetchone()
        if total - left >= decided:
            return
        time.sleep(0.5)


def _verdicts(url: str) -> tuple[int, float]:
    with psycopg.connect(url) as line:
        number, seconds = line.execute(
            "SELECT count(*), extract(epoch FROM max(completed_at) - min(completed_at))"
            " FROM transactions_transaction WHERE status = 'COMPLETED'"
        ).fetchone()
    return number, round((number - 1) / float(seconds), 1) if number > 1 else 0.0


def _states(url: str) -> dict[str, int]:
    with psycopg.connect(url) as line:
        return dict(
            line.execute(
                "SELECT status, count(*) FROM transactions_transaction GROUP BY status"
            ).fetchall()
        )


def _bare_loop(bank: str, claims: int) -> float:
    """Questions a second of 16 threads that only ask, in the form the bank knows."""
    token = _token(bank)
    began = time.monotonic()
    with ThreadPoolExecutor(MAX_SIMULTANEOUS) as threads:
        session = _session(token)
        numbers = [_FIRST + each % claims for each in range(_BARE_QUESTIONS)]
        list(threads.map(lambda number: _ask(session, bank, number), numbers))
    return _BARE_QUESTIONS / (time.monotonic() - began)


def _token(bank: str) -> str:
    names = {"username": "sandbox", "password": "sandbox-secret"}
    client = {"client_id": "sandbox", "client_secret": "sandbox-secret"}
    answer = requests.post(
        f"{bank}{REALM}/token",
        data={"grant_type": "password", **names, **client},
        timeout=10,
    )
    return str(answer.json()["access_token"])


def _session(token: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))
    return session


def _ask(session: requests.Session, bank: str, number: int) -> None:
    movement = bodies.movement(number)
    block = {
        "referenceNumber": movement["reference"][-6:],
        "amount": float(movement["amount"]),
        "startDt": movement["date"],
        "phoneNum": movement["payer_phone"],
        "bankId": movement["payer_bank"],
    }
    device = {"type": "Server", "description": "bench", "ipAddress": "127.0.0.1"}
    request = {
        "device": device,
        "securityAuth": {"sessionId": f"{number:032x}"},
        "transaction": block,
    }
    answer = session.post(
        f"{bank}/financial-account/transactions",
        json={"dataRequest": request},
        timeout=10,
    )
    answer.raise_for_status()
