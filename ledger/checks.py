"""Says which guard of the books is missing (`migrate` runs this)."""

from typing import Any

from django.core.checks import Error, Tags, register

from ledger.services.proof import missing_guards


@register(Tags.database)
def books_are_append_only(**given: Any) -> list[Error]:
    """Transfers and accounts refuse change by two triggers each, always on."""
    return [
        Error(f"Missing: {problem}.", id="ledger.E001")
        for alias in given.get("databases") or []
        for problem in missing_guards(alias)
    ]
