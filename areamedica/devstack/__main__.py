"""`python -m areamedica.devstack up|status|stop|reset`."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import time
from pathlib import Path

from areamedica.devstack.demo import Refused, say, table, up
from areamedica.devstack.installation import Installation
from areamedica.devstack.processes import command_line, end_with_parent
from areamedica.devstack.servers import Postgres


def status(installation: Installation) -> int:
    state = installation.state()
    if not _runs(installation):
        say("La demo no está en marcha. / The demo is not running.")
        return 1
    say(f"{state['status']}\n{table(list(state['urls'].items()))}\n")
    columns = ("pid", "port", "restarts", "log")
    for name, known in state["processes"].items():
        facts = "  ".join(f"{column} {known[column]}" for column in columns)
        say(f"  {name:<9} {facts}")
    return 0


def stop(installation: Installation) -> int:
    if _runs(installation):
        os.kill(installation.state()["supervisor"]["pid"], signal.SIGTERM)
        while _runs(installation):
            time.sleep(0.1)
    return 0


def reset(installation: Installation) -> int:
    """Empty the demo: its data, its secrets, its logs, wherever they lie."""
    stop(installation)
    if not installation.seize():
        say("La demo está arrancando. / The demo is just starting. Try again.")
        return 1
    installation.end_leftovers()
    data = installation.folder / "postgres"
    Postgres(data, password="", log=data, durable=True).destroy()  # noqa: S106
    installation.destroy()
    say("La demo está vacía. / The demo is empty.")
    return 0


def _runs(installation: Installation) -> bool:
    known = installation.state().get("supervisor", {"pid": 0, "command": None})
    return bool(command_line(known["pid"]) == known["command"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m areamedica.devstack")
    parser.add_argument("verb", choices=("up", "status", "stop", "reset"))
    parser.add_argument(
        "--with-parent",
        action="store_true",
        help="stop when the process that started us (make) is killed",
    )
    chosen = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console without accents
    if chosen.with_parent:
        end_with_parent(signal.SIGTERM)
    verbs = {"up": up, "status": status, "stop": stop, "reset": reset}
    try:
        return verbs[chosen.verb](Installation(Path(__file__).resolve().parents[2]))
    except (Refused, PermissionError) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
