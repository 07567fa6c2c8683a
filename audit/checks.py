"""Says which guard of the append-only tables is missing, and which key is no key."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, Tags, register
from django.db import connections

from audit import keys
from audit.notes import BadNote

GUARDED = (
    "audit_record",
    "audit_leaf",
    "audit_tile",
    "audit_checkpoint",
    "audit_verification",
    "transactions_transactionevent",
)
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
    return [
        Error(problem, id="audit.E001")
        for alias in given.get("databases") or []
        for problem in missing_guards(alias)
    ]


def missing_guards(alias: str = "default") -> list[str]:
    """A sentence for each guard that does not stand in this database."""
    with connections[alias].cursor() as cursor:
        tables = set(connections[alias].introspection.table_names(cursor))
        cursor.execute(_STANDING, [list(GUARDED), list(_GUARDS)])
        standing = set(cursor.fetchall())
    return [
        f"{table} lacks its guard {guard}."
        for table in GUARDED
        if table in tables
        for guard in _GUARDS
        if (table, guard) not in standing
    ]


@register()
def journal_can_be_sealed(**_: Any) -> list[Error]:
    """A journal that nobody signs is a table like any other."""
    if not settings.AUDIT_SIGNING_KEY:
        return [
            Error(
                "AUDIT_SIGNING_KEY is not set: the journal would not be sealed.",
                id="audit.E002",
            )
        ]
    try:
        keys.verifiers()
    except BadNote as problem:
        return [
            Error(
                f"AUDIT_SIGNING_KEY or AUDIT_OLD_KEYS cannot be used: {problem}.",
                id="audit.E003",
            )
        ]
    return []
