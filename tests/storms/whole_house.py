"""A clinic with a PostgreSQL of its own: everything in it may be killed."""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg

from areamedica.devstack.demo import Web
from areamedica.devstack.processes import Process, end_group
from areamedica.devstack.servers import Postgres, start_on_free_port
from tests.bank import Bank
from tests.storms import books
from tests.storms.house import PROJECT, House

CASHIER = ("ana@clinica.test", "clave-de-prueba-larga-1")


class WholeHouse(House):
    postgres: Postgres
    front_door: Web

    @classmethod
    @contextmanager
    def built(cls, bank: Bank, *, workers: int) -> Iterator[Self]:
        """Durable as in a clinic: what was acknowledged must survive a kill."""
        name = f"areamedica-test-{os.getpid()}-cellar-"
        cellar = Path(tempfile.mkdtemp(prefix=name))
        cellar.chmod(0o711)
        postgres = Postgres(
            cellar / "postgres",
            password=secrets.token_hex(16),
            log=cellar / "postgres.log",
            durable=True,
        )
        try:
            start_on_free_port(postgres)
            house = cls(database_url=postgres.url, bank=bank)
            house.postgres = postgres
            try:
                house.move_in(workers=workers)
                yield house
            finally:
                house.close()
        finally:
            postgres.stop()
            postgres.destroy()
            shutil.rmtree(cellar, ignore_errors=True)

    def move_in(self, *, workers: int) -> None:
        """Migrate, let the cashier in, and open: web, workers, beat."""
        mover = Process(
            "mover",
            [sys.executable, "-m", "tests.storms.move_in", *CASHIER],
            log=self.folder / "mover.log",
            environment=self.environment(),
            folder=PROJECT,
        )
        mover.start()
        # They import the project while the tables are made.
        self.front_door = self.web()
        for number in range(1, workers + 1):
            self.worker(f"worker-{number}")
        self.beat()
        mover.wait_ended()
        self.wait(*self.processes)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.front_door.port}/api/v1"

    def crash(self, process: Process) -> None:
        """Kill it with whatever it started; somebody starts it again later."""
        if process.pid:
            os.kill(process.pid, signal.SIGCONT)
            end_group(process.pid)
        process.stop()

    def crash_postgres(self) -> None:
        """What `pg_ctl stop -m immediate` does: no goodbye, no checkpoint."""
        assert self.postgres.pid
        os.kill(self.postgres.pid, signal.SIGQUIT)
        self.postgres.stop()

    def heal(self) -> None:
        """Bring everything back that is down, frozen or in a bad mood."""
        self.bank.heal()
        for server in (self.postgres, self.valkey):
            if server.pid:
                os.kill(server.pid, signal.SIGCONT)
            else:
                server.start()
                server.wait_ready(30)
        for process in self.processes:
            if process.pid:
                os.kill(process.pid, signal.SIGCONT)
            else:
                process.start()
        self.wait(*self.processes)

    def books(self) -> dict[str, list[object]]:
        return books.wrongs(self.ask)

    def seems_calm(self) -> bool:
        """As `is_calm`, where a server may be down at this very moment."""
        try:
            return self.is_calm()
        except psycopg.Error:
            return False
