"""Group commit: what several threads want at the same moment is done at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger("areamedica.group_commit")
Wish = TypeVar("Wish")
Done = TypeVar("Done")


class GroupCommit(Generic[Wish, Done]):
    """Has one of the threads that want a thing do it for all of them.

    `work` is given what a group wants and gives what was done, the same for each, or
    None when nothing was: then each has to see to his own. It runs in the thread of one
    of them, on his connection.

    Nobody waits for company. Who comes while no group is under way goes at once; who
    comes later goes with the others who have come meanwhile. Should those under way be
    held up, he waits for `patience` seconds and goes too.
    """

    def __init__(
        self, work: Callable[[Sequence[Wish]], Done | None], *, patience: float
    ) -> None:
        self._work = work
        self._patience = patience
        self._lock = Lock()
        self._under_way = 0
        self._waiting: list[_Member[Wish, Done]] = []

    def do(self, wish: Wish) -> Done | None:
        """What was done about it; None: nothing, see to it yourself.

        If the work of several fails, each is told None: only alone does he learn
        whether it was because of him. So it must do no harm to do it again, even where
        it was done and the answer was lost.

        :raises Exception: whatever `work` raises for this one alone.
        """
        me: _Member[Wish, Done] = _Member(wish)
        with self._lock:
            self._waiting.append(me)
            group = None if self._under_way else self._gathered()
        return self._lead(group) if group else self._follow(me)

    def _follow(self, me: "_Member[Wish, Done]") -> Done | None:
        try:
            news = me.news.get(timeout=self._patience)
        except Empty:
            with self._lock:
                group = self._gathered() if me in self._waiting else None
            news = group or me.news.get()
        return self._lead(news) if isinstance(news, _Group) else news

    def _lead(self, group: "_Group[Wish, Done]") -> Done | None:
        done = None
        try:
            done = self._work([member.wish for member in group])
        except Exception as error:
            if len(group) == 1:
                raise
            log.warning("group_failed", error=type(error).__name__, size=len(group))
        finally:
            self._let_go(group, done)
        return done

    def _let_go(self, group: "_Group[Wish, Done]", done: Done | None) -> None:
        # First those who wait: the next group is then under way while the threads of
        # this one get ready what they want next.
        with self._lock:
            self._under_way -= 1
            if self._waiting:
                leader = self._waiting[0]
                leader.news.put(self._gathered())
        for member in group:
            member.news.put(done)

    def _gathered(self) -> "_Group[Wish, Done]":
        """All who wait, as one group that goes now."""
        group = _Group(self._waiting)
        self._waiting = []
        self._under_way += 1
        return group


class _Group(list["_Member[Wish, Done]"], Generic[Wish, Done]):
    """Who goes together; news of it makes its reader their leader."""


@dataclass(eq=False, slots=True)
class _Member(Generic[Wish, Done]):
    wish: Wish
    news: "SimpleQueue[_Group[Wish, Done] | Done | None]" = field(
        default_factory=SimpleQueue
    )
