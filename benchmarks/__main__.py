"""`python -m benchmarks [name ...]`: JSON on stdout, progress on stderr."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from areamedica.devstack.processes import NotReady
from areamedica.devstack.servers import WheelMissing
from benchmarks import (
    create,
    growth,
    journal,
    lists,
    login,
    post,
    reading,
    replay,
    transfers,
    verify,
)
from benchmarks.load import LoadFailed
from benchmarks.processes import collected
from benchmarks.size import Size
from benchmarks.stage import CannotRun, Stage, say

Benchmark = Callable[[Stage, Size], dict[str, Any]]
BENCHMARKS: dict[str, Benchmark] = {
    "create": create.run,
    "list": lists.run,
    "verify": verify.run,
    "login": login.run,
    "replay": replay.run,
    "post": post.run,
    "growth": growth.run,
    "transfers": transfers.run,
    "reading": reading.run,
    "journal": journal.run,
}
# Memory is watched while the others run.
MEMORY = "memory"
_UNDER_LOAD = ("create", "list", "verify")
QUICK = Size(seconds=2, rows=100_000, claims=300, events=20_000, round_seconds=4.0)
_VERSIONS = ("Django", "djangorestframework", "psycopg", "celery", "gunicorn")


def main() -> int:
    names, size = _read(sys.argv[1:])
    # So that every server started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began, load = time.monotonic(), os.getloadavg()[0]
    try:
        with Stage() as stage:
            servers = stage.versions()
            results = {name: _run(name, stage, size) for name in _loads(names)}
    except (CannotRun, LoadFailed, NotReady, WheelMissing) as error:
        say(str(error))
        return 1
    if MEMORY in names:
        results[MEMORY] = collected(results)
    document = {
        "machine": {**_machine(), "load_before": round(load, 2)},
        "versions": {**_versions(), **servers},
        "size": vars(size),
        "seconds": round(time.monotonic() - began, 1),
        "benchmarks": results,
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))
    return 0


def _loads(names: Sequence[str]) -> list[str]:
    wanted = {*names, *(_UNDER_LOAD if MEMORY in names else ())}
    return [name for name in BENCHMARKS if name in wanted]


def _run(name: str, stage: Stage, size: Size) -> dict[str, Any]:
    say(f"--- {name}")
    began = time.monotonic()
    result = BENCHMARKS[name](stage, size)
    return {**result, "seconds": round(time.monotonic() - began, 1)}


def _read(arguments: Sequence[str]) -> tuple[list[str], Size]:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = [*BENCHMARKS, MEMORY]
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(known))
    parser.add_argument("--seconds", type=float, help="length of each round")
    parser.add_argument(
        "--rows", type=int, help="rows of the big list and of the full books"
    )
    parser.add_argument("--claims", type=int, help="transactions to verify")
    parser.add_argument("--events", type=int, help="records of the full journal")
    parser.add_argument("--round-seconds", type=float, help="of writing beside posting")
    parser.add_argument("--quick", action="store_true", help="small and rough")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(known)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    base = QUICK if given.quick else Size()
    size = Size(
        seconds=given.seconds or base.seconds,
        rows=given.rows or base.rows,
        claims=given.claims or base.claims,
        events=given.events or base.events,
        round_seconds=given.round_seconds or base.round_seconds,
    )
    return given.names or known, size


def _machine() -> dict[str, Any]:
    """What matters of it, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 2**30, 1),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(": ")[2] for line in lines if "model name" in line)
    return next(models, platform.processor())


def _versions() -> dict[str, str]:
    found = {name: version(name) for name in _VERSIONS}
    return {"Python": platform.python_version(), **found}


if __name__ == "__main__":
    sys.exit(main())
