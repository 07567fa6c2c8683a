"""What every app must know about transactions of the database."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import Any

import psycopg
from django.db import IntegrityError, OperationalError, connection, connections, models
from django.db.models.expressions import DatabaseDefault
from django.db.transaction import atomic

from areamedica.errors import Refusal


def outside_transaction() -> None:
    """Refuse to go on while a transaction is open: someone else's machine is asked.

    :raises RuntimeError: a transaction is open here, a bug of the caller.
    """
    if in_transaction():
        raise RuntimeError("No transaction may be open while others are asked.")


def in_transaction() -> bool:
    """Whether one is open; the one a test case wraps around itself does not count."""
    blocks = connection.atomic_blocks
    # Django's own mark, as its durable blocks read it.
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def one_moment() -> None:
    """Have this transaction see the database as it is now, whatever is written
    meanwhile; to be said before anything is asked.

    Not in the transaction that a test case wraps around itself, where it is too late:
    nobody else writes there.
    """
    if not getattr(connection.atomic_blocks[0], "_from_testcase", False):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def database_now() -> datetime:
    """PostgreSQL's moment: of deadlines, which no wrong clock of ours shall move."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        [now] = cursor.fetchone()
    assert isinstance(now, datetime)  # noqa: S101 (what PostgreSQL says)
    return now


def is_alone(lock: int) -> bool:
    """Whether this transaction now holds an advisory lock; False: somebody else does.

    For work of which one at a time is enough: who comes second does not wait.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock])
        [taken] = cursor.fetchone()
    return bool(taken)


def prepared(sql: str, given: Sequence[object]) -> list[tuple[Any, ...]]:
    """The rows that a statement gives which PostgreSQL keeps prepared.

    For what every request asks: Django writes the parameters into the text, which is
    then read and planned each time, and of a question with joins that takes five times
    as long as answering. It goes around Django's cursors and whatever counts those.

    A connection forgets what it prepared when it is rolled back. Name the columns: a
    prepared `*` is an error once a migration adds one, until the connection is renewed.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    line = connection.connection
    # Only here: else psycopg keeps in mind the texts, parameters and all, of Django's.
    line.prepare_threshold = 0
    try:
        with connection.wrap_database_errors, psycopg.Cursor(line) as cursor:
            return cursor.execute(sql, given, prepare=True).fetchall()
    finally:
        line.prepare_threshold = None


def violated(error: IntegrityError) -> str:
    """The name of the constraint an IntegrityError violated, or the empty string."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


_WAITED = frozenset({"55P03", "57014", "40P01"})


def waited_in_vain(error: object) -> bool:
    """Whether PostgreSQL ended a statement that waited too long for a lock, lasted too
    long, or waited for one who waited for it: then nothing was done."""
    if not isinstance(error, OperationalError):
        return False
    return getattr(error.__cause__, "sqlstate", "") in _WAITED


@contextmanager
def violation_means(constraint: str, refusal: Callable[[], Refusal]) -> Iterator[None]:
    """A savepoint in which the violation of one constraint becomes a refusal.

    :raises IntegrityError: another constraint was violated, a bug of ours.
    """
    try:
        with atomic():
            yield
    except IntegrityError as error:
        if violated(error) != constraint:
            raise
        raise refusal() from error


_GUARDS = ("append_only_rows", "append_only_table")
_THERE = "SELECT name FROM unnest(%s::text[]) name WHERE to_regclass(name) IS NOT NULL"
_STANDING = """
SELECT class.relname, guard.tgname
  FROM pg_trigger guard JOIN pg_class class ON class.oid = guard.tgrelid
 WHERE class.relname = ANY(%s) AND guard.tgname = ANY(%s) AND guard.tgenabled = 'A'
"""


def missing_guards(
    tables: Sequence[str], alias: str = "default"
) -> list[tuple[str, str]]:
    """(table, guard) of each append-only guard that is absent or can be switched off.

    A table that is not there yet, before its migration, has none to miss.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(_THERE, [list(tables)])
        there = {table for (table,) in cursor.fetchall()}
        cursor.execute(_STANDING, [list(tables), list(_GUARDS)])
        standing = set(cursor.fetchall())
    wanted = [(table, guard) for table in tables if table in there for guard in _GUARDS]
    return [each for each in wanted if each not in standing]


def append(row: models.Model) -> None:
    """Insert a row that is never looked at again here: a journal's, a history's.

    The ORM builds the same statement anew for each row and reads back what the
    database filled in; of a short insert that is three quarters of the time. Signals
    are not sent, and `row` learns neither its key nor the database's defaults.
    """
    kind = type(row)
    given = {
        field: value
        for field in kind._meta.concrete_fields
        if not field.generated
        and not isinstance(value := getattr(row, field.attname), DatabaseDefault)
        and not (field.primary_key and value is None)
    }
    values = [
        field.get_db_prep_save(value, connection) for field, value in given.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(_insert(kind, tuple(field.column for field in given)), values)


@cache
def _insert(kind: type[models.Model], columns: tuple[str, ...]) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(column) for column in columns)
    places = ", ".join(["%s"] * len(columns))
    table = quote(kind._meta.db_table)
    return f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 (our names)
