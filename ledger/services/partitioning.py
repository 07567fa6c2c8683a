"""Cut the transfers by time: what is booked from a day on gets a table of its own.

Why and when: docs/scaling.md. Run by the tables' owner while others post.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.db import OperationalError, connection, connections
from django.db.transaction import atomic

from areamedica.clock import start_of
from areamedica.database import outside_transaction

_HERE = Path(__file__).parent
_KEYS = (_HERE / "partition_keys.sql").read_text(encoding="utf-8")
_BEGIN = (_HERE / "partition_begin.sql").read_text(encoding="utf-8")
_AHEAD = timedelta(days=1)
# Whoever reads for long holds us up; while we wait, whoever posts waits with us. A try
# is a second of waiting and one of rest: half a minute of each.
_LOCK_SECONDS, _TRIES = 1, 30
# A lock was not given in time; nor would it ever have been.
_WAITED = ("55P03", "40P01")

# The table that takes what is booked now, the bound it begins with, and whether that is
# before the day asked for.
_OPEN = """
SELECT 'ledger_transfer', 'MINVALUE', true FROM pg_class
 WHERE oid = 'ledger_transfer'::regclass AND relkind = 'r'
 UNION ALL
SELECT relname, lower, trim(lower, chr(39))::timestamptz < %(start)s
  FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid,
       pg_get_expr(relpartbound, c.oid) AS bound,
       substring(bound FROM 'FROM \\((.*)\\) TO') AS lower
 WHERE inhparent = 'ledger_transfer'::regclass AND bound LIKE '%%TO (MAXVALUE)'
"""
# In one snapshot: a key stands here exactly if its transfer is to be seen.
_OLD_KEYS = """
INSERT INTO ledger_key (key) SELECT t.key FROM ledger_transfer t
 WHERE NOT EXISTS (SELECT FROM ledger_key k WHERE k.key = t.key)
"""
_UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY ledger_key_pkey ON ledger_key (key)"
_PRIMARY = "ALTER TABLE ledger_key ADD PRIMARY KEY USING INDEX ledger_key_pkey"
_HAS_KEYS = """
SELECT to_regclass('ledger_key') IS NOT NULL, EXISTS (
    SELECT FROM pg_constraint
     WHERE conrelid = to_regclass('ledger_key') AND contype = 'p')
"""


class CannotPartition(Exception):
    """The books cannot be cut there, and the sentence says why."""


class _LockTaken(Exception):
    """Not now."""


class _Open(NamedTuple):
    table: str
    lower: str
    is_earlier: bool


def begin_partition(*, first: date, now: datetime) -> str:
    """Have what is booked from a Caracas day on go to a table of its own; its name.

    Books that are one table become its first partition, unread. Posting goes on: it
    waits a second at most, now and then. Cut off midway, it is run again.

    :raises CannotPartition: the day is not a day ahead or was cut at or after, or
        somebody has read the books for a minute.
    """
    outside_transaction()
    start = start_of(first)
    if start < now + _AHEAD:
        raise CannotPartition("A partition begins a day from now or later.")
    name = f"ledger_transfer_{first:%Y%m%d}"
    try:
        _do("SET statement_timeout = 0")
        _keep_keys()
        with _bounded(start) as open_:
            given = {"table": open_.table, "lower": open_.lower}
            _in_a_moment(_BEGIN, {**given, "start": start.isoformat(), "fresh": name})
        _do("ANALYZE ledger_transfer")
    finally:
        connection.close()
    return name


def _keep_keys() -> None:
    """Write every key down, from now on as it is posted and then the old ones."""
    with connection.cursor() as cursor:
        cursor.execute(_HAS_KEYS)
        is_begun, is_done = cursor.fetchone()
    if is_done:
        return
    if not is_begun:
        _in_a_moment(_KEYS)
    _do(_OLD_KEYS)
    # What a broken try has left is built anew. It waits for all who post.
    _do("DROP INDEX IF EXISTS ledger_key_pkey")
    _do(_UNIQUE)
    _in_a_moment(_PRIMARY)


@contextmanager
def _bounded(start: datetime) -> Iterator[_Open]:
    """The open table, of which it is proved that it holds nothing from `start` on.

    That is a constraint: left behind, it would stop the booking at `start`. The proof
    names it, and the next try removes it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, {"start": start})
        open_ = _Open(*cursor.fetchone())
    if not open_.is_earlier:
        raise CannotPartition(f"There is one from {open_.lower} on.")
    within = "" if open_.lower == "MINVALUE" else f"at >= {open_.lower} AND "
    drop = f"ALTER TABLE {open_.table} DROP CONSTRAINT IF EXISTS transfer_before_next"
    add = (
        f"ALTER TABLE {open_.table} ADD CONSTRAINT transfer_before_next"
        f" CHECK ({within}at < '{start.isoformat()}') NOT VALID"
    )
    _in_a_moment(f"{drop}; {add}")
    try:
        _do(f"ALTER TABLE {open_.table} VALIDATE CONSTRAINT transfer_before_next")
        yield open_
    except BaseException:
        connection.close()  # it may be what was lost
        _in_a_moment(drop)
        raise


def _in_a_moment(sql: str, given: dict[str, str] | None = None) -> None:
    """Do it at once, or let go and try again: nobody waits behind us for long.

    :raises CannotPartition: the locks were not to be had.
    """
    for _ in range(_TRIES):
        with suppress(_LockTaken), _lock_taken(), atomic():
            _do(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            _do(sql, given)
            return
        time.sleep(_LOCK_SECONDS)
    raise CannotPartition("Somebody reads the books for long.")


@contextmanager
def _lock_taken() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") not in _WAITED:
            raise
        raise _LockTaken from error


def _do(sql: str, given: dict[str, str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)


_PARTS = """
SELECT inhrelid::regclass::text FROM pg_inherits
 WHERE inhparent = to_regclass('ledger_transfer') ORDER BY 1
"""
_UNKEPT = """
SELECT c.relname FROM pg_class c
 WHERE c.relname = ANY(%s) AND NOT EXISTS (
       SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid
          AND t.tgname = 'transfer_key_once' AND t.tgenabled = 'A')
"""
_LEFT_BEHIND = """
SELECT conrelid::regclass::text FROM pg_constraint
 WHERE conname = 'transfer_before_next'
"""


def partitions(alias: str = "default") -> list[str]:
    """The names of the tables that the transfers are in; none while it is one."""
    return _column(_PARTS, alias)


def missing_keepers(alias: str = "default") -> list[str]:
    """Where `transfer_key_once` is absent or switched off: partitions, the whole."""
    parts = partitions(alias)
    whole = ["ledger_transfer", *parts]
    return _column(_UNKEPT, alias, [whole]) if parts else []


def left_behind() -> list[str]:
    """Tables whose cut was not finished: booking would stop at its day."""
    return _column(_LEFT_BEHIND)


def _column(
    sql: str, alias: str = "default", given: list[list[str]] | None = None
) -> list[str]:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql, given)
        return [name for (name,) in cursor.fetchall()]
