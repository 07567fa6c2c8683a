"""Addresses that go away, announced in every answer of theirs (docs/api.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.http import http_date


@dataclass(frozen=True, kw_only=True)
class Deprecation:
    """From when an address is deprecated, when it stops answering, what replaces it.

    `sunset` is at least six months after `since`; None while no day is set.
    """

    since: datetime
    sunset: datetime | None
    instead: str

    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594) and where to go instead."""
        headers = {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Link": f'<{self.instead}>; rel="successor-version"',
        }
        if self.sunset:
            headers["Sunset"] = http_date(self.sunset.timestamp())
        return headers


# The seeds' other spelling, without a version (resolved conflict C16).
_UNVERSIONED = Deprecation(
    since=datetime(2026, 12, 1, tzinfo=UTC), sunset=None, instead="/api/v1"
)
DEPRECATED: dict[str, Deprecation] = {
    "/api/auth/": _UNVERSIONED,
    "/api/profile": _UNVERSIONED,
    "/api/users": _UNVERSIONED,
}


def deprecation_of(path: str) -> Deprecation | None:
    """What is announced at `path`, by the beginning of the address."""
    for prefix, deprecation in DEPRECATED.items():
        if path.startswith(prefix):
            return deprecation
    return None


class AnnounceDeprecation:
    """Adds the headers to whatever a deprecated address answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if deprecation := deprecation_of(request.path_info):
            for name, value in deprecation.headers().items():
                response[name] = value
        return response
