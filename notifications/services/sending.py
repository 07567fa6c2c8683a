"""Sends what is due: at least once, in order for each subject, a few at a time."""

import time
from datetime import timedelta

import structlog
from cryptography.fernet import InvalidToken
from django.db import connection
from django.db.models import Count
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.utils import timezone

from accounts.models import SYSTEM_ID
from audit.causes import because_of
from notifications import lines, signing
from notifications.lines import Answer
from notifications.models import Delivery, Endpoint
from notifications.schedule import GIVEN_UP_AFTER, wait_after
from notifications.services.endpoints import switch_off

log = structlog.get_logger("notifications.sending")

# Threads that a receiver may keep waiting; the bank's questions share the worker.
AT_ONCE, AT_ONCE_TO_ONE = 8, 2
# Longer than a name server and the receiver together may take.
_LEASE = timedelta(seconds=60)
# Shorter than a task may last.
_SHIFT_SECONDS = 45.0
_LOCK = int.from_bytes(b"webhook")
_GONE = 410
_KEPT = timedelta(days=30)


def send_due() -> int:
    """Send what is due, one after the other, for a while; how many were taken."""
    end = time.monotonic() + _SHIFT_SECONDS
    taken = 0
    while time.monotonic() < end:
        delivery = _take()
        if delivery is None:
            break
        note(delivery, _send(delivery))
        taken += 1
    return taken


@atomic
def _take() -> Delivery | None:
    """The next delivery; its attempt is counted before it is made.

    One process at a time chooses, so that what is in flight is counted exactly.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    busy = dict(
        Delivery.objects.in_flight()
        .order_by()
        .values_list("endpoint")
        .annotate(number=Count("pk"))
    )
    if sum(busy.values()) >= AT_ONCE:
        return None
    full = [pk for pk, number in busy.items() if number >= AT_ONCE_TO_ONE]
    due = Delivery.objects.due().exclude(endpoint__in=full)
    delivery = due.select_related("endpoint").first()
    if delivery is not None:
        delivery.attempts += 1
        Delivery.objects.filter(pk=delivery.pk).update(
            attempts=delivery.attempts, leased_until=Now() + _LEASE
        )
    return delivery


def _send(delivery: Delivery) -> Answer:
    try:
        headers = signing.headers_of(delivery, now=timezone.now())
    except InvalidToken:
        return Answer(error="secret_unreadable")
    return lines.post(delivery.endpoint.url, headers=headers, body=delivery.body)


@atomic
def note(delivery: Delivery, answer: Answer) -> None:
    """Write down what came of an attempt, unless a later one has begun since."""
    locked = Endpoint.objects.select_for_update(of=("self",), no_key=True)
    told = locked.filter(pk=delivery.endpoint_id).first()
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts)
    if told is None or not mine.update(
        leased_until=None, last_status=answer.status, last_error=answer.error
    ):
        return
    if answer.is_taken:
        mine.update(delivered_at=Now(), dead_at=None)
        _note_health(told, failing_since=None)
        return
    log.warning(
        "delivery_stays",
        webhook=str(told.pk),
        delivery=delivery.pk,
        status=answer.status,
        why=answer.error,
    )
    _put_off(delivery)
    _note_failure(told, answer, delivery)


def _put_off(delivery: Delivery) -> None:
    """Wait for the next try, or give up when that would be too late."""
    next_try = Now() + wait_after(delivery.attempts)
    mine = Delivery.objects.waiting().filter(pk=delivery.pk)
    mine.update(due_at=next_try)
    if mine.filter(give_up_at__lt=next_try).update(dead_at=Now()):
        log.error("delivery_given_up", delivery=delivery.pk)


def _note_failure(endpoint: Endpoint, answer: Answer, delivery: Delivery) -> None:
    if endpoint.failing_since is None:
        _note_health(endpoint, failing_since=Now())
    long_ago = Endpoint.objects.filter(
        pk=endpoint.pk, failing_since__lt=Now() - GIVEN_UP_AFTER
    )
    if answer.status == _GONE:
        why = Endpoint.Why.GONE
    elif long_ago.exists():
        why = Endpoint.Why.FAILING
    else:
        return
    with because_of(delivery.leaf):
        switch_off(endpoint, why, actor_id=SYSTEM_ID)


def _note_health(endpoint: Endpoint, *, failing_since: Now | None) -> None:
    if (endpoint.failing_since is None) != (failing_since is None):
        Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=failing_since)


def forget_old() -> int:
    """Delete deliveries that nobody needs to know about any more; the number."""
    old = Delivery.objects.exclude(delivered_at=None, dead_at=None)
    return old.filter(created_at__lt=Now() - _KEPT).delete()[0]
