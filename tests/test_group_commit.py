"""Who wants the same at the same moment is served at once, and nobody is forgotten."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from time import monotonic, sleep

import pytest
from structlog.testing import capture_logs

from areamedica.group_commit import GroupCommit

LONG = 30.0


class House:
    """Somebody whose work has begun and goes on when told, and those who come later.

    Of a negative wish the work fails, of none at all nothing is done.
    """

    def __init__(self, pool: ThreadPoolExecutor, patience: float = LONG) -> None:
        self.groups: list[list[int]] = []
        self.go_on = Event()
        self._pool = pool
        self._together = GroupCommit(self._work, patience=patience)

    def _work(self, wishes: Sequence[int]) -> str | None:
        self.groups.append(sorted(wishes))
        number = len(self.groups)
        if number == 1:
            assert self.go_on.wait(LONG)
        if wishes[0] < 0 or wishes[-1] < 0:
            raise ValueError(wishes)
        return f"by group {number}" if all(wishes) else None

    def enter(self, wish: int) -> "Future[str | None]":
        return self._pool.submit(self._together.do, wish)

    def begin(self, *wishes: int) -> list["Future[str | None]"]:
        """The first is being served, the others have come; in their order."""
        entered = []
        for wish in wishes:
            entered.append(self.enter(wish))
            until(lambda: len(self.groups) + self.waiting == len(entered))
        return entered

    @property
    def waiting(self) -> int:
        return len(self._together._waiting)


def until(is_so: Callable[[], bool]) -> None:
    ends = monotonic() + LONG
    while not is_so():
        assert monotonic() < ends
        sleep(0.001)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as threads:
        yield threads


def test_who_comes_meanwhile_goes_with_the_others(pool: ThreadPoolExecutor) -> None:
    house = House(pool)
    entered = house.begin(1, 2, 3, 4)
    house.go_on.set()
    told = [each.result(LONG) for each in entered]
    assert told == ["by group 1", *["by group 2"] * 3]
    assert house.groups == [[1], [2, 3, 4]]
    assert house.enter(5).result(LONG) == "by group 3"


@pytest.mark.parametrize("bad", [0, -1])
def test_where_one_stands_in_the_way_each_sees_to_his_own(
    pool: ThreadPoolExecutor, bad: int
) -> None:
    house = House(pool)
    entered = house.begin(1, 2, 3, bad)
    with capture_logs() as logs:
        house.go_on.set()
        told = [each.result(LONG) for each in entered]
    assert told == ["by group 1", None, None, None]
    assert [each["event"] for each in logs] == ["group_failed"] * (bad < 0)
    assert house.enter(5).result(LONG) == "by group 3"


def test_one_alone_learns_why(pool: ThreadPoolExecutor) -> None:
    house = House(pool)
    first, second = house.begin(-1, 2)
    house.go_on.set()
    with pytest.raises(ValueError, match="-1"):
        first.result(LONG)
    assert second.result(LONG) == "by group 2"


def test_nobody_waits_for_long_for_those_who_are_held_up(
    pool: ThreadPoolExecutor,
) -> None:
    house = House(pool, patience=0.05)
    first = house.enter(1)
    until(lambda: house.groups == [[1]])
    assert house.enter(2).result(LONG) == "by group 2"
    assert not first.done()
    house.go_on.set()
    assert first.result(LONG) == "by group 1"
    assert house.enter(3).result(LONG) == "by group 3"


@pytest.mark.parametrize("patience", [LONG, 0.0005])
def test_nobody_is_forgotten_or_served_twice(
    pool: ThreadPoolExecutor, patience: float
) -> None:
    """Also where the patient and the impatient take turns."""
    served: Counter[int] = Counter()

    def work(wishes: Sequence[int]) -> bool:
        sleep(0.0005)
        served.update(wishes)
        return True

    together = GroupCommit(work, patience=patience)
    wishes = range(6_400)
    assert all(pool.map(together.do, wishes, timeout=LONG))
    assert served == Counter(wishes)
