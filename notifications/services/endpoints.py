"""Who is told what: made, changed, given a new secret, disabled, deleted."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.db.transaction import atomic

from accounts.models import SYSTEM_ID, Letter, User
from accounts.services import letters
from areamedica.permissions import Permission
from audit.actions import Action
from audit.services import record
from notifications import signing
from notifications.catalogue import CHOSEN
from notifications.errors import UnknownEventType, WebhookNotFound
from notifications.lines import parse, read_address
from notifications.models import Delivery, Endpoint

OVERLAP = timedelta(hours=24)
_MANAGE = Permission.WEBHOOK_MANAGE


@dataclass(frozen=True)
class Issued:
    """An endpoint and its new secret, which nobody can show again."""

    endpoint: Endpoint
    secret: str = field(repr=False)


@atomic
def create(*, actor: User, name: str, url: str, event_types: Collection[str]) -> Issued:
    """Tell an address of everything of these types that happens from now on.

    :raises Forbidden: :raises UnsafeAddress: :raises UnknownEventType:
    """
    actor.demand(_MANAGE)
    read_address(url)
    secret = signing.new_secret()
    endpoint = Endpoint.objects.create(
        name=name,
        url=url,
        event_types=_known(event_types),
        secret=signing.encrypted(secret),
        created_by=actor,
    )
    _note(Action.ENDPOINT_CREATED, actor.pk, endpoint, **_facts(endpoint))
    return Issued(endpoint, secret)


def _known(event_types: Collection[str]) -> list[str]:
    """:raises UnknownEventType: one is not in the catalogue."""
    known = [each.value for each in CHOSEN]
    for each in event_types:
        if each not in known:
            raise UnknownEventType(type=each)
    return [each for each in known if each in event_types]


def _note(action: Action, actor_id: UUID, endpoint: Endpoint, **facts: object) -> None:
    subject = ("webhook", endpoint.pk)
    record(action, actor_id=actor_id, subject=subject, facts=facts)


def _facts(endpoint: Endpoint) -> dict[str, object]:
    """The host alone: the rest of a URL may be as good as a password."""
    host = parse(endpoint.url).host
    return {"host": host, "event_types": endpoint.event_types}


def locked(pk: UUID) -> Endpoint:
    """The endpoint, until the end of the transaction. :raises WebhookNotFound:"""
    endpoint = (
        Endpoint.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=pk)
        .first()
    )
    if endpoint is None:
        raise WebhookNotFound
    return endpoint


@atomic
def change(
    *, actor: User, pk: UUID, name: str, url: str, event_types: Collection[str]
) -> Endpoint:
    """Say anew what it is called, where it is and what it is told.

    What waits goes to the new address.

    :raises Forbidden: :raises WebhookNotFound: :raises UnsafeAddress:
    :raises UnknownEventType:
    """
    actor.demand(_MANAGE)
    endpoint = locked(pk)
    read_address(url)
    endpoint.name, endpoint.url = name, url
    endpoint.event_types = _known(event_types)
    endpoint.save(update_fields=["name", "url", "event_types"])
    _note(Action.ENDPOINT_CHANGED, actor.pk, endpoint, **_facts(endpoint))
    return endpoint


@atomic
def rotate(*, actor: User, pk: UUID, overlap: timedelta = OVERLAP) -> Issued:
    """Give it a new secret; for a while everything is signed with the old one as well.

    :raises Forbidden: :raises WebhookNotFound:
    """
    actor.demand(_MANAGE)
    endpoint, secret = locked(pk), signing.new_secret()
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, Now() + overlap
    endpoint.secret = signing.encrypted(secret)
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    seconds = int(overlap.total_seconds())
    _note(Action.ENDPOINT_ROTATED, actor.pk, endpoint, overlap_seconds=seconds)
    endpoint.refresh_from_db()
    return Issued(endpoint, secret)


@atomic
def enable(*, actor: User, pk: UUID) -> Endpoint:
    """Tell it again of what happens from now on; what was given up stays so.

    :raises Forbidden: :raises WebhookNotFound:
    """
    actor.demand(_MANAGE)
    endpoint = locked(pk)
    endpoint.disabled_why, endpoint.failing_since = "", None
    endpoint.save(update_fields=["disabled_why", "failing_since"])
    _note(Action.ENDPOINT_CHANGED, actor.pk, endpoint, is_enabled=True)
    return endpoint


@atomic
def disable(*, actor: User, pk: UUID) -> Endpoint:
    """Tell it nothing any more; what waits becomes dead letters.

    :raises Forbidden: :raises WebhookNotFound:
    """
    actor.demand(_MANAGE)
    endpoint = locked(pk)
    switch_off(endpoint, Endpoint.Why.BY_HAND, actor_id=actor.pk)
    return endpoint


def switch_off(endpoint: Endpoint, why: Endpoint.Why, *, actor_id: UUID) -> None:
    """Disable a locked endpoint; in the caller's transaction."""
    if not endpoint.is_enabled:
        return
    endpoint.disabled_why = why
    endpoint.save(update_fields=["disabled_why"])
    waiting = Delivery.objects.waiting().filter(endpoint=endpoint)
    given_up = waiting.update(dead_at=Now(), leased_until=None)
    _note(Action.ENDPOINT_DISABLED, actor_id, endpoint, why=why, given_up=given_up)
    if actor_id == SYSTEM_ID:
        for person in _managers():
            letters.post(Letter.Kind.WEBHOOK_DISABLED, person)


def _managers() -> list[User]:
    """The people who manage webhooks, by role, grant or rank."""
    by_name = Q(role__permissions__name=_MANAGE) | Q(grant__permission__name=_MANAGE)
    people: list[User] = list(
        User.objects.people()
        .filter(Q(is_superuser=True) | by_name, is_active=True)
        .distinct()
    )
    return people


@atomic
def delete(*, actor: User, pk: UUID) -> None:
    """Forget it, its secret and its deliveries; the journal keeps what was done.

    :raises Forbidden: :raises WebhookNotFound:
    """
    actor.demand(_MANAGE)
    endpoint = locked(pk)
    _note(Action.ENDPOINT_DELETED, actor.pk, endpoint, **_facts(endpoint))
    endpoint.delete()
