"""Refusals of access are journaled too (requirements FTX-18, LB-63)."""

from uuid import UUID

from django.db.transaction import atomic

from audit.actions import Action
from audit.services import record


@atomic(durable=True)
def note_refusal(
    *, actor_id: UUID | None, route: str, facts: dict[str, object]
) -> None:
    """Append who was refused what, in a transaction that no rollback can undo.

    :raises RuntimeError: another transaction is open around it, a bug of the caller.
    """
    record(Action.ACCESS_REFUSED, actor_id=actor_id, facts={**facts, "route": route})
