"""What others may be told, and which records of the journal say it."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.actions import Action
from audit.canonical import canonical
from audit.consumers import Event


class EventType(models.TextChoices):
    """The `type` of an event; a name in use is never changed (docs/webhooks.md)."""

    RECORDED = "transaction.recorded", _("A transaction was recorded")
    CHANGED = "transaction.changed", _("What was claimed was corrected")
    IN_PROGRESS = "transaction.in_progress", _("The bank is asked again")
    UNKNOWN = "transaction.unknown", _("The bank cannot be asked")
    TO_REVIEW = "transaction.to_review", _("A person has to decide")
    COMPLETED = "transaction.completed", _("The money is ours")
    CANCELED = "transaction.canceled", _("Withdrawn or refused")
    DELETED = "transaction.deleted", _("A canceled transaction was hidden")
    ACCOUNT_FROZEN = "ledger.account_frozen", _("An account of the books was frozen")
    ACCOUNT_RELEASED = (
        "ledger.account_released",
        _("An account of the books was released"),
    )
    TEST = "webhook.test", _("Somebody pressed the test button")


# Nobody asks for these; they come when they are sent for.
CHOSEN = [each for each in EventType if each is not EventType.TEST]

_BY_ACTION = {
    Action.TRANSACTION_RECORDED: EventType.RECORDED,
    Action.TRANSACTION_CHANGED: EventType.CHANGED,
    Action.TRANSACTION_DELETED: EventType.DELETED,
    Action.ACCOUNT_FROZEN: EventType.ACCOUNT_FROZEN,
    Action.ACCOUNT_RELEASED: EventType.ACCOUNT_RELEASED,
}
_BY_STATE = {
    each.name: each
    for each in (
        EventType.IN_PROGRESS,
        EventType.UNKNOWN,
        EventType.TO_REVIEW,
        EventType.COMPLETED,
        EventType.CANCELED,
    )
}
ACTIONS = (*_BY_ACTION, Action.TRANSACTION_MOVED)
# A fact of the journal -> its name outside. What is not here is never told.
TOLD = {
    "became": "state",
    "was": "previous_state",
    "reason": "reason",
    "amount": "amount",
    "currency": "currency",
    "type": "type",
    "changed": "changed",
}
# The reason of these is a sentence somebody typed.
_WITHOUT_FACTS = {EventType.ACCOUNT_FROZEN, EventType.ACCOUNT_RELEASED}


@dataclass(frozen=True)
class News:
    """An event as others get it; the body's bytes are what is signed."""

    type: EventType
    body: str


def news_of(event: Event) -> News | None:
    """What a record means to others: a pure function, so every retry is the same."""
    kind = _type_of(event)
    if kind is None:
        return None
    facts = {} if kind in _WITHOUT_FACTS else event.facts
    told = {name: facts[fact] for fact, name in TOLD.items() if fact in facts}
    if kind is EventType.RECORDED:
        told["state"] = "IN_PROGRESS"
    body = {
        "type": kind.value,
        "timestamp": event.at,
        "data": {"id": event.subject_id, "sequence": event.number, **told},
    }
    return News(kind, canonical(body))


def _type_of(event: Event) -> EventType | None:
    if event.action == Action.TRANSACTION_MOVED:
        return _BY_STATE.get(str(event.facts.get("became")))
    return _BY_ACTION.get(Action(event.action))
