"""Says which guard of the append-only tables is missing (`migrate` runs this)."""

from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

GUARDED = ("audit_record", "transactions_transactionevent")
_GUARDS = ("append_only_rows", "append_only_table")
_STANDING = """
SELECT class.relname, trigger.tgname
  FROM pg_trigger trigger JOIN pg_class class ON class.oid = trigger.tgrelid
 WHERE class.relname = ANY(%s) AND trigger.tgname = ANY(%s)
   AND trigger.tgenabled = 'A'
"""


@register(Tags.database)
def append_only_tables_are_guarded(**given: Any) -> list[Error]:
    """Every append-only table refuses change by two triggers that are always on."""
    problems = []
    for alias in given.get("databases") or []:
        with connections[alias].cursor() as cursor:
            tables = set(connections[alias].introspection.table_names(cursor))
            cursor.execute(_STANDING, [list(GUARDED), list(_GUARDS)])
            standing = set(cursor.fetchall())
        problems += [
            Error(f"{table} lacks its guard {guard}.", id="audit.E001")
            for table in GUARDED
            if table in tables
            for guard in _GUARDS
            if (table, guard) not in standing
        ]
    return problems
