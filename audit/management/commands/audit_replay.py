import json as as_json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError

from audit.replay import PROJECTIONS, differences, replay


class Command(BaseCommand):
    help = (
        "Rebuilds states and balances from their events and compares; "
        "exit code 1: something differs; 2: it could not be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--swap", action="store_true", help="set rows to what the events tell"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, *, swap: bool, json: bool, **_: Any) -> None:
        told = {name: _replayed(name, swap=swap) for name in PROJECTIONS}
        if json:
            self.stdout.write(as_json.dumps(told, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(_line(*each) for each in told.items()))
        if any(each["differences"] for each in told.values()):
            raise SystemExit(1)


def _replayed(name: str, *, swap: bool) -> dict[str, Any]:
    try:
        found = replay(PROJECTIONS[name], swap=swap)
    except IntegrityError as refusal:
        raise CommandError(f"{name}: {refusal}", returncode=2) from refusal
    if found is None:
        raise CommandError(f"{name}: another replay is at it", returncode=2)
    return {
        "events": found.events,
        "leaf": found.leaf,
        "state": found.state_hash,
        "differences": differences(found),
    }


def _line(name: str, told: dict[str, Any]) -> str:
    ending = "\n  ".join(told["differences"]) or "equal"
    return f"{name}: {told['events']} events, {ending}"
