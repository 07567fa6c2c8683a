"""A configured nightly pause, Caracas time."""

from datetime import UTC, datetime

import pytest

from banking.maintenance import pause_ends, read_window


@pytest.mark.parametrize(
    ("window", "now", "ends"),
    [
        ("", "2026-03-14T07:00", None),
        ("02:00-06:00", "2026-03-14T05:59", None),
        ("02:00-06:00", "2026-03-14T06:00", "2026-03-14T10:00"),
        ("02:00-06:00", "2026-03-14T09:59", "2026-03-14T10:00"),
        ("02:00-06:00", "2026-03-14T10:00", None),
        ("23:00-01:00", "2026-03-14T02:59", None),
        ("23:00-01:00", "2026-03-14T03:30", "2026-03-14T05:00"),
        ("23:00-01:00", "2026-03-14T04:30", "2026-03-14T05:00"),
        ("23:00-01:00", "2026-03-14T05:00", None),
    ],
)
def test_when_the_pause_ends(window: str, now: str, ends: str | None) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    end = pause_ends(moment, window=window)
    expected = ends and datetime.fromisoformat(ends).replace(tzinfo=UTC)
    assert end == expected


@pytest.mark.parametrize(
    "text", ["", "2-6", "02:00", "02:00-02:00", "25:00-06:00", "02:00 - 06:00", "٠٢:00"]
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"window|isoformat|hour"):
        read_window(text)
