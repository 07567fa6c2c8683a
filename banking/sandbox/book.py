"""The account's movements, found by the end of their reference."""

import datetime as dt
import json
import os
from collections.abc import Sequence
from pathlib import Path
from threading import RLock

from banking.sandbox.movements import Movement, restore_movement, tail_of
from banking.sandbox.reading import Refused
from banking.sandbox.wire import Json


class UnreadableState(Exception):
    """The state file is not one of ours."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} does not hold sandbox movements")


class Book:
    """Movements in the order written; with a path, they survive a restart."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = RLock()
        self._path = path
        self._movements: dict[str, Movement] = {}
        self._by_tail: dict[str, dict[str, Movement]] = {}
        self._by_transaction_id: dict[str, dict[str, Movement]] = {}
        for movement in _load(path):
            self._put(movement)

    def add(self, movements: Sequence[Movement]) -> None:
        with self._lock:
            for movement in movements:
                self._put(movement)
            self._save()

    def remove(self, movement_id: str) -> bool:
        """Forget one movement; false when there is none."""
        with self._lock:
            movement = self._movements.pop(movement_id, None)
            if movement is None:
                return False
            self._by_tail[movement.tail].pop(movement_id)
            self._by_transaction_id[movement.transaction_id].pop(movement_id)
            self._save()
            return True

    def clear(self) -> None:
        with self._lock:
            self._movements.clear()
            self._by_tail.clear()
            self._by_transaction_id.clear()
            self._save()

    def all(self) -> list[Movement]:
        with self._lock:
            return list(self._movements.values())

    def visible(self, now: dt.datetime) -> list[Movement]:
        return [movement for movement in self.all() if movement.visible_at <= now]

    def ending_in(self, reference: str, now: dt.datetime) -> list[Movement]:
        """Visible movements that share the reference's last six digits."""
        with self._lock:
            found = list(self._by_tail.get(tail_of(reference), {}).values())
        return [movement for movement in found if movement.visible_at <= now]

    def of_transaction_id(self, name: str, now: dt.datetime) -> list[Movement]:
        with self._lock:
            found = list(self._by_transaction_id.get(name, {}).values())
        return [movement for movement in found if movement.visible_at <= now]

    def _put(self, movement: Movement) -> None:
        self._movements[movement.id] = movement
        self._by_tail.setdefault(movement.tail, {})[movement.id] = movement
        named = self._by_transaction_id.setdefault(movement.transaction_id, {})
        named[movement.id] = movement

    def _save(self) -> None:
        """Write a whole new file, then swap it in: a reader never sees a half."""
        if self._path is None:
            return
        content: Json = {"movements": [m.as_json() for m in self._movements.values()]}
        draft = self._path.with_name(f"{self._path.name}.draft")
        draft.write_text(json.dumps(content), encoding="utf-8")
        os.replace(draft, self._path)


def _load(path: Path | None) -> list[Movement]:
    """:raises UnreadableState: the file is there but is not ours."""
    if path is None:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return []
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return [restore_movement(raw) for raw in content["movements"]]
    except (OSError, ValueError, KeyError, TypeError, Refused) as error:
        raise UnreadableState(path) from error
