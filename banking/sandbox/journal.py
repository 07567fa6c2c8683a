"""What the bank was asked, when, and what it answered. A sandbox hides nothing."""

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, replace
from threading import Lock

from banking.sandbox.wire import Answer, Json

KEPT = 50_000


@dataclass(frozen=True)
class Asked:
    """One call. Its status stays empty while it runs, or if it never got one."""

    number: int
    at: dt.datetime
    started: float
    kind: str
    method: str
    path: str
    asked: dict[str, Json]
    fault: str = ""
    status: int | None = None
    code: str = ""
    modality: str = ""
    movements: tuple[str, ...] = ()
    duration_ms: float | None = None

    def as_json(self) -> dict[str, Json]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "kind": self.kind,
            "method": self.method,
            "path": self.path,
            "transaction": self.asked,
            "modality": self.modality,
            "fault": self.fault,
            "status": self.status,
            "code": self.code,
            "movements": self.movements,
            "duration_ms": self.duration_ms,
        }


class Journal:
    """The last calls in order of arrival, with the peak of simultaneous ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: dict[int, Asked] = {}
        self._next = 1
        self._counts: Counter[str] = Counter()
        self._running: set[int] = set()
        self._peak = 0

    def open(
        self, kind: str, *, method: str, path: str, asked: dict[str, Json]
    ) -> Asked:
        now = dt.datetime.now(dt.UTC)
        with self._lock:
            call = Asked(self._next, now, time.monotonic(), kind, method, path, asked)
            self._next += 1
            self._calls[call.number] = call
            self._calls.pop(call.number - KEPT, None)
            self._counts[kind] += 1
            if kind != "other":
                self._running.add(call.number)
                self._peak = max(self._peak, len(self._running))
        return call

    def close(self, call: Asked, answer: Answer | None, fault: str) -> None:
        """Note the answer about to be sent; none when the line was cut instead."""
        ended = replace(
            call,
            fault=fault,
            status=answer.status if answer else None,
            code=answer.code if answer else "",
            modality=answer.modality if answer else "",
            movements=answer.movements if answer else (),
            duration_ms=round((time.monotonic() - call.started) * 1000, 1),
        )
        with self._lock:
            self._running.discard(call.number)
            if call.number in self._calls:
                self._calls[call.number] = ended

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
            self._counts.clear()
            self._peak = len(self._running)

    def as_json(self, since: dt.datetime | None, limit: int) -> dict[str, Json]:
        with self._lock:
            calls = list(self._calls.values())
            counts = dict(self._counts)
            peak, running = self._peak, len(self._running)
        wanted = [call for call in calls if since is None or call.at >= since]
        shown = wanted[-limit:] if limit else wanted
        return {
            "requests": [call.as_json() for call in shown],
            "counts": {
                "token": counts.get("token", 0),
                "query": counts.get("query", 0),
                "other": counts.get("other", 0),
                "total": sum(counts.values()),
            },
            "max_simultaneous": peak,
            "running": running,
        }
