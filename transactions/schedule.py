"""When the bank is asked again: soon at first, then ever more patiently."""

from datetime import timedelta
from random import Random

# The retry plan of the fact sheet, section 4, read as moments since recording: 30 s,
# 2, 5, 10, 20 and 30 minutes. The patient stands at the till for the first of them.
_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (30, 90, 180, 300, 600, 600))
_HOURLY = timedelta(hours=1)
# While the bank is silent the breaker, not the schedule, spares it; so that all is
# verified soon after it is back, the waits do not grow.
_SILENCE = timedelta(seconds=45)
# What the bank showed is not kept while the books refuse it, so it is asked again, by
# when somebody may have released the account.
_BOOKS = timedelta(seconds=60)
_JITTER = 0.1


def after_missing(rounds: int, dice: Random) -> timedelta:
    """How long to wait after the bank said "not yet" for the `rounds`-th time."""
    delay = _DELAYS[rounds - 1] if rounds <= len(_DELAYS) else _HOURLY
    return delay * dice.uniform(1 - _JITTER, 1 + _JITTER)


def after_silence(dice: Random) -> timedelta:
    """How long to wait after the bank gave no answer."""
    return _SILENCE * dice.uniform(0.7, 1.3)


def after_refusal(dice: Random) -> timedelta:
    """How long to wait after the books refused what the bank has shown."""
    return _BOOKS * dice.uniform(0.7, 1.3)


def spread(dice: Random) -> timedelta:
    """What to add to a common hour, so that waiting rows do not all come at once."""
    return timedelta(seconds=dice.uniform(0.5, 8))
