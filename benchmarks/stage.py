"""Everything a benchmark needs around it: servers, databases, processes, a user.

PostgreSQL and Valkey are private and durable (fsync on), as the demo's; with
DATABASE_URL and REDIS_URL those are used. Every benchmark gets a database of its own,
copied from one that was migrated once, and all of them are dropped at the end.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from areamedica.devstack.demo import CLINIC_ACCOUNT, CLINIC_RIF, REALM, Bank, Web
from areamedica.devstack.processes import Process, free_port
from areamedica.devstack.servers import Postgres, Valkey, start_on_free_port

PROJECT = Path(__file__).resolve().parents[1]
CASHIER = "cashier@bench.areamedica.test"
BOOKKEEPER = "bookkeeper@bench.areamedica.test"
PASSWORD = secrets.token_urlsafe(18)
MAX_SIMULTANEOUS = 16
_NO_LIMIT = str(10**9)
_SANDBOX_SECRET = "sandbox-secret"


class CannotRun(Exception):
    """The benchmarks cannot start, and the sentence says why."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class RoomyPostgres(Postgres):
    """With a quarter of the machine's memory (operations.md), and places for many."""

    def _settings(self) -> list[str]:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        room = f"shared_buffers={memory // 4 // 2**20}MB"
        many = "max_connections=300"
        return [*super()._settings(), room, many, "max_wal_size=8GB"]


class Probed(Web):
    """A web process that is ready once it answers at all."""

    path = "/health/live"


class Site:
    """A running web server, and how to speak to it as the cashier."""

    def __init__(self, process: Web) -> None:
        self.process = process
        self.port = process.port or 0
        # As behind the proxy that ends TLS; production redirects plain HTTP.
        self.headers = {"X-Forwarded-Proto": "https"}

    def sign_in(self, email: str = CASHIER) -> None:
        who = {**self.credentials, "email": email}
        answer = self.call("POST", "/api/v1/auth/login", who)
        self.headers["Authorization"] = f"Bearer {answer['access_token']}"

    @property
    def credentials(self) -> dict[str, str]:
        return {"email": CASHIER, "password": PASSWORD}

    def call(self, method: str, path: str, body: object = None) -> Any:
        return call(method, f"http://127.0.0.1:{self.port}{path}", body, self.headers)


