"""The bank's bad days, in the order they were asked for."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from threading import Event, Lock

from banking.sandbox.reading import Refused, read_object, read_seconds, read_whole
from banking.sandbox.wire import Json

LONGEST_SECONDS = 86_400.0
LONGEST_HANG_SECONDS = 60.0
LONGEST_REFUSAL_SECONDS = 600.0
SLOW_SECONDS = 3.0
REFUSE_SECONDS = 5.0


class Mode(StrEnum):
    DOWN = "down"
    REFUSE = "refuse"
    RESET = "reset"
    SLOW = "slow"
    HANG = "hang"
    HTML = "html"
    GARBAGE = "garbage"
    MAINTENANCE = "maintenance"
    RATE_LIMITED = "rate_limited"
    DEPENDENCY = "dependency"
    BAD_TOKEN = "bad_token"
    BAD_ROW = "bad_row"
    TRUNCATED = "truncated"
    EXPIRE_TOKENS = "expire_tokens"


AT_ONCE = {Mode.REFUSE, Mode.EXPIRE_TOKENS}
"""Carried out when asked for; they never wait in the row."""

QUERY_ONLY = {Mode.BAD_TOKEN, Mode.BAD_ROW}
FIELDS = ("mode", "calls", "seconds", "path", "delay_seconds")


@dataclass(frozen=True)
class Fault:
    """One bad day: it ends after its calls or its seconds, or when cleared."""

    mode: Mode
    calls: int | None
    seconds: float | None
    path: str
    delay_seconds: float

    def meets(self, kind: str) -> bool:
        return self.path in ("any", kind)

    def overlaps(self, other: "Fault") -> bool:
        return "any" in (self.path, other.path) or self.path == other.path


@dataclass(frozen=True)
class Hit:
    """A fault that one call has met, and when (monotonic) it lets go at last.

    `cleared` is set when all faults are taken away, spent ones that still hold a
    call included.
    """

    fault: Fault
    until: float
    cleared: Event


@dataclass
class _Place:
    """A fault in the row. Its seconds run from when nothing stands before it."""

    number: int
    fault: Fault
    calls_left: int | None
    started: float | None = None

    @property
    def ends(self) -> float:
        if self.started is None or self.fault.seconds is None:
            return float("inf")
        return self.started + self.fault.seconds


class Faults:
    """A row of faults: a call meets the first that concerns its path."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers = count(1)
        self._row: list[_Place] = []
        self._cleared = Event()

    def add(self, fault: Fault) -> dict[str, Json]:
        now = time.monotonic()
        with self._lock:
            self._move_on(now)  # first, so the newcomer starts now and not earlier
            place = _Place(next(self._numbers), fault, fault.calls)
            self._row.append(place)
            self._move_on(now)
            return _as_json(place, now)

    def meet(self, kind: str) -> Hit | None:
        """The fault this call meets, counted; none on a good day."""
        now = time.monotonic()
        with self._lock:
            self._move_on(now)
            place = next((p for p in self._row if p.fault.meets(kind)), None)
            if place is None:
                return None
            if place.calls_left is not None:
                place.calls_left -= 1
            until = min(place.ends, now + LONGEST_HANG_SECONDS)
            self._move_on(now)
            return Hit(place.fault, until, self._cleared)

    def clear(self) -> int:
        """End every fault at once, and let go of the calls they hold."""
        with self._lock:
            cleared = len(self._row)
            self._row.clear()
            self._cleared.set()
            self._cleared = Event()
        return cleared

    def as_json(self) -> list[Json]:
        now = time.monotonic()
        with self._lock:
            self._move_on(now)
            return [_as_json(place, now) for place in self._row]

    def _move_on(self, now: float) -> None:
        """Drop what has ended; what stood behind it starts at that very moment."""
        moment = now
        self._row = [place for place in self._row if place.calls_left != 0]
        while True:
            for place in self._unblocked():
                place.started = moment
            over = [place for place in self._row if place.ends <= now]
            if not over:
                return
            first = min(over, key=lambda place: place.ends)
            moment = first.ends
            self._row.remove(first)

    def _unblocked(self) -> Iterator[_Place]:
        for index, place in enumerate(self._row):
            before = self._row[:index]
            is_blocked = any(p.fault.overlaps(place.fault) for p in before)
            if place.started is None and not is_blocked:
                yield place


def read_fault(raw: Json) -> Fault:
    """:raises Refused: an unknown mode or path, or an odd number."""
    given = read_object(raw, known=FIELDS, name="fault")
    mode = _read_mode(given.get("mode"))
    calls, seconds = given.get("calls"), given.get("seconds")
    delay = given.get("delay_seconds")
    return Fault(
        mode=mode,
        calls=None if calls is None else read_whole(calls, "calls", low=1, high=10**6),
        seconds=_read_lasting(seconds, mode),
        path=_read_path(given.get("path"), mode),
        delay_seconds=SLOW_SECONDS
        if delay is None
        else read_seconds(delay, "delay_seconds", high=600),
    )


def _read_mode(raw: Json) -> Mode:
    if not isinstance(raw, str) or raw not in set(Mode):
        raise Refused("mode", f"mode must be one of {', '.join(Mode)}.")
    return Mode(raw)


def _read_lasting(raw: Json, mode: Mode) -> float | None:
    if raw is None:
        return REFUSE_SECONDS if mode is Mode.REFUSE else None
    high = LONGEST_REFUSAL_SECONDS if mode is Mode.REFUSE else LONGEST_SECONDS
    return read_seconds(raw, "seconds", high=high)


def _read_path(raw: Json, mode: Mode) -> str:
    path = raw or "any"
    if path not in ("token", "query", "any"):
        raise Refused("path", "path must be token, query or any.")
    if mode in QUERY_ONLY:
        if path == "token":
            raise Refused("path", f"{mode.value} only happens to queries.")
        return "query"
    return str(path)


def _as_json(place: _Place, now: float) -> dict[str, Json]:
    lasting = place.ends - now
    return {
        "id": place.number,
        "mode": place.fault.mode.value,
        "path": place.fault.path,
        "calls_left": place.calls_left,
        "seconds_left": None if lasting == float("inf") else round(lasting, 3),
        "delay_seconds": place.fault.delay_seconds,
    }
