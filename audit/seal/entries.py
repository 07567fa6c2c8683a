"""A record as the bytes that are sealed: a pure function of its columns."""

import hashlib
from datetime import UTC
from typing import NamedTuple, Self

from audit.canonical import written
from audit.models import Record

# The length of an entry is written in two bytes (c2sp.org/tlog-tiles).
LONGEST = 65_535
# The columns of a `Raw`, as the entry writes them: a million models would take minutes.
COLUMNS = """
    record.action, record.actor_id::text,
    to_char(record.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'),
    record.epoch, record.facts, record.id, record.request_id, record.subject_id,
    record.subject_type, record.xid::text::bigint, record.mac, record.version,
    record.via, record.on_behalf_of::text, record.caused_by
"""


class Raw(NamedTuple):
    """A row of the journal in the order of `COLUMNS`."""

    action: str
    actor: str | None
    at: str
    epoch: int
    facts: str
    id: int
    request: str
    subject: str
    subject_type: str
    xid: int
    mac: bytes | None
    version: int | None
    via: str
    on_behalf_of: str | None
    caused_by: int | None

    @classmethod
    def of(cls, record: Record) -> Self:
        return cls(
            action=str(record.action),
            actor=str(record.actor_id) if record.actor_id else None,
            at=record.at.astimezone(UTC).isoformat(timespec="microseconds"),
            epoch=record.epoch,
            facts=record.facts,
            id=record.pk,
            request=record.request_id,
            subject=record.subject_id,
            subject_type=record.subject_type,
            xid=record.xid,
            mac=None if record.mac is None else bytes(record.mac),
            version=record.version,
            via=record.via,
            on_behalf_of=str(record.on_behalf_of) if record.on_behalf_of else None,
            caused_by=record.caused_by,
        )

    @property
    def place(self) -> tuple[int, int, int]:
        """(epoch, xid, id): where the record stands in the order of sealing."""
        return self.epoch, self.xid, self.id


def columns(row: Raw) -> dict[str, object]:
    """Every column under its name in the entry; `facts` is text, byte by byte.

    Records from before there were MACs have none of what came with them, so that the
    bytes that were sealed of them are still theirs; so it is with whom and what the
    system acted for.
    """
    said: dict[str, object] = {
        "action": row.action,
        "actor": row.actor,
        "at": row.at,
        "epoch": row.epoch,
        "facts": row.facts,
        "id": row.id,
        "request": row.request,
        "subject": row.subject,
        "subject_type": row.subject_type,
        "xid": row.xid,
    }
    if row.mac is not None:
        said |= {"mac": row.mac.hex(), "version": row.version, "via": row.via}
    if row.on_behalf_of is not None:
        said["on_behalf_of"] = row.on_behalf_of
    if row.caused_by is not None:
        said["caused_by"] = row.caused_by
    return said


def bytes_of(said: dict[str, object]) -> bytes:
    """The entry; facts that are too long for one are there by their digest."""
    entry = written(said)
    if len(entry) > LONGEST:
        digest = hashlib.sha256(str(said["facts"]).encode()).hexdigest()
        entry = written({**said, "facts": f"sha256:{digest}"})
    return entry


def entry_of(record: Record) -> bytes:
    """The entry of a record."""
    return bytes_of(columns(Raw.of(record)))
