"""A house full of the clinic's real processes, easy to start and easy to hurt.

Each has a Valkey of its own, so that it may be wiped, killed or frozen, and uses the
database it is given. Nothing here is simulated: what runs is `celery -A areamedica
worker`, `... beat` and gunicorn.
"""

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from celery import Celery
from redis import Redis

from areamedica.devstack.demo import Web
from areamedica.devstack.processes import Process, free_port
from areamedica.devstack.servers import Valkey, start_on_free_port
from tests.bank import Bank

PROJECT = Path(__file__).parents[2]
MOST_AT_ONCE = 4
_LIVES = 60  # seconds a start may take on a busy machine

# What the database's clock has seen seems so much longer ago. All business time is the
# database's, so this is what waiting does, without the waiting.
_TIME_PASSES = (
    """UPDATE transactions_inquiry SET
        due_at = due_at - %(d)s, leased_until = leased_until - %(d)s,
        rung_at = rung_at - %(d)s, asked_at = asked_at - %(d)s,
        last_answer_at = last_answer_at - %(d)s, created_at = created_at - %(d)s,
        deadline_at = deadline_at - %(d)s""",
    "UPDATE banking_slot SET leased_until = leased_until - %(d)s",
    """UPDATE banking_circuit SET retry_at = retry_at - %(d)s,
        opened_at = opened_at - %(d)s, probing_until = probing_until - %(d)s""",
    """UPDATE banking_askbudget SET asked_at =
        array(SELECT moment - %(d)s FROM unnest(asked_at) AS moment)""",
)


