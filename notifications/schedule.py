"""When a delivery is tried again: a table and arithmetic, no clock and no database."""

from datetime import timedelta
from random import SystemRandom

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=12)
GIVEN_UP_AFTER = timedelta(days=3)
_GROWTH, _JITTER = 3, 0.2
_dice = SystemRandom()


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: 5 s, 15 s, 45 s … 12 h, give or take.

    A fifth more or less, so that what failed together does not come back together.
    """
    # A power beyond the ceiling is not even computed.
    growth: int = _GROWTH ** min(attempts - 1, 20)
    wait = min(FIRST_WAIT * growth, LONGEST_WAIT)
    return wait * _dice.uniform(1 - _JITTER, 1 + _JITTER)
