from typing import Any

from django.conf import settings
from django.core.checks import Error, register


@register()
def not_seen_action_is_known(**_: Any) -> list[Error]:
    """C33: what the deadline does."""
    if settings.NOT_SEEN_ACTION in {"review", "cancel"}:
        return []
    return [
        Error(
            f"NOT_SEEN_ACTION must be review or cancel, not "
            f"{settings.NOT_SEEN_ACTION!r}.",
            id="transactions.E001",
        )
    ]


@register()
def second_person_limit_is_positive(**_: Any) -> list[Error]:
    limit = settings.REVIEW_SECOND_PERSON_ABOVE
    if limit is None or limit >= 0:
        return []
    return [
        Error(
            "REVIEW_SECOND_PERSON_ABOVE must not be negative.", id="transactions.E002"
        )
    ]
