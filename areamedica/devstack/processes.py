"""One child process that is watched: start it, know that it lives, stop it for good.

Every child gets a session of its own, so that Ctrl-C reaches only us and we can
stop things in order; and on Linux the kernel is asked to end the child when we die
without a chance to tidy up.
"""

# ruff: noqa: S603  (the commands are ours; nothing a stranger typed gets into them)

from __future__ import annotations

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_ROTATED_AT_BYTES = 5_000_000

libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class NotReady(Exception):
    """A process ended, or stayed silent too long, before it was of any use."""


def nap() -> None:
    time.sleep(0.05)


def free_port() -> int:
    """Find a loopback port nobody listens on.

    Below the range from which the kernel takes outgoing ports: while a server is
    being restarted, a client that dials an ephemeral port may be given that very
    port as its own and end up connected to itself, keeping the server out.
    """
    for port in random.sample(range(20_000, 30_000), 200):
        if port_is_free(port):
            return port
    raise NotReady("No free port was found between 20000 and 30000.")


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do; without it a port closed a moment ago would look busy.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Process:
    """A command, its log, and the process that runs it at the moment."""

    stop_signal = signal.SIGTERM
    # What the kernel sends if we die first. Nobody is left to wait or insist then.
    orphan_signal = signal.SIGKILL
    # Who must outlive whom: the highest stage is stopped first.
    stage = 3

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        port: int | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: int | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.port = port
        self.environment = environment
        self.folder = folder
        self.user = user
        self.started_at: float | None = None
        self.restarts = 0
        self._popen: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """What must be true before each start. Servers make their files here."""

    def is_ready(self) -> bool:
        return self.is_running()

    @property
    def pid(self) -> int | None:
        return self._popen.pid if self._popen and self.is_running() else None

    @property
    def ending(self) -> str:
        code = self._popen.returncode if self._popen else None
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"

    def is_running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        self.prepare()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_ROTATED_AT_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=self._follow_us_to_the_end(),
                user=self.user,
                group=self.user,
                extra_groups=None if self.user is None else [],
            )
        self.started_at = time.time()

    def wait_ready(
        self, seconds: float = 30, between: Callable[[], None] = nap
    ) -> None:
        """Wait until it serves. Raises NotReady with the end of its log."""
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if not self.is_running():
                raise NotReady(f"{self.name} ended ({self.ending}).\n{self.tail()}")
            if time.monotonic() > deadline:
                late = f"{self.name} was not ready after {seconds:.0f} s."
                raise NotReady(f"{late}\n{self.tail()}")
            between()

    def wait_ended(self, between: Callable[[], None] = nap) -> None:
        """Wait until it has done its work. Raises NotReady if it failed."""
        while self.is_running():
            between()
        if self._popen is None or self._popen.returncode:
            raise NotReady(f"{self.name} failed ({self.ending}).\n{self.tail()}")

    def ask_to_stop(self) -> None:
        if self._popen is not None and self.is_running():
            self._popen.send_signal(self.stop_signal)

    def stop(self, patience: float = 10) -> None:
        """Ask, wait, then insist; whatever it started itself goes with it."""
        if self._popen is None:
            return
        self.ask_to_stop()
        try:
            self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        finally:
            end_group(self._popen.pid)

    def tail(self, lines: int = 15) -> str:
        """The last words, for a person who wonders what went wrong."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 8_000))
            text = log.read().decode(errors="replace")
        return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])

    def _follow_us_to_the_end(self) -> Callable[[], None]:
        parent, number = os.getpid(), self.orphan_signal

        def in_the_child() -> None:
            end_with_parent(number)
            if os.getppid() != parent:  # we died between the fork and this line
                os._exit(1)

        return in_the_child


def end_with_parent(number: int) -> None:
    """Ask the kernel for this signal at our parent's death. Only Linux knows how.

    To the kernel the parent is the thread that made us: start processes from one
    that lives as long as they should.
    """
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, int(number))


def end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # nobody is left, or the number already belongs to somebody else


def command_line(pid: int) -> list[str]:
    """How a process was started; empty when there is none, or no telling."""
    try:
        text = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return _command_line_from_ps(pid) if sys.platform == "darwin" else []
    return text.rstrip("\0").split("\0")


def _command_line_from_ps(pid: int) -> list[str]:
    asked = ["ps", "-o", "args=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True).stdout.split()
