"""The one way into the journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from audit.actions import Action
from audit.canonical import canonical, written
from audit.writers import mac_of


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


# Only what the writer knows: an application's role may name no other column. One text
# of JSON, because psycopg takes four times as long to write arrays.
_INSERT = """
INSERT INTO audit_record (action, actor_id, facts, request_id, subject_id, subject_type,
                          version, via, mac)
SELECT action, actor, facts, request, subject, subject_type, version, via,
       decode(mac, 'hex')
  FROM json_to_recordset(%s::json) AS told(
       action text, actor uuid, facts text, request text, subject text,
       subject_type text, version int, via text, mac text)
"""


def record_all(events: Iterable[Event]) -> None:
    """Append records in their order, in one statement.

    :raises TypeError: a fact has no canonical form.
    """
    said = [_said(event) for event in events]
    if said:
        told = [{**each, "mac": mac_of(each).hex()} for each in said]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [written(told).decode()])


def row_of(event: Event) -> dict[str, Any]:
    """The columns of its record, for the demo's past, which has a clock of its own."""
    said = _said(event)
    return {
        "action": said["action"],
        "actor_id": said["actor"],
        "facts": said["facts"],
        "request_id": said["request"],
        "subject_id": said["subject"],
        "subject_type": said["subject_type"],
        "version": said["version"],
        "via": said["via"],
        "mac": mac_of(said),
    }


def _said(event: Event) -> dict[str, object]:
    """The words of the writer."""
    request, via = _whence()
    kind, pk = event.subject
    return {
        "action": event.action.value,
        "actor": str(event.actor_id) if event.actor_id else None,
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
