"""A new epoch for a database that counts its transactions anew."""

from django.db import connection
from django.db.transaction import atomic

from audit.actions import Action
from audit.models import START, Checkpoint
from audit.services import record

_NEXT = """
SELECT greatest((SELECT max(epoch) FROM audit_record),
                (SELECT max(epoch) FROM audit_checkpoint), 0) + 1
"""
_BEGIN = "ALTER TABLE audit_record ALTER COLUMN epoch SET DEFAULT %s"
# What was written since the restore stands before sealed records and would never be
# sealed. Its ids are above all that the dump brought along; others are left for the
# verification to name.
_TAKE_ALONG = """
UPDATE audit_record record SET epoch = %s
 WHERE (record.epoch, record.xid, record.id) < (%s, %s::text::xid8, %s)
   AND record.id > (SELECT max(record_id) FROM audit_leaf)
"""


@atomic
def raise_epoch(*, reason: str) -> int:
    """Begin the next epoch, journaled; what nobody sealed since the restore is of it.

    The lock this takes waits for every transaction that has written a record, so that
    none of the old epoch commits later.

    :raises ProgrammingError: the database's user does not own the table.
    :raises OperationalError: the lock is not had in time, since somebody is writing.
    """
    last = Checkpoint.objects.last()
    place = last.place if last else START
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE audit_record IN ACCESS EXCLUSIVE MODE")
        cursor.execute(_NEXT)
        [epoch] = cursor.fetchone()
        cursor.execute(_BEGIN, [epoch])
        cursor.execute("ALTER TABLE audit_record DISABLE TRIGGER append_only_rows")
        cursor.execute(_TAKE_ALONG, [epoch, *place])
        taken = cursor.rowcount
        cursor.execute(
            "ALTER TABLE audit_record ENABLE ALWAYS TRIGGER append_only_rows"
        )
    record(
        Action.EPOCH_RAISED,
        actor_id=None,
        facts={
            "epoch": epoch,
            "reason": reason,
            "sealed": last.size if last else 0,
            "taken_along": taken,
        },
    )
    return int(epoch)