def until(
    condition: Callable[[], Any], what: str, seconds: float = 30, every: float = 0.03
) -> Any:
    """Wait for something true and give it.

    :raises AssertionError: it never comes.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:.0f} s: {what} ({found!r})")
        time.sleep(every)


def last_words(process: Process) -> str:
    return f"{process.name} has ended ({process.ending})\n{process.tail(40)}"


class CeleryProcess(Process):
    """A worker or a beat; it says in its log when it is ready."""

    ready = " ready."

    def start(self) -> None:
        self._before = self.log.stat().st_size if self.log.exists() else 0
        super().start()

    def is_ready(self) -> bool:
        if not self.is_running():
            return False
        with self.log.open("rb") as log:
            log.seek(self._before)
            return self.ready in log.read().decode(errors="replace")


class Beat(CeleryProcess):
    ready = "beat: Starting"


class House:
    """`database_url` may be of any PostgreSQL with our tables in it."""

    def __init__(self, *, database_url: str, bank: Bank) -> None:
        self.database_url = database_url
        self.bank = bank
        name = f"areamedica-test-{os.getpid()}-house-"
        self.folder = Path(tempfile.mkdtemp(prefix=name))
        self.folder.chmod(0o711)  # PostgreSQL runs as `nobody` when we are root
        self.valkey = Valkey(
            self.folder / "valkey",
            password=secrets.token_hex(16),
            log=self.folder / "valkey.log",
            durable=False,
        )
        start_on_free_port(self.valkey)
        self.redis = Redis.from_url(self.valkey.url)
        # Another broker than the test process's own; everything else is the same. As
        # the current application it would be rung after the storms, with nobody home.
        self.bell = Celery(broker=self.valkey.url, set_as_current=False)
        self.processes: list[Process] = []
        self._line: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        self.stop(*self.processes)
        if self._line:
            self._line.close()
        self.bell.close()
        self.redis.close()
        self.valkey.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, *processes: Process) -> None:
        """End them for good, frozen ones too."""
        for process in processes:
            if process.pid:
                os.kill(process.pid, signal.SIGCONT)
            process.ask_to_stop()
        for process in processes:
            process.stop()
            if process in self.processes:
                self.processes.remove(process)

    # ---- Starting ------------------------------------------------------------------

    def environment(self, **more: str) -> dict[str, str]:
        bank = self.bank.settings
        told = {f"BANESCO_{name}": str(value) for name, value in bank.items()}
        metrics = self.folder / "metrics"
        metrics.mkdir(exist_ok=True)
        return {
            **os.environ,
            **told,
            "BANESCO_MAX_SIMULTANEOUS": str(MOST_AT_ONCE),
            # Nobody gives up what a test has hang before it has done its worst.
            "BANESCO_TIMEOUT": "35",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.valkey.url,
            "SWEEP_SECONDS": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "PYTHONUNBUFFERED": "1",
            **more,
        }

    def called(self, name: str) -> Any:
        """The living process of this name, or None."""
        living = [each for each in self.processes if each.is_running()]
        return next((each for each in living if each.name == name), None)

    def worker(
        self, name: str, *, queue: str = "celery", threads: int = 8, **more: str
    ) -> CeleryProcess:
        """Start a worker; it need not be ready yet when this returns."""
        asked = "--without-gossip --without-mingle -l info -P threads"
        return self._start(
            CeleryProcess(
                name,
                [
                    *(sys.executable, "-m", "celery", "-A", "areamedica", "worker"),
                    *asked.split(),
                    *("-c", str(threads), "-Q", queue, "-n", f"{name}@%h"),
                ],
                log=self.folder / f"{name}.log",
                environment=self.environment(**more),
                folder=PROJECT,
            )
        )

    def beat(self, name: str = "beat") -> Beat:
        schedule = self.folder / f"{name}-schedule"
        asked = ["-l", "info", "-s", str(schedule), "--pidfile="]
        return self._start(
            Beat(
                name,
                [sys.executable, "-m", "celery", "-A", "areamedica", "beat", *asked],
                log=self.folder / f"{name}.log",
                environment=self.environment(),
                folder=PROJECT,
            )
        )

    def web(self, **more: str) -> Web:
        port = free_port()
        asked = ["-c", "deploy/gunicorn.py", "-b", f"127.0.0.1:{port}"]
        few = {"WEB_WORKERS": "1", "WEB_THREADS": "8"}
        return self._start(
            Web(
                "web",
                [sys.executable, "-m", "gunicorn", "areamedica.wsgi", *asked],
                log=self.folder / "web.log",
                port=port,
                environment=self.environment(**few, **more),
                folder=PROJECT,
            )
        )

    def _start(self, process: Any) -> Any:
        self.processes.append(process)
        process.start()
        return process

    def wait(self, *processes: Process) -> None:
        for process in processes:
            process.wait_ready(_LIVES)

    # ---- Hurting -------------------------------------------------------------------

    def kill(self, process: Process) -> None:
        """As the kernel's out-of-memory killer does."""
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.stop()
        self.processes.remove(process)

    def freeze(self, process: Process) -> None:
        assert process.pid
        os.kill(process.pid, signal.SIGSTOP)

    def wake(self, process: Process) -> None:
        assert process.pid, last_words(process)
        os.kill(process.pid, signal.SIGCONT)

    def time_passes(self, seconds: float) -> None:
        """Let leases and pauses run out as if somebody had waited.

        Not while anything is under way: its lease would run out as well.
        """
        for statement in _TIME_PASSES:
            self._look().execute(statement, {"d": timedelta(seconds=seconds)})

    # ---- Telling and looking -------------------------------------------------------

    def ring(self, *ids: UUID, queue: str = "celery") -> None:
        for pk in ids:
            self.ring_for_all(pk, queue=queue)

    def ring_for_all(self, *ids: UUID, queue: str = "celery") -> None:
        """One message about all of them: each is asked about in its turn."""
        self.bell.send_task(
            "transactions.ask_bank",
            kwargs={"transaction_ids": [str(pk) for pk in ids]},
            queue=queue,
        )

    def _look(self) -> psycopg.Connection[Any]:
        if self._line is None or self._line.closed or self._line.broken:
            self._line = psycopg.connect(self.database_url, autocommit=True)
        return self._line

    def ask(self, query: str, facts: Mapping[str, Any] | None = None) -> list[Any]:
        return self._look().execute(query, facts).fetchall()  # type: ignore[arg-type]

    def waiting_for_locks(self) -> int:
        """So many of our connections wait for somebody else's row."""
        rows = self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        return int(rows[0][0])

    def busy(self) -> int:
        """So many of our connections are in the middle of something."""
        rows = self.ask(
            "SELECT count(*) FROM pg_stat_activity WHERE state <> 'idle'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(rows[0][0])

    def queued(self, queue: str = "celery") -> int:
        return int(self.redis.llen(queue))  # type: ignore[arg-type]

    def is_calm(self) -> bool:
        """Nothing is queued, nobody asks, nobody writes.

        Looked at several times: between two of its steps a worker seems idle.
        """
        for _ in range(5):
            if self.queued() or self._at_the_bank()["running"] or self.busy():
                return False
            time.sleep(0.04)
        return True

    def asked(self) -> int:
        """So many questions have reached the bank."""
        return int(self._at_the_bank()["counts"]["query"])

    def answered(self) -> int:
        """So many of them the bank has answered."""
        seen = self._at_the_bank()
        return int(seen["counts"]["query"] - seen["running"])

    def _at_the_bank(self) -> Any:
        return self.bank._call("GET", "/requests?limit=1")

    def calm_down(self) -> None:
        """Forget what is queued and let what is under way come to its end."""
        self.bank.heal()
        self.redis.flushall()
        until(self.is_calm, "the house comes to rest")
