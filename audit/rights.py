"""What the database lets the application's role do, and what it keeps for the owner.

Triggers refuse everybody, but whoever owns a table can lift them. An application that
connects as a role of its own cannot: it owns nothing, of what is written once it may
only add, and the books it writes through their functions alone.
"""

from dataclasses import dataclass
from pathlib import Path

from django.db import connection, connections
from django.db.transaction import atomic

_HERE = Path(__file__)
_GRANT = _HERE.with_suffix(".sql").read_text(encoding="utf-8")
_HELD = _HERE.with_name("rights_held.sql").read_text(encoding="utf-8")
_OWNS = """
SELECT coalesce(bool_or(pg_has_role(tgrelation.relowner, 'MEMBER')), false)
  FROM pg_trigger guard JOIN pg_class tgrelation ON tgrelation.oid = guard.tgrelid
 WHERE guard.tgname = 'append_only_rows'
"""


@dataclass(frozen=True)
class Wrong:
    """A right that a role holds and need not, or needs and does not hold."""

    is_excess: bool
    object: str
    right: str

    def __str__(self) -> str:
        return f"{self.object}: {self.right}"


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


def wrong(role: str | None = None, alias: str = "default") -> list[Wrong]:
    """Where a role, or who is connected, holds more or less than `grant` gives."""
    with connections[alias].cursor() as cursor:
        if role is None:
            cursor.execute("SELECT current_user")
            [role] = cursor.fetchone()
        cursor.execute(_HELD, {"role": role})
        return [Wrong(*row) for row in cursor.fetchall()]
