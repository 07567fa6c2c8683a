"""A fixed nightly pause, where one is configured: `02:00-06:00`, Caracas time.

None is by default: the bank's own maintenance answer pauses the asking (§4: about
02:00 to 06:00, seen live).
"""

import re
from datetime import datetime, time, timedelta

from areamedica.clock import CARACAS

_WINDOW = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})", re.ASCII)


def read_window(text: str) -> tuple[time, time]:
    """Read `02:00-06:00`; it may span midnight.

    :raises ValueError: anything else, or a window that never ends.
    """
    parts = _WINDOW.fullmatch(text)
    if not parts or parts[1] == parts[2]:
        raise ValueError("not a window such as 02:00-06:00")
    return time.fromisoformat(parts[1]), time.fromisoformat(parts[2])


def pause_ends(now: datetime, *, window: str) -> datetime | None:
    """When the pause that `now` falls into ends; None outside of it."""
    if not window:
        return None
    start, end = read_window(window)
    local = now.astimezone(CARACAS)
    hour = local.time()
    is_inside = start <= hour < end if start < end else hour >= start or hour < end
    if not is_inside:
        return None
    day = local.date() if hour < end else local.date() + timedelta(days=1)
    return datetime.combine(day, end, CARACAS)
