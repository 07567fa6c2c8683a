"""From whatever rose to the one body of the contract (api.md, "Refusals")."""

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from areamedica import errors
from areamedica.api.machines import ShownKey
from areamedica.errors import Kind, Refusal
from areamedica.metrics import route_of
from areamedica.signals import access_refused

log = structlog.get_logger("areamedica.api")


_SOON = timedelta(seconds=2)


def body_of(refusal: Refusal, *, request_id: str) -> dict[str, object]:
    """The body every refusal has, on every path."""
    return {
        "error": {
            "type": refusal.kind.wire,
            "code": refusal.code,
            "status": refusal.status,
            "message": refusal.message,
            "details": {name: _plain(fact) for name, fact in refusal.facts.items()},
            "timestamp": timezone.now().isoformat(),
            "correlation_id": request_id,
        }
    }


def _plain(fact: object) -> object:
    return fact if isinstance(fact, dict | list | int | bool | None) else str(fact)


def _headers(refusal: Refusal) -> dict[str, str]:
    headers = {}
    if refusal.retry_after is not None:
        seconds = math.ceil(refusal.retry_after.total_seconds())
        headers["Retry-After"] = str(max(1, seconds))
    if refusal.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="api"'
    return headers


def as_http(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The refusal as an answer outside of DRF."""
    request_id = getattr(request, "request_id", "")
    response = JsonResponse(
        body_of(refusal, request_id=request_id),
        status=refusal.status,
        headers=_headers(refusal),
        json_dumps_params={"ensure_ascii": False},
    )
    response.in_one_body = True  # type: ignore[attr-defined]
    return response


def refusal_of(status: int) -> Refusal:
    """The general refusal that stands for an HTTP status Django chose."""
    named: dict[int, type[Refusal]] = {
        401: errors.Unauthorized,
        403: errors.Forbidden,
        404: errors.NotFound,
        405: errors.AddressIsReadOnly,
        503: errors.Unavailable,
    }
    if status in named:
        return named[status]()
    return errors.InternalError() if status >= 500 else errors.InvalidInput(fields={})


_MEANS: tuple[tuple[type[Exception], Callable[[Any], Refusal]], ...] = (
    (Refusal, lambda error: error),
    (
        exceptions.ValidationError,
        lambda error: errors.InvalidInput(fields=_fields(error.detail)),
    ),
    (exceptions.NotAuthenticated, lambda _: errors.Unauthorized()),
    (exceptions.AuthenticationFailed, lambda _: errors.Unauthorized()),
    (exceptions.PermissionDenied, lambda _: errors.Forbidden()),
    (PermissionDenied, lambda _: errors.Forbidden()),
    (exceptions.NotFound, lambda _: errors.NotFound()),
    (Http404, lambda _: errors.NotFound()),
    (
        exceptions.MethodNotAllowed,
        lambda error: errors.MethodNotAllowed(method=str(error.args[0])),
    ),
    (exceptions.UnsupportedMediaType, lambda _: errors.UnsupportedMediaType()),
    (exceptions.NotAcceptable, lambda _: errors.NotAcceptable()),
    (
        exceptions.ParseError,
        lambda error: errors.UnreadableBody(why=str(error.detail)),
    ),
    (UnreadablePostError, lambda _: errors.BodyTooSlow()),
    (OperationalError, lambda _: errors.DatabaseAway(retry_after=_SOON)),
    (InterfaceError, lambda _: errors.DatabaseAway(retry_after=_SOON)),
)


def _translated(error: Exception) -> Refusal | None:
    """The refusal a library's exception means; None: a bug of ours."""
    for kind, refusal in _MEANS:
        if isinstance(error, kind):
            return refusal(error)
    return None


def _fields(detail: Any) -> dict[str, list[str]]:
    """Flatten DRF's nested details: `{"customer.phone": ["…"]}`."""
    flat: dict[str, list[str]] = {}

    def walk(path: str, node: object) -> None:
        if isinstance(node, Mapping):
            for name, entry in node.items():
                walk(f"{path}.{name}" if path else str(name), entry)
        elif isinstance(node, list) and any(
            isinstance(entry, Mapping | list) for entry in node
        ):
            for index, entry in enumerate(node):
                walk(f"{path}.{index}" if path else str(index), entry)
        else:
            entries = node if isinstance(node, list) else [node]
            flat.setdefault(path or "body", []).extend(str(entry) for entry in entries)

    walk("", detail)
    return flat


def _key_shown(request: Request) -> dict[str, object]:
    return request.auth.facts if isinstance(request.auth, ShownKey) else {}


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None lets a bug rise to become a 500."""
    refusal = _translated(error)
    if refusal is None:
        return None
    request = context["request"]
    if refusal.kind is Kind.AUTHORIZATION or refusal.noted:
        access_refused.send(
            sender=None,
            actor_id=request.user.pk if request.user else None,
            route=route_of(request._request),
            facts={
                "code": refusal.code,
                **_key_shown(request),
                **refusal.facts,
                **refusal.noted,
            },
        )
    request_id = getattr(request._request, "request_id", "")
    response = Response(
        body_of(refusal, request_id=request_id),
        status=refusal.status,
        headers=_headers(refusal),
    )
    response.in_one_body = True  # type: ignore[attr-defined]
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF refusal in our body."""
    return as_http(request, errors.CsrfFailed())
