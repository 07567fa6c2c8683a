"""For whom the system acts, and what led it there; told by the journal itself.

A message only says "look now", and one ring serves the rows of many: the request that
rang is not the one a row came from. So who goes on with a row in a task takes up the
thread from the record that left it there.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog

from audit.actions import Action
from audit.models import Leaf, Record

# Automatic changes have an author too: a row of `accounts` that cannot sign in.
SYSTEM_ID = UUID("00000000-0000-4000-8000-000000000001")


@dataclass(frozen=True)
class Thread:
    """What a task goes on with: a record, its request, and the person behind it."""

    record: int
    request: str = ""
    person: UUID | None = None


@dataclass(frozen=True)
class Whence:
    """The request or task a record is part of, and how its actor showed who he is.

    `person` is who is behind it; `record` the id of the one that led to it.
    """

    request: str
    via: str
    person: UUID | None = None
    record: int | None = None


_taken_up: ContextVar[Thread | None] = ContextVar("taken_up", default=None)


def whence() -> Whence:
    """Where this process is just now.

    A request says itself who asks. A task is named by its own id unless it has taken up
    a thread: words that came with its message may be those of another's request.
    """
    around = structlog.contextvars.get_contextvars()
    if _is_request(around):
        person = around.get("person")
        via = around.get("via", "")
        return Whence(around["request_id"], via, UUID(person) if person else None)
    task = str(around.get("task_id", ""))
    via = "task" if task else ""
    thread = _taken_up.get()
    if thread is None:
        return Whence(task, via)
    return Whence(thread.request or task, via, thread.person, thread.record)


def _is_request(around: dict[str, Any]) -> bool:
    return "request_id" in around and not around.get("task_id")


@contextmanager
def going_on_with(
    subject: tuple[str, object], acts: Collection[Action]
) -> Iterator[None]:
    """What the system does in this block follows from the subject's last such act.

    Nothing is read in a request, which says more: it goes on with itself.
    """
    if _is_request(structlog.contextvars.get_contextvars()):
        yield
        return
    kind, pk = subject
    # Few, and read by their index: of the newest alone the planner walks all ids.
    told = Record.objects.filter(
        subject_type=kind, subject_id=str(pk), action__in=[each.value for each in acts]
    )
    last = max(told, key=lambda each: each.pk, default=None)
    with _holding(_thread_of(last) if last else None):
        yield


@contextmanager
def because_of(leaf: int | None) -> Iterator[None]:
    """What the system does in this block was led to by a sealed record, for nobody."""
    led = None if leaf is None else Leaf.objects.filter(number=leaf).first()
    with _holding(Thread(led.record_id) if led else None):
        yield


def _thread_of(record: Record) -> Thread:
    return Thread(record.pk, record.request_id, record.on_behalf_of or record.actor_id)


@contextmanager
def _holding(thread: Thread | None) -> Iterator[None]:
    held = _taken_up.set(thread)
    try:
        yield
    finally:
        _taken_up.reset(held)
