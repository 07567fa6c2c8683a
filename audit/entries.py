"""A record as the bytes that are sealed: a pure function of its columns."""

import hashlib
from datetime import UTC

from audit.canonical import written
from audit.models import Record

# The length of an entry is written in two bytes (c2sp.org/tlog-tiles).
LONGEST = 65_535


def columns(record: Record) -> dict[str, object]:
    """Every column under its name in the entry; `facts` is text, byte by byte."""
    return {
        "action": record.action,
        "actor": record.actor_id and str(record.actor_id),
        "at": record.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "epoch": record.epoch,
        "facts": record.facts,
        "id": record.pk,
        "request": record.request_id,
        "subject": record.subject_id,
        "subject_type": record.subject_type,
        "xid": record.xid,
    }


def entry_of(record: Record) -> bytes:
    """The entry; facts that are too long for one are there by their digest."""
    said = columns(record)
    entry = written(said).encode()
    if len(entry) > LONGEST:
        digest = hashlib.sha256(record.facts.encode()).hexdigest()
        entry = written({**said, "facts": f"sha256:{digest}"}).encode()
    return entry
