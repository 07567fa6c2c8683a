"""What the OpenAPI document says beside the bodies: who may, and every refusal.

drf-spectacular reads views and serializers; the rest is the house's and the same
everywhere, so it is said once, here.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from django.utils import translation
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework.permissions import AllowAny

from areamedica.api.deprecation import deprecation_of
from areamedica.errors import (
    BadIdempotencyKey,
    BodyTooLarge,
    BodyTooSlow,
    DatabaseAway,
    Forbidden,
    IdempotencyKeyReused,
    InFlight,
    InternalError,
    InvalidInput,
    NotAcceptable,
    Refusal,
    TooManyRequests,
    Unauthorized,
    UnreadableBody,
    UnsupportedMediaType,
)

View = TypeVar("View", bound=Callable[..., Any])
Node = dict[str, Any]

ONCE = (BadIdempotencyKey, InFlight, IdempotencyKeyReused)
"""What a write that takes an Idempotency-Key may refuse beside its own reasons."""
_ALWAYS = (InvalidInput, NotAcceptable, TooManyRequests, InternalError, DatabaseAway)
_WITH_BODY = (UnreadableBody, BodyTooSlow, BodyTooLarge, UnsupportedMediaType)


def refuses(*refusals: type[Refusal]) -> Callable[[View], View]:
    """Name what a view refuses for reasons of its own; a test holds it to that."""

    def mark(view: View) -> View:
        view.refusals = refusals  # type: ignore[attr-defined]
        return view

    return mark


def example(value: Node) -> Callable[[View], View]:
    """Show a whole body of this serializer in the document; a test sends it."""
    shown = OpenApiExample("example", value=value)
    mark: Callable[[View], View] = extend_schema_serializer(examples=[shown])
    return mark


def contract_only(endpoints: list[tuple[Any, ...]], **_: Any) -> list[tuple[Any, ...]]:
    """Keep the contract's own addresses; the aliases answer but are not advertised."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]


class Documented(AutoSchema):
    """An operation with its permission, its headers and its refusals."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Node | None:
        operation: Node | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        refusals = list(self._refusals("requestBody" in operation))
        operation["x-permissions"] = [each.value for each in self._permissions()]
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["description"] = getattr(self.view, "lookup_says", "")
        if InFlight in refusals:
            operation.setdefault("parameters", []).append(_KEY)
        for answer in operation["responses"].values():
            answer["headers"] = _HEADERS
        for status, kinds in _by_status(refusals):
            operation["responses"][str(status)] = _answer(kinds)
        if deprecation_of(self.path):
            operation["deprecated"] = True
        return operation

    def _permissions(self) -> list[Any]:
        asked = self.view.get_permissions()
        return [each.required for each in asked if hasattr(each, "required")]

    def _refusals(self, has_body: bool) -> Iterator[type[Refusal]]:  # noqa: FBT001
        yield from _ALWAYS
        if has_body:
            yield from _WITH_BODY
        if not any(isinstance(each, AllowAny) for each in self.view.get_permissions()):
            yield Unauthorized
        for scheme in self.view.get_authenticators():
            yield from getattr(scheme, "refusals", ())
        for limit in self.view.get_throttles():
            yield from getattr(limit, "refusals", ())
        if self._permissions():
            yield Forbidden
        yield from getattr(self._method(), "refusals", ())

    def _method(self) -> object:
        name = getattr(self.view, "action", None) or self.method.lower()
        return getattr(self.view, name, None)


def _by_status(
    refusals: Iterable[type[Refusal]],
) -> Iterator[tuple[int, list[type[Refusal]]]]:
    found: dict[int, list[type[Refusal]]] = {}
    for refusal in dict.fromkeys(refusals):
        found.setdefault(refusal.status, []).append(refusal)
    yield from sorted(found.items())


def _answer(kinds: list[type[Refusal]]) -> Node:
    codes = [kind.code for kind in kinds]
    narrowed = {"properties": {"error": {"properties": {"code": {"enum": codes}}}}}
    headers = dict(_HEADERS)
    if kinds[0].status in (409, 429, 503):
        headers["Retry-After"] = _header("seconds to wait", "integer")
    return {
        "description": ", ".join(codes),
        "headers": headers,
        "content": {
            "application/json": {
                "schema": {"allOf": [{"$ref": _REFUSAL}, narrowed]},
                "examples": {kind.code: {"value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: type[Refusal]) -> Node:
    with translation.override("en"):
        sentence = str(kind.sentence)
    return {
        "error": {
            "type": kind.kind.wire,
            "code": kind.code,
            "status": kind.status,
            "message": sentence,
            "details": {},
            "timestamp": "2026-11-22T09:30:00-04:00",
            "correlation_id": "7d0c2f6e-3b1a-4b9e-9a53-0f6f3c2d1e55",
        }
    }


def _header(words: str, kind: str) -> Node:
    return {"description": words, "schema": {"type": kind}}


_HEADERS = {
    "X-Request-ID": _header("names this request in our logs and journal", "string"),
    "X-RateLimit-Limit": _header("requests allowed in the window", "integer"),
    "X-RateLimit-Remaining": _header("requests left in the window", "integer"),
    "X-RateLimit-Reset": _header("when the window ends, Unix seconds", "integer"),
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and body get the same answer, and one effect; 24 h.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
_REFUSAL = "#/components/schemas/Refusal"


def with_the_houses_own(result: Node, **_: Any) -> Node:
    """Add the body that every error has, and the addresses outside the API."""
    text = {"type": "string"}
    result["components"]["schemas"]["Refusal"] = {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": [
                    "type",
                    "code",
                    "status",
                    "message",
                    "details",
                    "timestamp",
                    "correlation_id",
                ],
                "properties": {
                    "type": text,
                    "code": text,
                    "status": {"type": "integer"},
                    "message": {**text, "description": "by Accept-Language: es, en"},
                    "details": {
                        "type": "object",
                        "description": "public facts; `fields` names each bad field",
                    },
                    "timestamp": {**text, "format": "date-time"},
                    "correlation_id": text,
                },
            }
        },
    }
    return result
