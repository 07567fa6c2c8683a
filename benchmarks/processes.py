"""What processes take: memory, at rest and at the height of a load, and processor.

Counted is the proportional share (PSS): what several processes share is divided among
them, so that the sum of a server's processes is what the machine really spends.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from areamedica.devstack.processes import Process

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_EVERY_SECONDS = 0.5

Seen = dict[str, dict[str, float]]


@contextmanager
def watched(processes: Mapping[str, Process]) -> Iterator[Seen]:
    """Watch processes and their children during the block.

    Gives `{"web": {"rest_mb", "peak_mb", "processes"}}`, complete when the block ends;
    empty where the system does not tell (anything but Linux).
    """
    seen: Seen = {}
    _look(processes, seen)
    over = threading.Event()

    def look_on() -> None:
        while not over.wait(_EVERY_SECONDS):
            _look(processes, seen)

    watcher = threading.Thread(target=look_on, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _look(processes: Mapping[str, Process], seen: Seen) -> None:
    for name, process in processes.items():
        pids = _family(process.pid)
        megabytes = round(sum(map(_kilobytes, pids)) / 1024, 1)
        if not megabytes:
            continue
        known = seen.setdefault(name, {"rest_mb": megabytes, "peak_mb": 0})
        known["peak_mb"] = max(known["peak_mb"], megabytes)
        known["processes"] = len(pids)


def _family(pid: int | None) -> list[int]:
    """A process and its children."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(pid or 0), *map(int, children.split())]


def _kilobytes(pid: int) -> int:
    try:
        found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
    except OSError:
        return 0  # it ended while we looked
    return int(found[1]) if found else 0


def collected(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What the other benchmarks saw, by process; the bare web server is the yardstick.

    At rest is the least that was seen before any load.
    """
    rest: dict[str, float] = {}
    peaks: dict[str, dict[str, float]] = {}
    for name, result in results.items():
        for process, seen in result.get("memory", {}).items():
            known = rest.get(process, seen["rest_mb"])
            rest[process] = min(known, seen["rest_mb"])
            peaks.setdefault(process, {})[name] = seen["peak_mb"]
    figures = {
        process: {"rest_mb": rest[process], "peak_mb": peaks[process]}
        for process in peaks
    }
    bare = figures.pop("bare_web", None)
    return {"figure": figures, "baseline": {"bare_web": bare}, "ok": bool(figures)}


def cpu_seconds(process: Process) -> float:
    """Processor time a process and its children have used so far.

    Unlike the clock it hardly knows how busy the machine is with other things.
    """
    return sum(map(_used, _family(process.pid)))


def _used(pid: int) -> float:
    try:
        return told_of(pid).cpu_seconds
    except OSError:
        return 0.0  # it ended while we looked


class Told(NamedTuple):
    """What the system tells of a process; the children are those that have ended."""

    parent: int
    cpu_seconds: float
    cpu_seconds_of_children: float


def told_of(pid: int) -> Told:
    """Read `/proc/pid/stat` (proc(5)).

    :raises OSError: no such process, or a system that does not tell.
    """
    # The name, which stands second in parentheses, may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used, by_children = fields[11:13], fields[13:15]
    hertz = os.sysconf("SC_CLK_TCK")
    return Told(
        parent=int(fields[1]),
        cpu_seconds=sum(map(int, used)) / hertz,
        cpu_seconds_of_children=sum(map(int, by_children)) / hertz,
    )
