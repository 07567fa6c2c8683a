"""Programs that follow the sealed journal, in its order and exactly once.

The effect of a record and the position behind it are committed together, so a crash
between them leaves neither. An effect writes rows of this database and nothing else:
whoever tells the outside world makes a row of it first.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.db.transaction import atomic

from audit.actions import Action
from audit.canonical import facts_of
from audit.errors import EventNotHeld
from audit.models import Consumer, HeldEvent, Leaf
from audit.services import record

log = structlog.get_logger("audit.consumers")

AT_ONCE = 500
# Whatever fails oftener without a word, as when it kills the process, is set aside.
_MOST_TRIES = 5
_FIRST_WAIT = timedelta(seconds=5)


@dataclass(frozen=True)
class Event:
    """A sealed record: `number` is its leaf, `hash` its name in the tree for ever."""

    number: int
    hash: str
    action: str
    at: datetime
    subject_type: str
    subject_id: str
    facts: dict[str, object]


@dataclass(frozen=True)
class Follower:
    """What a consumer wants to see, and what it does about each."""

    actions: frozenset[str]
    effect: Callable[[Event], None]


_FOLLOWERS: dict[str, Follower] = {}


def follow(
    name: str, actions: Iterable[Action], effect: Callable[[Event], None]
) -> None:
    """Have `consume(name)` call the effect with each record of these actions."""
    _FOLLOWERS[name] = Follower(frozenset(each.value for each in actions), effect)


def consume(name: str) -> int:
    """Go on from where this consumer stopped, to the end; the number of leaves passed.

    Two at once do no harm: one of them finds nothing to do.
    """
    Consumer.objects.get_or_create(name=name)
    while _retry_one(name):
        pass
    passed = 0
    while number := _step(name, tries=_begin(name)):
        passed += number
    return passed


def _alone(name: str) -> Consumer | None:
    """The consumer's row, locked; None while another process has it."""
    return Consumer.objects.select_for_update(skip_locked=True).filter(pk=name).first()


@atomic
def _begin(name: str) -> int:
    """Count a try before it is made, in a transaction of its own; 0: nothing to do."""
    consumer = _alone(name)
    if consumer is None or not _leaves_from(consumer.position).exists():
        return 0
    consumer.tries += 1
    consumer.save(update_fields=["tries"])
    return consumer.tries


@atomic
def _step(name: str, *, tries: int) -> int:
    """Pass as many leaves as fit in one transaction; one alone after a failure."""
    consumer = _alone(name) if tries else None
    if consumer is None:
        return 0
    leaves = list(_leaves_from(consumer.position)[: AT_ONCE if tries == 1 else 1])
    for leaf in leaves:
        _pass(name, leaf, is_deadly=tries > _MOST_TRIES)
    if leaves:
        consumer.position = leaves[-1].number + 1
        consumer.tries = 0
        consumer.save(update_fields=["position", "tries"])
    return len(leaves)


def _leaves_from(position: int) -> QuerySet[Leaf]:
    return Leaf.objects.filter(number__gte=position).order_by("number")


def _pass(name: str, leaf: Leaf, *, is_deadly: bool) -> None:
    """Do what is to be done about a leaf, or set it aside for later."""
    if not leaf.entry:  # pruned, years ago
        return
    event = event_of(leaf)
    follower = _FOLLOWERS[name]
    if event.action not in follower.actions:
        return
    if is_deadly:
        _hold(name, event, error="ProcessDied")
    elif _held_before(name, event).exists():
        _hold(name, event, error="")
    else:
        try:
            with atomic():
                follower.effect(event)
        except Exception as failure:
            log.exception("event_held", consumer=name, leaf=leaf.number)
            _hold(name, event, error=type(failure).__name__)


def event_of(leaf: Leaf) -> Event:
    """What the leaf's bytes say; facts that are there by their digest are left out."""
    said = json.loads(bytes(leaf.entry))
    return Event(
        number=leaf.number,
        hash=bytes(leaf.hash).hex(),
        action=said["action"],
        at=datetime.fromisoformat(said["at"]),
        subject_type=said["subject_type"],
        subject_id=said["subject"],
        facts=facts_of(said["facts"]),
    )


def _held_before(name: str, event: Event) -> QuerySet[HeldEvent]:
    """What of the same subject is held: an event must not overtake it."""
    if not event.subject_id:
        return HeldEvent.objects.none()
    return HeldEvent.objects.filter(
        consumer=name, subject_type=event.subject_type, subject_id=event.subject_id
    )


def _hold(name: str, event: Event, *, error: str) -> None:
    wait = _FIRST_WAIT if error else timedelta()
    HeldEvent.objects.create(
        consumer_id=name,
        leaf=event.number,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        due_at=Now() + wait,
        attempts=1 if error else 0,
        last_error=error,
    )


def _retry_one(name: str) -> bool:
    """Try one held event again, if one is due; whether there was one."""
    held = _take(name)
    if held is None:
        return False
    try:
        _digest(held)
    except Exception as failure:
        log.exception("event_still_held", consumer=name, leaf=held.leaf)
        error = type(failure).__name__
        HeldEvent.objects.filter(pk=held.pk).update(last_error=error)
    return True


@atomic
def _take(name: str) -> HeldEvent | None:
    """The first held event of a subject that is due; counted before it is tried."""
    earlier = HeldEvent.objects.filter(
        ~Q(subject_id=""),
        consumer=name,
        subject_type=OuterRef("subject_type"),
        subject_id=OuterRef("subject_id"),
        leaf__lt=OuterRef("leaf"),
    )
    due = HeldEvent.objects.filter(
        ~Exists(earlier),
        consumer=name,
        due_at__lte=Now(),
        attempts__lt=HeldEvent.MOST_ATTEMPTS,
    )
    held = due.select_for_update(skip_locked=True).first()
    if held is None:
        return None
    held.attempts += 1
    HeldEvent.objects.filter(pk=held.pk).update(
        attempts=held.attempts, due_at=Now() + _FIRST_WAIT * 3**held.attempts
    )
    return held


@atomic
def _digest(held: HeldEvent) -> None:
    """Have the effect and let the row go, together; nothing if it is gone."""
    locked = HeldEvent.objects.select_for_update(skip_locked=True)
    if not locked.filter(pk=held.pk, attempts=held.attempts).exists():
        return
    event = event_of(Leaf.objects.get(number=held.leaf))
    _FOLLOWERS[held.consumer_id].effect(event)
    held.delete()


@atomic
def replay(*, held_id: int, actor_id: UUID) -> None:
    """Have a dead letter tried anew; what waits behind it follows by itself.

    :raises EventNotHeld: no dead letter has this id.
    """
    dead = dead_letters().select_for_update().filter(pk=held_id).first()
    if dead is None:
        raise EventNotHeld
    HeldEvent.objects.filter(pk=held_id).update(attempts=0, due_at=Now())
    record(
        Action.EVENT_REPLAYED,
        actor_id=actor_id,
        subject=(dead.subject_type, dead.subject_id),
        facts={"consumer": dead.consumer_id, "leaf": dead.leaf},
    )


def dead_letters() -> QuerySet[HeldEvent]:
    """Events that were given up."""
    return HeldEvent.objects.filter(attempts__gte=HeldEvent.MOST_ATTEMPTS)
