"""Says which guard of the books is missing (`migrate` runs this)."""

from typing import Any

from django.core.checks import Error, Tags, register

from ledger.services.proof import missing_guards


@register(Tags.database)
def books_are_append_only(**given: Any) -> list[Error]:
    """Six tables, the keys and the partitions refuse change by two triggers each, and
    where the books are cut a third keeps each key once; all of them always on."""
    return [
        Error(f"Missing: {problem}.", id="ledger.E001")
        for alias in given.get("databases") or []
        for problem in missing_guards(alias)
    ]
