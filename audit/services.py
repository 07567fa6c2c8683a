"""The one way into the journal."""

from uuid import UUID

import structlog

from areamedica.database import append
from audit.actions import Action
from audit.canonical import canonical
from audit.models import Record


def record(
    action: Action,
    *,
    actor_id: UUID | None,
    subject: tuple[str, object] = ("", ""),
    facts: dict[str, object] | None = None,
) -> None:
    """Append one record in the caller's database transaction.

    `subject` is (type, id), such as `("transaction", pk)`; `facts` hold ids, amounts,
    states and pseudonyms, never a name, a phone or a document.

    :raises TypeError: a fact has no canonical form.
    """
    kind, pk = subject
    append(
        Record(
            action=action,
            actor_id=actor_id,
            subject_type=kind,
            subject_id=str(pk),
            request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
            facts=canonical(facts or {}),
        )
    )
