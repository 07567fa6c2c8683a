"""Decisions about access are journaled too (requirements FTX-18, LB-63)."""

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


@atomic
def note_machine_admitted(
    *, actor_id: UUID, method: str, route: str, facts: dict[str, object]
) -> None:
    """Append that a machine was let through to a route, one record per request."""
    record(
        Action.ACCESS_GRANTED,
        actor_id=actor_id,
        facts={**facts, "method": method, "route": route},
    )
