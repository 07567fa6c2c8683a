"""The whole system on one machine: `python -m areamedica.devstack up`.

Starts the servers nobody named, the sandbox bank, the web server, a worker and beat;
tells where they are; keeps them running until Ctrl-C.
"""

from __future__ import annotations

import http.client
import os
import shutil
import sys
import time
from collections.abc import Mapping

from areamedica.devstack.installation import Installation
from areamedica.devstack.outsider import ORIGIN, Witness
from areamedica.devstack.processes import NotReady, Process, port_is_free
from areamedica.devstack.servers import (
    Postgres,
    Valkey,
    WheelMissing,
    start_on_free_port,
)
from areamedica.devstack.supervisor import Supervisor, Told

# The check digits of both are right, or the gateway would refuse them.
CLINIC_ACCOUNT = "01340031810311158627"
CLINIC_RIF = "J305959102"
REALM = "/auth/realms/realm-api-prd/protocol/openid-connect"

PEOPLE = {
    "admin": "Administración · everything",
    "reviewer": "Revisión · decides",
    "reviewer2": "Revisión · the second person",
    "cashier": "Caja · records and asks",
    "cashier2": "Caja · another till",
    "support": "Soporte · reads",
    "bookkeeper": "Contabilidad · posts to the books and closes their months",
    "auditor": "Auditoría · reads everything, exports",
}


class Refused(Exception):
    """The demo cannot start, and the sentence says why."""


class HttpProcess(Process):
    """A process that is ready once a path of it answers well."""

    path = "/"

    def is_ready(self) -> bool:
        if not self.is_running():
            return False
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("GET", self.path)
            return line.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            line.close()


class Bank(HttpProcess):
    path = "/sandbox/health"
    stage = 2


class Web(HttpProcess):
    path = "/health/ready"


