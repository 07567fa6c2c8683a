"""What is not there, or there too much: records that a look at the leaves passes by."""

from collections.abc import Iterator
from datetime import UTC, timedelta

from django.db import connection
from django.db.transaction import atomic

from audit.models import START, Checkpoint, Record
from audit.seal.walk import Finding

_PASSED_OVER = """
SELECT record.id
  FROM audit_record record
 WHERE (record.epoch, record.xid, record.id) > (%s, %s::text::xid8, %s)
   AND (record.epoch, record.xid, record.id) <= (%s, %s::text::xid8, %s)
   AND NOT EXISTS (SELECT 1 FROM audit_leaf WHERE record_id = record.id)
 ORDER BY record.id
"""
_GAPS = """
SELECT stream.subject_type, stream.subject_id, number
  FROM (SELECT subject_type, subject_id, max(version) AS last
          FROM audit_record WHERE version IS NOT NULL
         GROUP BY subject_type, subject_id
        HAVING max(version) <> count(*)) stream,
       generate_series(1, stream.last) number
 WHERE NOT EXISTS (SELECT 1 FROM audit_record record
                    WHERE record.subject_type = stream.subject_type
                      AND record.subject_id = stream.subject_id
                      AND record.version = number)
 ORDER BY 1, 2, 3 LIMIT 1000
"""
_COPIES = """
SELECT min(id), max(id) FROM audit_record
 WHERE mac IS NOT NULL GROUP BY mac HAVING count(*) > 1 ORDER BY 1 LIMIT 1000
"""
# Processes of the version before go on writing for a while during an upgrade.
_UPGRADE = timedelta(hours=1)


def signed_from() -> str | None:
    """From when on every record has its writer's MAC, as entries write a moment."""
    signed = Record.objects.exclude(mac=None).order_by("id")
    first = signed.values_list("at", flat=True).first()
    if first is None:
        return None
    return (first + _UPGRADE).astimezone(UTC).isoformat(timespec="microseconds")


def passed_over(begin: Checkpoint | None, size: int) -> Iterator[Finding]:
    """Records that stand where sealing has long been, and are not sealed."""
    last = Checkpoint.objects.filter(size=size).first()
    if last is None:
        return
    for (pk,) in _rows(_PASSED_OVER, [*(begin.place if begin else START), *last.place]):
        yield Finding("inserted", f"record {pk}", "stands before the seal, without one")


def gaps() -> Iterator[Finding]:
    """Numbers that are wanting between the records of one subject."""
    for kind, pk, number in _rows(_GAPS, []):
        said = f"record {number} of {kind} {pk}"
        yield Finding("missing", said, "a gap among its versions")


def copies() -> Iterator[Finding]:
    """Records that are another's, word by word and MAC by MAC."""
    for first, last in _rows(_COPIES, []):
        yield Finding("inserted", f"record {last}", f"a copy of record {first}")


@atomic
def _rows(sql: str, given: list[int | str]) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(sql, given)
        rows: list[tuple[object, ...]] = cursor.fetchall()
        return rows