class Stage:
    """Servers and names; use it as a context."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._mark = f"areamedica_bench_{os.getpid()}"
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Stage:
        self.folder = Path(tempfile.mkdtemp(prefix="areamedica-bench-"))
        self.folder.chmod(0o711)  # PostgreSQL runs as `nobody` when we are root
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        try:
            self._start_servers()
            self._prepare()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _start_servers(self) -> None:
        self.bank_port = free_port()
        self.environment = _environment(self.bank_port)
        given = os.environ
        self.database_url = given.get("DATABASE_URL") or self._server(RoomyPostgres)
        self.redis_url = given.get("REDIS_URL") or self._server(Valkey)
        self.environment["REDIS_URL"] = self.redis_url
        if redis.from_url(self.redis_url).dbsize():
            raise CannotRun("REDIS_URL names a database in use; it would be emptied.")

    def _server(self, kind: type[Postgres | Valkey]) -> str:
        say(f"starting {kind.__name__}")
        name = kind.__name__.lower()
        server = kind(
            self.folder / name,
            password=secrets.token_hex(16),
            log=self.log(name),
            durable=True,
        )
        self._stack.callback(server.destroy)
        self._stack.callback(server.stop)
        start_on_free_port(server)
        return server.url

    def versions(self) -> dict[str, str]:
        with self._administered() as line:
            (postgres,) = line.execute("SHOW server_version").fetchone()
        told = redis.from_url(self.redis_url).info("server")
        return {
            "PostgreSQL": postgres,
            "Redis or Valkey": told.get("valkey_version", told["redis_version"]),
        }

    def _prepare(self) -> None:
        """Migrate once, and hire a cashier and a bookkeeper."""
        with self._administered() as line:
            line.execute(f"CREATE DATABASE {self._mark}")
        self._stack.callback(self._drop, self._mark)
        self._template = _renamed(self.database_url, self._mark)
        say("migrating")
        self.chore("prepare", self._template)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    @contextmanager
    def _administered(self) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(self.database_url, autocommit=True) as line:
            yield line

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """A fresh, migrated database; Redis is emptied with it."""
        mine = f"{self._mark}_{name}"
        redis.from_url(self.redis_url).flushdb()
        with self._administered() as line:
            line.execute(f"CREATE DATABASE {mine} TEMPLATE {self._mark}")
        try:
            yield _renamed(self.database_url, mine)
        finally:
            self._drop(mine)

    def _drop(self, name: str) -> None:
        with self._administered() as line:
            # Not by force, which may not end the autovacuum that is at it; this waits.
            line.execute(f"DROP DATABASE IF EXISTS {name}")
        redis.from_url(self.redis_url).flushdb()

    def chore(self, name: str, database_url: str, given: object = None) -> Any:
        """Run one of `benchmarks.chores`, which knows Django, and give its answer."""
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.chores", name],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            env=self.told(database_url),
            cwd=PROJECT,
        )
        if done.returncode:
            raise CannotRun(f"{name} failed:\n{done.stdout[-2000:]}{done.stderr}")
        return json.loads(done.stdout.rpartition("\x1e")[2])

    @contextmanager
    def web(self, database_url: str, application: str = "areamedica.wsgi") -> Any:
        """Gunicorn as it is deployed: `with stage.web(url) as site:`"""
        name, port = f"web-{free_port()}", free_port()
        figures = self.folder / f"figures-{name}"
        figures.mkdir()
        asked = f"{application} -c deploy/gunicorn.py -b 127.0.0.1:{port}".split()
        process = Probed(
            name,
            [sys.executable, "-m", "gunicorn", *asked],
            log=self.log(name),
            port=port,
            environment={
                **self.told(database_url),
                "PROMETHEUS_MULTIPROC_DIR": str(figures),
            },
            folder=PROJECT,
        )
        with _running(process):
            yield Site(process)

    @contextmanager
    def celery(self, database_url: str, name: str, arguments: str) -> Iterator[Process]:
        """`celery -A areamedica …` as the demo starts it."""
        process = Process(
            name,
            [sys.executable, "-m", "celery", "-A", "areamedica", *arguments.split()],
            log=self.log(name),
            environment=self.told(database_url),
            folder=PROJECT,
        )
        with _running(process):
            yield process

    @contextmanager
    def bank(self, *, latency_ms: int) -> Iterator[str]:
        """The sandbox bank in its production flavour; gives its address."""
        process = Bank(
            "bank",
            [sys.executable, "-m", "banking.sandbox", "--port", str(self.bank_port)],
            log=self.log("bank"),
            port=self.bank_port,
            environment={
                **os.environ,
                "ENVIRONMENT": "benchmark",
                "SANDBOX_FLAVOUR": "production",
                "SANDBOX_ACCOUNT": CLINIC_ACCOUNT,
                "SANDBOX_RIF": CLINIC_RIF,
                "SANDBOX_CLIENT_SECRET": _SANDBOX_SECRET,
                "SANDBOX_LATENCY_MS": str(latency_ms),
            },
            folder=PROJECT,
        )
        with _running(process):
            yield f"http://127.0.0.1:{self.bank_port}"

    def told(self, database_url: str) -> dict[str, str]:
        return {**os.environ, **self.environment, "DATABASE_URL": database_url}


@contextmanager
def _running(process: Process) -> Iterator[None]:
    try:
        process.start()
        process.wait_ready(60)
        yield
    finally:
        process.stop()


def call(
    method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None
) -> Any:
    """One JSON request to a server of ours on loopback."""
    asked = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def _renamed(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _environment(bank_port: int) -> dict[str, str]:
    """Production, but for the limits and for the bank, which is the sandbox."""
    bank = f"http://127.0.0.1:{bank_port}"
    return {
        "DJANGO_SETTINGS_MODULE": "areamedica.settings.production",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SECRET": secrets.token_urlsafe(64),
        "AUDIT_SIGNING_KEY": b64encode(secrets.token_bytes(32)).decode(),
        "AUDIT_WRITER_KEY": b64encode(secrets.token_bytes(32)).decode(),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
        "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "true",
        "LOG_LEVEL": "INFO",
        "RATE_LIMIT_REQUESTS": _NO_LIMIT,
        "USER_RATE_LIMIT_REQUESTS": _NO_LIMIT,
        "LOGIN_RATE_LIMIT_REQUESTS": _NO_LIMIT,
        "QUICK_QUESTION_SECONDS": "0",
        "BANK_GATEWAY": "banesco",
        "BANESCO_TOKEN_URL": f"{bank}{REALM}/token",
        "BANESCO_QUERY_URL": f"{bank}/financial-account/transactions",
        "BANESCO_CLIENT_ID": "sandbox",
        "BANESCO_CLIENT_SECRET": _SANDBOX_SECRET,
        "BANESCO_ACCOUNT_ID": CLINIC_ACCOUNT,
        "BANESCO_RIF": CLINIC_RIF,
        "BANESCO_MAX_SIMULTANEOUS": str(MAX_SIMULTANEOUS),
        "BENCH_CASHIER": CASHIER,
        "BENCH_BOOKKEEPER": BOOKKEEPER,
        "BENCH_PASSWORD": PASSWORD,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
