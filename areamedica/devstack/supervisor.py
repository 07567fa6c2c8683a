"""Keeps processes running, and stops them in order when it is told to."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from itertools import groupby
from types import FrameType

from areamedica.devstack.processes import NotReady, Process

TELLING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told(Exception):
    """Somebody wants us to stop."""


class Supervisor:
    def __init__(
        self, *, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        self.processes: list[Process] = []
        self.say = say
        self.changed = changed
        self.told = 0
        self._deaths: dict[str, list[float]] = {}
        self._due: dict[str, float] = {}

    def listen(self) -> None:
        for number in TELLING:
            signal.signal(number, self._hear)

    def breathe(self) -> None:
        """Wait a moment. Raises Told when it is time to stop."""
        if self.told:
            raise Told
        time.sleep(0.05)

    def start(self, process: Process) -> None:
        self.processes.append(process)
        process.start()
        self.changed()

    def finish(self, process: Process) -> None:
        """Run to its end a process that has one. Raises NotReady if it failed."""
        process.wait_ended(self.breathe)
        self.processes.remove(process)
        self.changed()

    def watch(self) -> None:
        """Start again whatever dies, until somebody tells us to stop."""
        while not self.told:
            for process in self.processes:
                if process.is_running():
                    continue
                if process.name not in self._due:
                    self._mourn(process)
                elif time.monotonic() >= self._due[process.name]:
                    self._revive(process)
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the last stage first, PostgreSQL at the very end."""
        latest_first = sorted(self.processes, key=lambda process: -process.stage)
        for _, together in groupby(latest_first, key=lambda process: process.stage):
            stage = list(together)
            for process in stage:
                process.ask_to_stop()
            for process in stage:
                # Who presses Ctrl-C a second time does not want to wait.
                process.stop(patience=1 if self.told > 1 else 10)
        self.changed()

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.told += 1

    def _mourn(self, process: Process) -> None:
        now = time.monotonic()
        recent = [
            then for then in self._deaths.get(process.name, []) if now - then < 60
        ]
        self._deaths[process.name] = [*recent, now]
        wait = min(0.5 * 2 ** len(recent), 15)
        self._due[process.name] = now + wait
        self.changed()
        self.say(f"{process.name} ended ({process.ending}); again in {wait:g} s.")
        if recent:
            self.say(f"The end of {process.log}:\n{process.tail()}")

    def _revive(self, process: Process) -> None:
        process.stop()  # its children may have outlived it
        del self._due[process.name]
        process.restarts += 1
        try:
            process.start()
        except (NotReady, OSError) as error:
            self.say(f"{process.name} did not start: {error}")
        self.changed()