class Demo:
    def __init__(self, installation: Installation, given: Mapping[str, str]) -> None:
        self.installation = installation
        self.given = given
        self.began = time.monotonic()
        self.status = "starting"
        self.port = _port(given, "DEMO_PORT", 8000)
        self.bank_port = _port(given, "SANDBOX_PORT", self.port + 100)
        # A bank of the caller's own is used; ours then has no business here.
        self.own_bank = "BANESCO_QUERY_URL" not in given
        self.witness = Witness(
            installation.folder / "witness",
            port=_port(given, "WITNESS_PORT", self.port + 200),
            log=installation.log("witness"),
            project=installation.project,
        )
        self.supervisor = Supervisor(say=say, changed=self.write_state)

    @property
    def urls(self) -> dict[str, str]:
        web = f"http://127.0.0.1:{self.port}"
        urls = {
            "admin": f"{web}/admin/",
            "api": f"{web}/api/v1",
            "docs": f"{web}/docs",
            "health": f"{web}/health/ready",
            "metrics": f"{web}/metrics",
        }
        if self.own_bank:
            urls["sandbox"] = f"http://127.0.0.1:{self.bank_port}"
        return urls

    @property
    def own_witness(self) -> bool:
        return not self.given.get("AUDIT_WITNESSES")

    @property
    def password(self) -> str:
        return self.given.get("DEMO_PASSWORD") or self.secret("DEMO_PASSWORD")

    def secret(self, name: str) -> str:
        return self.installation.secrets[name]

    def write_state(self) -> None:
        running = self.supervisor.processes
        self.installation.write_state(self.status, self.urls, running)

    def run(self) -> None:
        """Start everything, watch it, stop it. Raises NotReady, Refused."""
        self._refuse_busy_ports()
        self.supervisor.listen()
        self.write_state()
        try:
            self._start()
            self.status = "ready"
            self.write_state()
            self._introduce()
            self.supervisor.watch()
        except Told:
            pass
        except NotReady:
            if not self.supervisor.told:  # Ctrl-C reaches initdb as well
                raise
        finally:
            say("Deteniendo… / Stopping…")
            self.status = "stopping"
            self.write_state()
            self.supervisor.stop()
            self.status = "stopped"
            self.write_state()
        say("Todo detenido. / Everything stopped.")

    def _start(self) -> None:
        say("Arrancando… / Starting…")
        environment = self._environment()
        if self.own_bank:
            self.supervisor.start(self._bank())
        if self.own_witness:
            self.supervisor.start(self.witness)
        owner = self._start_servers(environment)
        self.installation.write_environment({**environment, **owner})
        told = {**self.given, **environment}
        # The web server imports the project while another process migrates.
        prepare = self._python(
            "prepare", {**told, **owner}, "-m", "areamedica.devstack.prepare"
        )
        web = self._web(told)
        for process in (prepare, web):
            self.supervisor.start(process)
        self.supervisor.finish(prepare)
        for process in (self._worker(told), self._beat(told)):
            self.supervisor.start(process)
        for process in self.supervisor.processes:
            process.wait_ready(120, self.supervisor.breathe)

    def _start_servers(self, environment: dict[str, str]) -> dict[str, str]:
        """Add where they are; give what only whoever prepares the tables is told."""
        owner = {}
        folder = self.installation.folder
        kinds: dict[str, type[Postgres | Valkey]]
        kinds = {"REDIS_URL": Valkey, "DATABASE_URL": Postgres}
        for variable, kind in kinds.items():
            if variable in self.given:
                continue
            secret = self.secret(variable.replace("_URL", "_PASSWORD"))
            name = kind.__name__.lower()
            log = self.installation.log(name)
            server = kind(folder / name, password=secret, log=log, durable=True)
            self.supervisor.processes.append(server)
            start_on_free_port(server, self.supervisor.breathe)
            environment[variable] = server.url
            if isinstance(server, Postgres):
                environment[variable] = server.application_url
                owner = {"OWNER_DATABASE_URL": server.url}
            self.write_state()
        return owner

    def _refuse_busy_ports(self) -> None:
        wanted = {"DEMO_PORT": self.port}
        if self.own_bank:
            wanted["SANDBOX_PORT"] = self.bank_port
        if self.own_witness:
            wanted["WITNESS_PORT"] = self.witness.port or 0
        for variable, port in wanted.items():
            if not port_is_free(port):
                raise Refused(
                    f"Port {port} is taken by another program. "
                    f"Choose a free one: {variable}={port + 1000} make demo"
                )

    def _environment(self) -> dict[str, str]:
        """What our Django processes are told beside what the caller set."""
        folder = self.installation.folder
        metrics = folder / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir()
        drawn = {
            name: self.given.get(name) or self.secret(name)
            for name in (
                "SECRET_KEY",
                "JWT_SECRET",
                "METRICS_TOKEN",
                "AUDIT_SIGNING_KEY",
                "AUDIT_WRITER_KEY",
                "AUDIT_ANCHOR_KEY",
            )
        }
        away = [self.given.get("NO_PROXY") or self.given.get("no_proxy"), "127.0.0.1"]
        no_proxy = ",".join(host for host in away if host)
        return {
            **drawn,
            "DJANGO_SETTINGS_MODULE": "areamedica.settings.local",
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "PUBLIC_URL": self.given.get("PUBLIC_URL", f"http://127.0.0.1:{self.port}"),
            "DEMO_PASSWORD": self.password,
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            **(self._bank_environment() if self.own_bank else {}),
            **self._witness_environment(drawn["AUDIT_SIGNING_KEY"]),
        }

    def _witness_environment(self, signing_key: str) -> dict[str, str]:
        if not self.own_witness:
            return {}
        origin = self.given.get("AUDIT_ORIGIN") or ORIGIN
        introduced = self.witness.introduce(origin=origin, signing_key=signing_key)
        anchors = self.installation.folder / "anchors"
        return {"AUDIT_WITNESSES": introduced, "AUDIT_ANCHOR_FOLDER": str(anchors)}

    def _bank_environment(self) -> dict[str, str]:
        bank = self.urls["sandbox"]
        return {
            "SANDBOX_URL": bank,
            "BANESCO_TOKEN_URL": f"{bank}{REALM}/token",
            "BANESCO_QUERY_URL": f"{bank}/financial-account/transactions",
            "BANESCO_CLIENT_ID": self.secret("SANDBOX_CLIENT_ID"),
            "BANESCO_CLIENT_SECRET": self.secret("SANDBOX_CLIENT_SECRET"),
            "BANESCO_ACCOUNT_ID": CLINIC_ACCOUNT,
            "BANESCO_RIF": CLINIC_RIF,
        }

    def _python(
        self, name: str, environment: Mapping[str, str], *arguments: str
    ) -> Process:
        return Process(
            name,
            [sys.executable, *arguments],
            log=self.installation.log(name),
            environment={**environment, "PYTHONUNBUFFERED": "1"},
            folder=self.installation.project,
        )

    def _bank(self) -> Bank:
        keeps = self.installation.folder / "bank.json"
        address = ["--port", str(self.bank_port), "--state", str(keeps)]
        return Bank(
            "bank",
            [sys.executable, "-m", "banking.sandbox", *address],
            log=self.installation.log("bank"),
            port=self.bank_port,
            folder=self.installation.project,
            environment={
                **self.given,
                "PYTHONUNBUFFERED": "1",
                "SANDBOX_CLIENT_ID": self.secret("SANDBOX_CLIENT_ID"),
                "SANDBOX_CLIENT_SECRET": self.secret("SANDBOX_CLIENT_SECRET"),
                "SANDBOX_FLAVOUR": "production",
                "SANDBOX_ACCOUNT": CLINIC_ACCOUNT,
                "SANDBOX_RIF": CLINIC_RIF,
            },
        )

    def _web(self, environment: Mapping[str, str]) -> Web:
        bind = f"127.0.0.1:{self.port}"
        asked = ["areamedica.wsgi", "-c", "deploy/gunicorn.py", "-b", bind]
        return Web(
            "web",
            [sys.executable, "-m", "gunicorn", *asked],
            log=self.installation.log("web"),
            port=self.port,
            environment=environment,
            folder=self.installation.project,
        )

    def _worker(self, environment: Mapping[str, str]) -> Process:
        asked = "worker -P threads -c 20 --without-gossip --without-mingle -l info"
        celery = ["-m", "celery", "-A", "areamedica", *asked.split()]
        return self._python("worker", environment, *celery, "-n", "worker@%h")

    def _beat(self, environment: Mapping[str, str]) -> Process:
        schedule = self.installation.folder / "beat-schedule"
        celery = ["-m", "celery", "-A", "areamedica", "beat", "-l", "info"]
        return self._python(
            "beat", environment, *celery, "-s", str(schedule), "--pidfile="
        )

    def _introduce(self) -> None:
        seconds = time.monotonic() - self.began
        rows = [("Panel / admin", self.urls["admin"]), ("API", self.urls["docs"])]
        if self.own_bank:
            rows.append(("Banco de prueba / sandbox", self.urls["sandbox"]))
        rows.append(("Métricas / metrics", self.urls["metrics"]))
        rows.append(("", f"Authorization: Bearer {self.secret('METRICS_TOKEN')}"))
        rows.append(("Registros / logs", str(self.installation.folder / "logs")))
        people = [
            (f"{name}@demo.areamedica.test", what) for name, what in PEOPLE.items()
        ]
        say(
            f"\nÁrea Médica: listo en / ready in {seconds:.0f} s\n\n{table(rows)}\n\n"
            f"Usuarios / sign-ins\n{table(people)}\n\n"
            f"  Contraseña / password:  {self.password}\n\n"
            "Ctrl-C detiene todo. / Ctrl-C stops everything.\n"
        )


def up(installation: Installation) -> int:
    if not installation.seize():
        address = installation.state().get("urls", {}).get("admin", "")
        say(f"La demo ya está en marcha. / The demo already runs: {address}")
        return 1
    installation.load_secrets()
    installation.end_leftovers()
    try:
        Demo(installation, os.environ).run()
    except (NotReady, Refused, WheelMissing) as error:
        say(str(error))
        return 1
    return 0


def table(rows: list[tuple[str, str]]) -> str:
    width = max(len(left) for left, _ in rows)
    return "\n".join(f"  {left:<{width}}  {right}" for left, right in rows)


def say(text: str) -> None:
    """Tell the console, if it is still there: a closed terminal must not stop us."""
    try:
        print(text, flush=True)  # noqa: T201 (this is what a person at a console reads)
    except OSError:
        return


def _port(given: Mapping[str, str], name: str, default: int) -> int:
    raw = given.get(name) or str(default)
    if not raw.isdecimal() or not 1024 <= int(raw) <= 65_000:
        raise Refused(f"{name} must be a port from 1024 to 65000, not {raw!r}.")
    return int(raw)
