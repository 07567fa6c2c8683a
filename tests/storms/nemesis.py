"""The one who hurts: picks a fault, does it, undoes it some seconds later.

Runs in the thread that started the processes: the kernel ends a child when the thread
that made it is gone (areamedica/devstack/processes.py).
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.storms.house import CeleryProcess
from tests.storms.whole_house import WholeHouse

Undo = Callable[[], object]
_BAD_MOODS = ("down", "reset", "hang", "html", "dependency", "truncated")


@dataclass(frozen=True)
class Pending:
    at: float
    undo: Undo


class Nemesis:
    """Two faults at a time at most, so that the clinic is hurt and not just dead."""

    def __init__(self, house: WholeHouse, dice: random.Random) -> None:
        self.house = house
        self.dice = dice
        self.done: Counter[str] = Counter()
        self._pending: list[Pending] = []
        self._faults: list[Callable[[], Undo | None]] = [
            self.kill_worker,
            self.kill_worker,
            self.freeze_worker,
            self.kill_beat,
            self.kill_web,
            self.wipe_redis,
            self.kill_redis,
            self.freeze_redis,
            self.kill_postgres,
            self.spoil_bank,
            self.spoil_bank,
        ]

    def rage(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        strikes_next = 0.0
        while time.monotonic() < ends:
            self._undo_what_is_due()
            if time.monotonic() >= strikes_next and len(self._pending) < 2:
                self._strike()
                strikes_next = time.monotonic() + self.dice.uniform(1.5, 4)
            time.sleep(0.1)

    def _strike(self) -> None:
        fault = self.dice.choice(self._faults)
        undo = fault()
        if undo is not None:
            lasting = self.dice.uniform(0.5, 6)
            self._pending.append(Pending(time.monotonic() + lasting, undo))

    def _undo_what_is_due(self) -> None:
        for each in [one for one in self._pending if one.at <= time.monotonic()]:
            self._pending.remove(each)
            each.undo()

    def _count(self, what: str) -> None:
        self.done[what] += 1

    # ---- Faults; each gives what undoes it, or None when it has done nothing --------

    def _some_worker(self) -> CeleryProcess | None:
        names = ["worker-1", "worker-2"]
        self.dice.shuffle(names)
        living = [self.house.called(name) for name in names]
        return next((each for each in living if each is not None), None)

    def kill_worker(self) -> Undo | None:
        worker = self._some_worker()
        if worker is None:
            return None
        self._count("worker killed")
        self.house.crash(worker)
        return worker.start

    def freeze_worker(self) -> Undo | None:
        """Past its lease at times: it then wakes long after the storm."""
        worker = self._some_worker()
        if worker is None:
            return None
        self._count("worker frozen")
        self.house.freeze(worker)
        pid = worker.pid
        return lambda: worker.pid == pid and pid and os.kill(pid, signal.SIGCONT)

    def kill_beat(self) -> Undo | None:
        beat = self.house.called("beat")
        if beat is None:
            return None
        self._count("beat killed")
        self.house.crash(beat)
        return beat.start  # type: ignore[no-any-return]

    def kill_web(self) -> Undo | None:
        web = self.house.front_door
        if not web.is_running():
            return None
        self._count("web killed")
        self.house.crash(web)
        return web.start

    def wipe_redis(self) -> Undo | None:
        if not self.house.valkey.is_ready():
            return None
        self._count("Redis wiped")
        self.house.redis.flushall()
        return lambda: None

    def kill_redis(self) -> Undo | None:
        if not self.house.valkey.is_running():
            return None
        self._count("Redis killed")
        self.house.crash(self.house.valkey)
        return self.house.valkey.start

    def freeze_redis(self) -> Undo | None:
        pid = self.house.valkey.pid
        if pid is None:
            return None
        self._count("Redis frozen")
        os.kill(pid, signal.SIGSTOP)
        return lambda: self.house.valkey.pid == pid and os.kill(pid, signal.SIGCONT)

    def kill_postgres(self) -> Undo | None:
        if not self.house.postgres.is_running():
            return None
        self._count("PostgreSQL killed")
        self.house.crash_postgres()
        return self.house.postgres.start

    def spoil_bank(self) -> Undo | None:
        mood = self.dice.choice(_BAD_MOODS)
        self._count(f"bank {mood}")
        self.house.bank.fail(mood)
        return self.house.bank.heal
