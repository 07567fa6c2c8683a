"""Puts committed records in their order, into the tree, and under a signature.

One statement's snapshot decides what may be sealed: below its xmin every transaction
has ended, so nothing can appear behind the place where sealing stopped. That place is
the last checkpoint; there is no other state.
"""

import psycopg
from django.db import connection
from django.db.transaction import atomic

from areamedica.database import is_alone
from audit.models import START, Checkpoint, Tile
from audit.seal import keys, tree
from audit.seal.entries import COLUMNS, Raw, bytes_of, columns
from audit.seal.notes import Head
from audit.seal.tiles import grown_to, stored
from audit.seal.walk import binary_rows

AT_ONCE = 10_000
_LOCK = int.from_bytes(b"journal")
# A restored database may count its transactions anew: what it brought along is of an
# epoch that is over, and all of it was committed.
_NEXT = f"""
SELECT {COLUMNS}
  FROM audit_record record
 WHERE (record.epoch, record.xid, record.id) > (%s, %s::text::xid8, %s)
   AND (record.xid < pg_snapshot_xmin(pg_current_snapshot())
        OR record.epoch < (SELECT max(epoch) FROM audit_record))
 ORDER BY record.epoch, record.xid, record.id
 LIMIT %s
"""  # noqa: S608 (our names)
_APPEND = """
COPY audit_leaf (number, record_id, entry, hash) FROM STDIN (FORMAT BINARY)
"""
_COUNTS_ANEW = """
SELECT pg_snapshot_xmax(pg_current_snapshot()) <= %s::text::xid8
   AND NOT EXISTS (SELECT 1 FROM audit_record WHERE epoch > %s)
"""


class XidsWentBack(Exception):
    """The database counts its transactions anew: it was restored from a dump.

    New records would sort before sealed ones and never be sealed. A person raises the
    epoch (docs/operations.md).
    """


def seal() -> int:
    """Seal everything that can be; the number of records that were.

    :raises XidsWentBack: see there. :raises ImproperlyConfigured: no key is set.
    """
    sealed = 0
    while number := _step():
        sealed += number
        if number < AT_ONCE:
            break
    return sealed


@atomic
def _step() -> int:
    if not is_alone(_LOCK):
        return 0
    last = Checkpoint.objects.last()
    if last:
        _demand_order(last)
    records = _next_after(last)
    if records:
        start = last.size if last else 0
        _append(records, start)
        _sign(records[-1], start + len(records))
    return len(records)


def _demand_order(last: Checkpoint) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS_ANEW, [str(last.xid), last.epoch])
        if cursor.fetchone()[0]:
            raise XidsWentBack


def _next_after(last: Checkpoint | None) -> list[Raw]:
    place = last.place if last else START
    return [Raw._make(row) for row in binary_rows(_NEXT, [*place, AT_ONCE])]


def _append(records: list[Raw], start: int) -> None:
    with (
        psycopg.Cursor(connection.connection) as cursor,
        cursor.copy(_APPEND) as copy,
    ):
        copy.set_types(["int8", "int8", "bytea", "bytea"])
        for number, record in enumerate(records, start):
            entry = bytes_of(columns(record))
            copy.write_row((number, record.id, entry, tree.leaf_hash(entry)))
    _complete_tiles(start, start + len(records))


def _complete_tiles(start: int, stop: int) -> None:
    """Write the tiles that the leaves `start..stop` completed, level by level."""
    level = 0
    while start != stop:
        start, stop = start >> tree.TILE_BITS, stop >> tree.TILE_BITS
        tiles = []
        for number in range(start, stop):
            first = number << tree.TILE_BITS
            hashes = stored(level, first, first + tree.TILE)
            tiles.append(
                Tile(
                    level=level,
                    number=number,
                    hashes=b"".join(hashes) if level else b"",
                    root=tree.fold(hashes),
                )
            )
        Tile.objects.bulk_create(tiles)
        level += 1


def _sign(last: Raw, size: int) -> None:
    signer = keys.signer()
    root = tree.root(grown_to(size), size)
    Checkpoint.objects.create(
        size=size,
        epoch=last.epoch,
        xid=last.xid,
        record_id=last.id,
        note=signer.sign(Head(signer.name, size, root).text),
    )
