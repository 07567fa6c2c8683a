"""How often the bank may be asked: a sliding minute per kind of call."""

import math
import time
from collections import deque
from threading import Lock

WINDOW_SECONDS = 60.0


class Pace:
    """Counts what was let through; what was turned away does not count."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._let_through: dict[str, deque[float]] = {}

    def seconds_to_wait(self, kind: str, most: int) -> int:
        """Zero lets the call through and counts it; `most` zero is no limit."""
        if not most:
            return 0
        now = time.monotonic()
        with self._lock:
            times = self._let_through.setdefault(kind, deque())
            while times and times[0] <= now - WINDOW_SECONDS:
                times.popleft()
            if len(times) < most:
                times.append(now)
                return 0
            return max(1, math.ceil(times[0] + WINDOW_SECONDS - now))

    def clear(self) -> None:
        with self._lock:
            self._let_through.clear()
