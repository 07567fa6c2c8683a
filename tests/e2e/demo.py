"""The demo as a newcomer gets it: a copy of this tree, started by its own command.

A copy, because the demo keeps everything in the folder it is started from, and a
developer may have his own demo running in this one.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from areamedica.devstack.processes import command_line, port_is_free

PROJECT = Path(__file__).parents[2]
PASSWORD = "clave-de-la-demo-7731"
DOMAIN = "demo.areamedica.test"
_LEFT_BEHIND = (
    ".git",
    ".venv",
    ".demo",
    ".env",
    ".bench",
    "__pycache__",
    ".*_cache",
    "staticfiles",
)
# What the test session told itself must not reach the demo: it finds its own servers.
_OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "JWT_SECRET",
    "METRICS_TOKEN",
    "AUDIT_SIGNING_KEY",
    "AUDIT_WRITER_KEY",
    "AUDIT_ANCHOR_KEY",
    "AUDIT_WITNESSES",
)
_OURS_BY_PREFIX = ("DJANGO_", "BANESCO_", "SANDBOX_", "DEMO_", "PROMETHEUS_", "COV_")


def until(
    condition: Callable[[], Any], what: str, seconds: float, every: float = 0.1
) -> Any:
    """Wait for something true and give it.

    :raises AssertionError: it never comes.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Not within {seconds:.0f} s: {what}")
        time.sleep(every)
    return found


def _free_pair() -> int:
    """A port for the web server; the bank's and the witness's are 100 and 200 above."""
    ports = range(20_000, 29_000, 7)
    start = os.getpid() % len(ports)
    for port in (*ports[start:], *ports[:start]):
        if all(port_is_free(port + above) for above in (0, 100, 200)):
            return port
    raise AssertionError("no two free ports")


class Demo:
    """`python -m areamedica.devstack …` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_pair()
        self.console = folder.parent / "console.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def bank_address(self) -> str:
        return f"http://127.0.0.1:{self.port + 100}"

    def _environment(self) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in _OURS and not name.startswith(_OURS_BY_PREFIX)
        }
        return {**kept, "DEMO_PORT": str(self.port), "DEMO_PASSWORD": PASSWORD}

    def command(self, verb: str) -> list[str]:
        return [sys.executable, "-m", "areamedica.devstack", verb]

    def start(self) -> None:
        """Bring it up and wait until it says that it is ready."""
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                self.command("up"),
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._is_ready_or_dead, f"the demo is ready\n{self.said()}", 180)
        assert self._process.poll() is None, self.said()

    def _is_ready_or_dead(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            return True
        return self.state().get("status") == "ready" and self._is_of_this_run()

    def _is_of_this_run(self) -> bool:
        assert self._process is not None
        return bool(self.state()["supervisor"]["pid"] == self._process.pid)

    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def press_ctrl_c(self) -> None:
        """As a person at the console does, and wait until it has ended."""
        if self._process is None or not self.is_up():
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def kill(self) -> None:
        """The supervisor dies without a chance to tidy up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def run(self, verb: str) -> str:
        done = subprocess.run(
            self.command(verb),
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout + done.stderr

    def state(self) -> dict[str, Any]:
        """What `.demo/state.json` says; empty before there is one."""
        path = self.folder / ".demo" / "state.json"
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def pid_of(self, name: str) -> int:
        return int(self.state()["processes"][name]["pid"] or 0)

    def told(self, name: str) -> dict[str, str]:
        """The environment that a process of it was started with."""
        raw = Path(f"/proc/{self.pid_of(name)}/environ").read_text()
        return dict(each.split("=", 1) for each in raw.split("\0") if each)

    def manage(self, *words: str) -> str:
        """What `manage.py` says, told what the web server was told."""
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "manage.py", *words],
            cwd=self.folder,
            env=self.told("web"),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.stdout + done.stderr

    def said(self) -> str:
        return self.console.read_text()[-3_000:] if self.console.exists() else ""

    def orphans(self) -> list[str]:
        """Processes that run in our folder, or on files of it, whoever owns them."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                inside = os.readlink(entry / "cwd").startswith(str(self.folder))
            except OSError:
                continue  # it just ended
            words = command_line(int(entry.name))
            if inside or any(str(self.folder) in word for word in words):
                found.append(" ".join(words))
        return found

    # ---- Its people and its bank ---------------------------------------------------

    def sign_in(self, name: str) -> "Person":
        return Person(self, name)

    def is_serving(self) -> bool:
        try:
            ready = requests.get(f"{self.address}/health/ready", timeout=5)
        except requests.RequestException:
            return False
        return ready.status_code == 200

    def arrives(self, **movement: Any) -> None:
        """Money reaches the clinic's account at the sandbox bank."""
        answer = requests.post(
            f"{self.bank_address}/sandbox/movements", json=movement, timeout=10
        )
        answer.raise_for_status()


class Person:
    """Somebody of the demo's staff with an access token."""

    def __init__(self, demo: Demo, name: str) -> None:
        self._address = f"{demo.address}/api/v1"
        self._line = requests.Session()
        answer = self.post(
            "/auth/login", {"email": f"{name}@{DOMAIN}", "password": PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        self._line.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        self.id = answer.json()["user"]["id"]

    def get(self, path: str) -> requests.Response:
        return self._line.get(self._address + path, timeout=30)

    def post(self, path: str, body: object) -> requests.Response:
        return self._line.post(self._address + path, json=body, timeout=30)


@contextmanager
def a_copy() -> Iterator[Demo]:
    """A demo that was never started; nothing of it is left when the block ends."""
    place = Path(tempfile.mkdtemp(prefix=f"areamedica-test-{os.getpid()}-demo-"))
    place.chmod(0o711)
    folder = place / "clinic"
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(*_LEFT_BEHIND))
    demo = Demo(folder)
    try:
        yield demo
    finally:
        demo.press_ctrl_c()
        demo.run("reset")
        shutil.rmtree(place, ignore_errors=True)
