"""Refusals of access are journaled too (requirements FTX-18, LB-63)."""

from uuid import UUID

from django.db.transaction import atomic

from audit.actions import Action
from audit.services import record


@atomic
def note_refusal(
    *, actor_id: UUID | None, route: str, facts: dict[str, object]
) -> None:
    """Append who was refused what; in a transaction of its own."""
    record(Action.ACCESS_REFUSED, actor_id=actor_id, facts={**facts, "route": route})
