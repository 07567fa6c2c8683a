"""How much of a round's time is left."""

import time


class Deadline:
    """A moment on the monotonic clock, so that no clock change moves it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._ends - time.monotonic())

    def at_most(self, seconds: float) -> float:
        """`seconds`, or what is left of the time if that is less."""
        return min(seconds, self.remaining())
