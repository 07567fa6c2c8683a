"""Says which guard of the books is missing (`migrate` runs this)."""

from typing import Any

from django.core.checks import Error, Tags, register
from django.db import connections

from ledger.services.proof import GUARDED, missing_guards


@register(Tags.database)
def books_are_append_only(**given: Any) -> list[Error]:
    """Transfers and accounts refuse change by two triggers each, always on."""
    problems = []
    for alias in given.get("databases") or []:
        with connections[alias].cursor() as cursor:
            tables = connections[alias].introspection.table_names(cursor)
            if set(GUARDED) <= set(tables):
                problems += missing_guards(cursor)
    return [Error(f"Missing: {each}.", id="ledger.E001") for each in problems]
