"""The one way into the journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from areamedica.database import prepared
from audit.actions import Action
from audit.canonical import canonical
from audit.causes import SYSTEM_ID, Whence, whence
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


# Column and type of each of the writer's words, and of the MAC: an application's role
# may name no other column.
_KEPT = {
    "action": ("action", "text"),
    "actor": ("actor_id", "uuid"),
    "facts": ("facts", "text"),
    "request": ("request_id", "text"),
    "subject": ("subject_id", "text"),
    "subject_type": ("subject_type", "text"),
    "version": ("version", "int4"),
    "via": ("via", "text"),
    "on_behalf_of": ("on_behalf_of", "uuid"),
    "caused_by": ("caused_by", "int8"),
    "mac": ("mac", "bytea"),
}
_COLUMNS, _TYPES = zip(*_KEPT.values(), strict=True)
_INTO = f"audit_record ({', '.join(_COLUMNS)})"
_COPY = f"COPY {_INTO} FROM STDIN (FORMAT BINARY)"
_GIVEN = ", ".join(f"%s::{kind}" for kind in _TYPES)
_INSERT = f"INSERT INTO {_INTO} VALUES ({_GIVEN})"  # noqa: S608 (our names)
_EACH = ", ".join(f"{name} {kind}" for name, kind in _KEPT.values())
_TOLD = f"""
WITH done AS MATERIALIZED (SELECT {{done}} AS it), told AS (
     INSERT INTO {_INTO} SELECT each.* FROM done, json_to_recordset(%s) AS each({_EACH})
      WHERE it IS NOT NULL
) SELECT it FROM done
"""  # noqa: S608 (our names)
Row = tuple[Any, ...]
"""What is kept of an event, in the order of `_KEPT`."""


def record_all(events: Iterable[Event]) -> None:
    """Append records in their order, in one statement, as of one request or task.

    :raises TypeError: a fact has no canonical form.
    """
    rows = rows_of(events)
    if rows:
        _append(rows)


def _append(rows: Sequence[Row]) -> None:
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


def record_with(done: str, given: Sequence[object], rows: Sequence[Row]) -> Any:
    """Have the database do something and append its records, in one trip.

    `done` is an expression of SQL with its parameters; its value is given back. If that
    is NULL, nothing was done, and nothing is recorded. What is locked by it is locked
    until the caller's transaction ends; without one, no longer than PostgreSQL needs.
    A record's moment is that at which the statement began, before it waited.
    """
    if not rows:
        [[it]] = prepared(f"SELECT {done}", given)
        return it
    # As JSON: psycopg takes longer over eleven arrays than PostgreSQL over reading it.
    told = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    written = orjson.dumps(told, default=_as_hex).decode()
    [[it]] = prepared(_TOLD.format(done=done), [*given, written])
    return it


def _as_hex(mac: bytes) -> str:
    return rf"\x{mac.hex()}"


def row_of(event: Event) -> dict[str, Any]:
    """The columns of its record, for the demo's past, which has a clock of its own."""
    [row] = rows_of([event])
    return dict(zip(_COLUMNS, row, strict=True))


def rows_of(events: Iterable[Event]) -> list[Row]:
    """What is kept of each, as of the request or task this is a part of.

    :raises TypeError: a fact has no canonical form.
    """
    now = whence()
    said = [_said(event, now) for event in events]
    signed = zip(said, macs_of(said) if said else (), strict=True)
    return [tuple(map({**each, "mac": mac}.get, _KEPT)) for each, mac in signed]


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
