"""The one way into the journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from audit.actions import Action
from audit.canonical import canonical
from audit.causes import SYSTEM_ID, Whence, whence
from audit.writers import LATER_WORDS, WORDS, macs_of


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


# Only what the writer knows: an application's role may name no other column.
_WORDS = (*WORDS, *LATER_WORDS)
_COLUMNS = """
audit_record (action, actor_id, facts, request_id, subject_id, subject_type, version,
              via, on_behalf_of, caused_by, mac)
"""
_TYPES = (
    *("text", "uuid", "text", "text", "text", "text", "int4", "text"),
    *("uuid", "int8"),
    "bytea",
)
_COPY = f"COPY {_COLUMNS} FROM STDIN (FORMAT BINARY)"
_INSERT = f"INSERT INTO {_COLUMNS} VALUES ({', '.join(['%s'] * len(_TYPES))})"  # noqa: S608 (our names)


def record_all(events: Iterable[Event]) -> None:
    """Append records in their order, in one statement, as of one request or task.

    :raises TypeError: a fact has no canonical form.
    """
    now = whence()
    said = [_said(event, now) for event in events]
    if said:
        pairs = zip(said, macs_of(said), strict=True)
        _append([(*map(each.get, _WORDS), mac) for each, mac in pairs])


def _append(rows: Sequence[tuple[Any, ...]]) -> None:
    """COPY takes a third less of PostgreSQL's time than to plan an INSERT and to read
    JSON or arrays, and one trip more than to insert a single row."""
    with connection.cursor() as cursor:
        if len(rows) == 1:
            cursor.execute(_INSERT, rows[0])
            return
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            copy.set_types(_TYPES)
            for row in rows:
                copy.write_row(row)


def row_of(event: Event) -> dict[str, Any]:
    """The columns of its record, for the demo's past, which has a clock of its own."""
    said = _said(event, whence())
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
        "on_behalf_of": said.get("on_behalf_of"),
        "caused_by": said.get("caused_by"),
    }


def _said(event: Event, now: Whence) -> dict[str, object]:
    """The words of the writer; for whom and why only where there is something to say.

    Whoever acts for himself acts on nobody's behalf.
    """
    kind, pk = event.subject
    said: dict[str, object] = {
        "action": event.action.value,
        "actor": event.actor_id,
        "facts": canonical(event.facts),
        "request": now.request,
        "subject": str(pk),
        "subject_type": kind,
        "version": event.version,
        "via": now.via,
    }
    if event.actor_id == SYSTEM_ID and now.person not in (None, SYSTEM_ID):
        said["on_behalf_of"] = now.person
    if now.record is not None:
        said["caused_by"] = now.record
    return said
