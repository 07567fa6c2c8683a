"""The one way into the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from audit.actions import Action
from audit.canonical import canonical
from audit.writers import macs_of


@dataclass(frozen=True, kw_only=True)
class Event:
    """What is to be journaled.

    `subject` is (type, id), such as `("transaction", pk)`; `facts` hold ids, amounts,
    states and pseudonyms, never a name, a phone or a document. `version` numbers the
    records of one subject from 1, without gaps, where the writer holds its row's lock.
    """

    action: Action
    actor_id: UUID | None
    subject: tuple[str, object] = ("", "")
    facts: dict[str, object] = field(default_factory=dict)
    version: int | None = None


def record(
    action: Action,
    *,
    actor_id: UUID | None,
    subject: tuple[str, object] = ("", ""),
    facts: dict[str, object] | None = None,
    version: int | None = None,
) -> None:
    """Append one record in the caller's database transaction; see `Event`.

    :raises TypeError: a fact has no canonical form.
    """
    event = Event(
        action=action,
        actor_id=actor_id,
        subject=subject,
        facts=facts or {},
        version=version,
    )
    record_all([event])


# Only what the writer knows, in the order of `_said`: an application's role may name no
# other column. COPY, because PostgreSQL takes a third less time for it than to plan an
# INSERT and to read JSON or arrays.
_APPEND = """
COPY audit_record (action, actor_id, facts, request_id, subject_id, subject_type,
                   version, via, mac) FROM STDIN (FORMAT BINARY)
"""
_TYPES = ("text", "uuid", "text", "text", "text", "text", "int4", "text", "bytea")


def record_all(events: Iterable[Event]) -> None:
    """Append records in their order, in one statement, as of one request or task.

    :raises TypeError: a fact has no canonical form.
    """
    whence = _whence()
    said = [_said(event, *whence) for event in events]
    macs = macs_of(said)
    if said:
        _append([(*each.values(), mac) for each, mac in zip(said, macs, strict=True)])


def _append(rows: Iterable[tuple[object, ...]]) -> None:
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(_APPEND) as copy,
    ):
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)


def row_of(event: Event) -> dict[str, Any]:
    """The columns of its record, for the demo's past, which has a clock of its own."""
    said = _said(event, *_whence())
    return {
        "action": said["action"],
        "actor_id": said["actor"],
        "facts": said["facts"],
        "request_id": said["request"],
        "subject_id": said["subject"],
        "subject_type": said["subject_type"],
        "version": said["version"],
        "via": said["via"],
        "mac": macs_of([said])[0],
    }


def _said(event: Event, request: str, via: str) -> dict[str, object]:
    """The words of the writer."""
    kind, pk = event.subject
    return {
        "action": event.action.value,
        "actor": event.actor_id,
        "facts": canonical(event.facts),
        "request": request,
        "subject": str(pk),
        "subject_type": kind,
        "version": event.version,
        "via": via,
    }


def _whence() -> tuple[str, str]:
    """The request or task this is part of, and how the actor showed who he is.

    A task inherits the words of the request that rang for it.
    """
    around = structlog.contextvars.get_contextvars()
    task = around.get("task_id", "")
    return around.get("request_id", "") or task, (
        "task" if task else around.get("via", "")
    )
