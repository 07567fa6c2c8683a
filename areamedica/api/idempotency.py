"""The same key and body get the same answer, and one effect (api.md, "Refusals").

Facts: a twin must wait on a unique row of the effect's own transaction, and rights are
checked again before a replay (facts/reliability, sections 1 and 3a).
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.db import OperationalError
from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.db.transaction import atomic
from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from areamedica.api.models import StoredAnswer
from areamedica.database import prepared
from areamedica.errors import BadIdempotencyKey, IdempotencyKeyReused, InFlight

LIFETIME = timedelta(hours=24)
TWIN_WAITS_SECONDS = 2.0
# A first caller silent for longer than its bank question may last has died.
FIRST_CALLER_DEAD_AFTER = timedelta(seconds=20)
# Set before the row is written: a twin's open transaction is waited for at that row.
_TAKE = """
INSERT INTO api_storedanswer (principal, key, fingerprint, status, body, is_settled)
SELECT %s, %s, %s, 0, '', false FROM set_config('lock_timeout', '2s', true)
    ON CONFLICT (principal, key) DO NOTHING RETURNING id
"""
# What was written is locked meanwhile, as the account of every payment may be: so this
# is no longer on its way than it must.
_KEEP = """
UPDATE api_storedanswer SET status = %s, body = %s, is_settled = %s
 WHERE id = %s RETURNING id
"""
_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)

Write = Callable[[], Response]
FollowUp = Callable[[Response], Response]


def _key_of(request: Request) -> str:
    """The key, quoted (RFC 8941 string) or bare; empty when none was sent.

    :raises BadIdempotencyKey: too long, empty or not printable.
    """
    raw = request.headers.get("Idempotency-Key")
    if raw is None:
        return ""
    key = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw
    if not _KEY.fullmatch(key):
        raise BadIdempotencyKey
    return key


def _fingerprint(request: Request) -> str:
    """Keyed, because a body may hold a password that a bare digest would betray."""
    document = JSONRenderer().render(request.data)
    head = f"{request.method} {request.path.rstrip('/')}\n".encode()
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, head + document, hashlib.sha256).hexdigest()


def _written_out(response: Response) -> str:
    if response.data is None:
        return ""
    return bytes(JSONRenderer().render(response.data)).decode()


def _insert(*, principal: str, key: str, fingerprint: str) -> int | None:
    """Take the key; None when it is taken. Waits for a twin's open transaction.

    :raises InFlight: the twin's transaction lasts longer than two seconds.
    """
    try:
        rows = prepared(_TAKE, [principal, key, fingerprint])
    except OperationalError as error:
        raise InFlight(retry_after=timedelta(seconds=1)) from error
    return rows[0][0] if rows else None


def _as_stored(answer: StoredAnswer) -> HttpResponse:
    return HttpResponse(
        answer.body,
        status=answer.status,
        content_type="application/json" if answer.body else None,
        headers={"Idempotent-Replayed": "true"},
    )


def _replay(*, principal: str, key: str, fingerprint: str) -> HttpResponse:
    """The stored answer of the twin that came first.

    :raises IdempotencyKeyReused: it answered another request.
    :raises InFlight: it is still being made.
    """
    give_up = time.monotonic() + TWIN_WAITS_SECONDS
    while True:
        answer = (
            StoredAnswer.objects.filter(principal=principal, key=key)
            .annotate(age=ExpressionWrapper(Now() - F("created_at"), DurationField()))
            .first()
        )
        if answer is None:
            raise InFlight(retry_after=timedelta(seconds=1))
        if answer.fingerprint != fingerprint:
            raise IdempotencyKeyReused
        if answer.is_settled or answer.age > FIRST_CALLER_DEAD_AFTER:
            return _as_stored(answer)
        if time.monotonic() > give_up:
            raise InFlight(retry_after=timedelta(seconds=1))
        time.sleep(0.1)


def answer_once(
    request: Request, *, write: Write, follow_up: FollowUp | None = None
) -> HttpResponse:
    """Run `write` in one database transaction, at most once per idempotency key.

    `follow_up` runs after the commit with no transaction open (it asks the bank) and
    may better the answer. Refusals roll everything back, the key included.

    :raises InFlight: a twin is being answered. :raises IdempotencyKeyReused: the key
        came with another request. :raises BadIdempotencyKey: the header is malformed.
    """
    key = _key_of(request)
    if not key:
        with atomic():
            response = write()
        return follow_up(response) if follow_up else response
    name = {
        "principal": str(request.user.pk),
        "key": key,
        "fingerprint": _fingerprint(request),
    }
    with atomic():
        pk = _insert(**name)
        if pk is not None:
            response = write()
            _keep(pk, response, is_settled=follow_up is None)
    if pk is None:
        return _replay(**name)
    if follow_up:
        response = follow_up(response)
        _keep(pk, response, is_settled=True)
    return response


def _keep(pk: int, response: Response, *, is_settled: bool) -> None:
    given = [response.status_code, _written_out(response), is_settled, pk]
    prepared(_KEEP, given)


def forget_expired() -> int:
    """Delete answers older than their 24 hours; the number deleted."""
    old = StoredAnswer.objects.filter(created_at__lt=Now() - LIFETIME)
    return old.delete()[0]
