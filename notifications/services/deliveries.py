"""Deliveries by hand: a test, and what was given up once more."""

import secrets
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import User
from areamedica.permissions import Permission
from audit.actions import Action
from audit.canonical import canonical
from audit.services import record
from notifications import outbox
from notifications.catalogue import EventType
from notifications.errors import DeliveryNotFound, NotDead, WebhookDisabled
from notifications.models import Delivery
from notifications.schedule import GIVEN_UP_AFTER
from notifications.services.endpoints import locked

_MANAGE = Permission.WEBHOOK_MANAGE


@atomic
def send_test(*, actor: User, pk: UUID, now: datetime) -> Delivery:
    """Have an event that means nothing sent, as any other is.

    :raises Forbidden: :raises WebhookNotFound: :raises WebhookDisabled:
    """
    actor.demand(_MANAGE)
    endpoint = locked(pk)
    if not endpoint.is_enabled:
        raise WebhookDisabled
    body = {"type": EventType.TEST.value, "timestamp": now, "data": {"id": str(pk)}}
    delivery = Delivery.objects.create(
        endpoint=endpoint,
        event_id=secrets.token_hex(32),
        type=EventType.TEST,
        body=canonical(body),
        give_up_at=Now() + GIVEN_UP_AFTER,
    )
    outbox.ring_soon()
    return delivery


@atomic
def replay(*, actor: User, pk: UUID, delivery_id: int) -> Delivery:
    """Send a dead letter again, from now, for three days more.

    :raises Forbidden: :raises WebhookNotFound: :raises WebhookDisabled:
    :raises DeliveryNotFound: :raises NotDead:
    """
    actor.demand(_MANAGE)
    ours = _of_enabled(pk)
    delivery = ours.filter(pk=delivery_id).first()
    if delivery is None:
        raise DeliveryNotFound
    if not _revive(ours.filter(pk=delivery_id)):
        raise NotDead
    _note(actor, pk, events=[delivery.event_id])
    delivery.refresh_from_db()
    return delivery


@atomic
def replay_all(*, actor: User, pk: UUID) -> int:
    """Send all dead letters of a webhook again, in their order; how many there are.

    :raises Forbidden: :raises WebhookNotFound: :raises WebhookDisabled:
    """
    actor.demand(_MANAGE)
    revived = _revive(_of_enabled(pk))
    if revived:
        _note(actor, pk, number=revived)
    return revived


def _of_enabled(pk: UUID) -> QuerySet[Delivery]:
    endpoint = locked(pk)
    if not endpoint.is_enabled:
        raise WebhookDisabled
    return Delivery.objects.filter(endpoint=endpoint)


def _revive(rows: QuerySet[Delivery]) -> int:
    revived = rows.exclude(dead_at=None).update(
        dead_at=None, attempts=0, due_at=Now(), give_up_at=Now() + GIVEN_UP_AFTER
    )
    if revived:
        outbox.ring_soon()
    return revived


def _note(actor: User, pk: UUID, **facts: object) -> None:
    record(
        Action.DELIVERY_REPLAYED,
        actor_id=actor.pk,
        subject=("webhook", pk),
        facts=facts,
    )
