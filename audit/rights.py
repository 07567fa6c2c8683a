"""What the database lets the application's role do to tables that are written once.

Triggers refuse everybody, but whoever owns a table can lift them. An application that
connects as a role of its own cannot: it owns nothing, and may only add.
"""

from pathlib import Path

from django.db import connection, connections
from django.db.transaction import atomic

_GRANT = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
_OWNS = """
SELECT coalesce(bool_or(pg_has_role(tgrelation.relowner, 'MEMBER')), false)
  FROM pg_trigger guard JOIN pg_class tgrelation ON tgrelation.oid = guard.tgrelid
 WHERE guard.tgname = 'append_only_rows'
"""
_TOO_MUCH = """
SELECT guard.tgrelid::regclass::text, may
  FROM pg_trigger guard,
       unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) may
 WHERE guard.tgname = 'append_only_rows' AND has_table_privilege(guard.tgrelid, may)
 UNION ALL
SELECT 'audit_record', 'INSERT (' || name || ')'
  FROM unnest(ARRAY['id', 'at', 'epoch', 'xid']) name
 WHERE has_column_privilege(to_regclass('audit_record'), name, 'INSERT')
 ORDER BY 1, 2
"""


@atomic
def grant(role: str) -> None:
    """Give a role what the application needs and no more; run as the tables' owner.

    :raises ProgrammingError: there is no such role, or these are not our tables.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('areamedica.role', %s, true)", [role])
        cursor.execute(_GRANT)


def is_owner(alias: str = "default") -> bool:
    """Whether this connection could lift the guards of what is written once."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_OWNS)
        return bool(cursor.fetchone()[0])


def too_much(alias: str = "default") -> list[str]:
    """What this connection may do to such tables and need not, table and right."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_TOO_MUCH)
        return [f"{table}: {right}" for table, right in cursor.fetchall()]
