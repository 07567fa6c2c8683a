"""Attempts to get at something are journaled too (requirements FTX-18, LB-63).

Each in a transaction of its own, which no rollback of the caller's can undo; and so
sparingly that the journal stays readable however often somebody tries.
"""

import time
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import DatabaseError
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import Attempt
from areamedica.metrics import VIEWS_NOT_JOURNALED
from audit.actions import Action
from audit.canonical import pseudonym
from audit.services import record

log = structlog.get_logger("accounts.access")

# In an hour, of one person at one door: so many in full, then each time they double.
_IN_FULL = 100
_KEPT = timedelta(hours=2)
_REMEMBERED = 10_000
_seen: set[tuple[UUID, str]] = set()
_seen_in = 0


def _is_told(number: int) -> bool:
    return number <= _IN_FULL or number & (number - 1) == 0


@atomic(durable=True)
def note_refusal(
    *, actor_id: UUID | None, route: str, facts: dict[str, object]
) -> None:
    """Append who was refused what.

    :raises RuntimeError: another transaction is open around it, a bug of the caller.
    """
    number = Attempt.counted("refused", actor_id, route, facts.get("code", ""))
    if _is_told(number):
        told = {**facts, "route": route, **_times(number)}
        record(Action.ACCESS_REFUSED, actor_id=actor_id, facts=told)


def _times(number: int) -> dict[str, object]:
    return {"times": number} if number > _IN_FULL else {}


@atomic(durable=True)
def note_failed_sign_in(*, email: str, address: str) -> None:
    """Append that somebody did not prove to be whom he named.

    :raises RuntimeError: another transaction is open around it, a bug of the caller.
    """
    number = Attempt.counted("sign-in", pseudonym(address))
    if _is_told(number):
        facts = {"email_pseudonym": pseudonym(email), **_times(number)}
        record(Action.SIGN_IN_FAILED, actor_id=None, facts=facts)


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


def note_view(*, actor_id: UUID, subject: tuple[str, object]) -> None:
    """Append that somebody looks at personal data: once an hour, person and subject.

    Looking goes on while the journal cannot be written; the log says who looked then.
    """
    kind, pk = subject
    name = (actor_id, f"{kind} {pk}")
    if _is_remembered(name):
        return
    try:
        _append_view(actor_id, subject)
    except DatabaseError:
        VIEWS_NOT_JOURNALED.inc()
        log.exception("view_not_journaled", actor=str(actor_id), subject=str(pk))
        return
    _seen.add(name)


def _is_remembered(name: tuple[UUID, str]) -> bool:
    """Whether this process noted it this hour: then the database need not be asked."""
    global _seen_in
    hour = int(time.time() // 3600)
    if hour != _seen_in or len(_seen) > _REMEMBERED:
        _seen.clear()
        _seen_in = hour
    return name in _seen


@atomic(durable=True)
def _append_view(actor_id: UUID, subject: tuple[str, object]) -> None:
    if Attempt.counted("seen", actor_id, *subject) == 1:
        record(Action.PERSONAL_DATA_SEEN, actor_id=actor_id, subject=subject)


def forget_attempts() -> int:
    """Delete counts of hours that are over; the number deleted."""
    return Attempt.objects.filter(hour__lt=Now() - _KEPT).delete()[0]
