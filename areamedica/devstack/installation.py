"""What one installation of the demo remembers: its secrets, its state, its lock."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shlex
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from areamedica.devstack.processes import Process, command_line, end_group

# Without the letters and digits that are taken for one another when read aloud.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"

SECRETS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "JWT_SECRET": lambda: secrets.token_urlsafe(64),
    "DATABASE_PASSWORD": lambda: secrets.token_hex(24),
    "REDIS_PASSWORD": lambda: secrets.token_hex(24),
    "SANDBOX_CLIENT_ID": lambda: f"demo-{secrets.token_hex(4)}",
    "SANDBOX_CLIENT_SECRET": lambda: secrets.token_urlsafe(24),
    "AUDIT_SIGNING_KEY": lambda: b64encode(secrets.token_bytes(32)).decode(),
    "AUDIT_WRITER_KEY": lambda: b64encode(secrets.token_bytes(32)).decode(),
    "AUDIT_ANCHOR_KEY": lambda: b64encode(secrets.token_bytes(32)).decode(),
    "METRICS_TOKEN": lambda: secrets.token_urlsafe(24),
    "DEMO_PASSWORD": lambda: "-".join(["clinica", *(_word() for _ in range(3))]),
}


class Installation:
    """The folder `.demo/`, closed to everybody else on the machine."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.folder = project / ".demo"
        self.secrets: dict[str, str] = {}
        self._lock: int | None = None

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def seize(self) -> bool:
        """Make the folder ours alone. False if a running demo holds it.

        The kernel drops the lock with its owner, so a killed demo blocks nobody.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.folder.chmod(0o700)
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            return False
        return True

    def load_secrets(self) -> None:
        """Read this installation's secrets, drawing the ones it does not have yet."""
        path = self.folder / "secrets.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        self.secrets = {
            name: known.get(name) or draw() for name, draw in SECRETS.items()
        }
        if self.secrets != known:
            _write(path, json.dumps(self.secrets, indent=2))

    def write_environment(self, environment: dict[str, str]) -> None:
        """Keep what our processes were told: `set -a; . .demo/environment`."""
        lines = [
            f"{name}={shlex.quote(value)}\n"
            for name, value in sorted(environment.items())
        ]
        _write(self.folder / "environment", "".join(lines))

    def state(self) -> dict[str, Any]:
        path = self.folder / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def write_state(
        self, status: str, urls: dict[str, str], processes: Iterable[Process]
    ) -> None:
        state = {
            "status": status,
            "updated_at": _clock(time.time()),
            "supervisor": {"pid": os.getpid(), "command": command_line(os.getpid())},
            "urls": urls,
            "processes": {process.name: _describe(process) for process in processes},
        }
        _write(self.folder / "state.json", json.dumps(state, indent=2))

    def end_leftovers(self) -> None:
        """End what a killed demo may have left where the kernel did not do it."""
        for known in self.state().get("processes", {}).values():
            pid = known["pid"]
            if pid and command_line(pid) == known["command"]:
                end_group(pid)

    def destroy(self) -> None:
        shutil.rmtree(self.folder)


def _word() -> str:
    return "".join(secrets.choice(READABLE) for _ in range(4))


def _describe(process: Process) -> dict[str, Any]:
    return {
        "name": process.name,
        "pid": process.pid,
        "port": process.port,
        "log": str(process.log),
        "started_at": _clock(process.started_at) if process.started_at else None,
        "restarts": process.restarts,
        "command": process.command,
    }


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def _write(path: Path, text: str) -> None:
    """Replace the whole file at once, so that no reader meets half of it."""
    fresh = path.with_suffix(".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
    ) as f:
        f.write(text)
    fresh.replace(path)
