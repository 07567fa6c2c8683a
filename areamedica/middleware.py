"""What happens around every request: its id, its log line, its figures, its headers."""

import re
import time
from collections.abc import Callable
from urllib.parse import unquote_to_bytes
from uuid import uuid4

import structlog
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from areamedica import metrics
from areamedica.api import errors
from areamedica.api.parsing import largest_body
from areamedica.errors import BodyTooLarge, InvalidInput, Refusal

log = structlog.get_logger("areamedica.http")

GetResponse = Callable[[HttpRequest], HttpResponseBase]

_WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)


def speaks_json(request: HttpRequest) -> bool:
    """Whether a refusal at this address is read by a program rather than a person."""
    return not request.path.startswith(("/admin", "/docs", "/redoc"))


class RequestIdentity:
    """Names the request, counts it, and writes one log line when it is answered."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _WELL_FORMED_ID.fullmatch(given) else str(uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        response["X-Request-ID"] = request_id
        limit = getattr(request, "rate_limit", None)
        if limit is not None:
            response["X-RateLimit-Limit"] = str(limit[0])
            response["X-RateLimit-Remaining"] = str(limit[1])
            response["X-RateLimit-Reset"] = str(limit[2])
        metrics.count(request, response.status_code, seconds)
        log.info(
            "answered",
            method=request.method,
            route=metrics.route_of(request),
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            user=str(getattr(getattr(request, "user", None), "pk", None) or ""),
        )
        return response


class EitherSlash:
    """Every address of the API answers with and without a trailing slash (api.md)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if speaks_json(request) and request.path_info != "/":
            request.path_info = request.path_info.rstrip("/")
        return self.get_response(request)


class ContentSecurity(CSPMiddleware):
    """The strict policy everywhere; what pages need on the admin and the documents."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 (the library's signature)
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith("/admin"):
            parts.config = settings.ADMIN_CONTENT_SECURITY_POLICY
        elif request.path.startswith(("/docs", "/redoc")):
            parts.config = settings.DOCS_CONTENT_SECURITY_POLICY
        return parts


def _is_garbled(request: HttpRequest) -> bool:
    """Whether the address holds a NUL or is no UTF-8, as a lone surrogate is not.

    Django writes what it cannot decode in a path back as percents; ours have none.
    """
    query = unquote_to_bytes(request.META.get("QUERY_STRING", ""))
    try:
        return "\x00" in request.path + query.decode() or "%" in request.path
    except UnicodeDecodeError:
        return True


class PlainErrors:
    """Gives every error outside the admin the one body of the contract.

    Django answers an unknown address, a NUL in a query or a broken view with a page of
    its own; a program cannot read that.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_garbled(request):
            if speaks_json(request):
                return errors.as_http(request, InvalidInput(fields={}))
            return HttpResponse(status=400)
        limit = largest_body(request.path)
        if speaks_json(request) and self._announced(request) > limit:
            return errors.as_http(request, BodyTooLarge(limit=limit))
        response = self.get_response(request)
        if response.status_code >= 400 and speaks_json(request):
            return self._in_one_body(request, response)
        return response

    def _announced(self, request: HttpRequest) -> int:
        """How many bytes the client says it sends; the parser caps what it does."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        return int(length) if length.isdigit() else 0

    def _in_one_body(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if getattr(response, "in_one_body", False):
            return response
        replaced = errors.as_http(request, errors.refusal_of(response.status_code))
        for name in ("Allow", "Retry-After", "WWW-Authenticate"):
            if response.has_header(name):
                replaced[name] = response[name]
        return replaced

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if isinstance(exception, Refusal) and speaks_json(request):
            return errors.as_http(request, exception)
        if not isinstance(exception, Http404 | PermissionDenied | Refusal):
            log.error("failed", route=metrics.route_of(request), exc_info=exception)
        return None
