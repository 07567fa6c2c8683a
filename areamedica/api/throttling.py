"""Limits by sliding window in Redis (`limits`), with the headers of the contract."""

import time
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from areamedica.addresses import client_address
from areamedica.api.machines import ShownKey
from areamedica.errors import TooManyRequests, Unavailable
from areamedica.metrics import route_of

if TYPE_CHECKING:  # DRF imports its throttles while it makes APIView
    from rest_framework.views import APIView

log = structlog.get_logger("areamedica.limits")


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    store = storage_from_string(settings.REDIS_URL, **settings.REDIS_TIMEOUTS)
    return SlidingWindowCounterRateLimiter(store)


def _hit(limit: RateLimitItem, who: str, request: HttpRequest) -> None:
    """Count one request of `who`. :raises TooManyRequests: beyond the limit."""
    limiter = _limiter()
    allowed = limiter.hit(limit, who)
    window = limiter.get_window_stats(limit, who)
    request.rate_limit = (  # type: ignore[attr-defined]
        limit.amount,
        window.remaining if allowed else 0,
        int(window.reset_time),
    )
    if not allowed:
        wait = timedelta(seconds=max(1.0, window.reset_time - time.time()))
        raise TooManyRequests(retry_after=wait)


def _limit_of(request: Request) -> RateLimitItem:
    if isinstance(request.auth, ShownKey):
        return RateLimitItemPerSecond(request.auth.requests_per_minute, 60)
    return RateLimitItemPerSecond(
        settings.USER_RATE_LIMIT_REQUESTS, settings.USER_RATE_LIMIT_PERIOD
    )


class RequestLimit(BaseThrottle):
    """Per user when known, a machine by its own limit, else per address; open when
    Redis is gone.

    Reading the queue must go on without Redis; the database, not Redis, guards money
    and sign-in (django-axes counts there).
    """

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if request.user and request.user.is_authenticated:
            who = f"user:{request.user.pk}"
            limit = _limit_of(request)
        else:
            who = f"address:{client_address(request._request)}"
            limit = RateLimitItemPerSecond(
                settings.RATE_LIMIT_REQUESTS, settings.RATE_LIMIT_PERIOD
            )
        try:
            _hit(limit, who, request._request)
            self._count_route(who, request)
        except RedisError:
            log.warning("limits_open")
        return True

    def _count_route(self, who: str, request: Request) -> None:
        """Count where a request costs more than others, or guesses a password."""
        route = route_of(request._request)
        if most := settings.ROUTE_RATE_LIMITS.get(route):
            limit = RateLimitItemPerSecond(most, 60)
            _hit(limit, f"{who}:{route}", request._request)


class SignInLimit(BaseThrottle):
    """Sign-in attempts per address over all accounts; closed when Redis is gone."""

    refusals = (Unavailable,)

    def allow_request(self, request: Request, view: "APIView") -> bool:
        limit_sign_ins(request._request)
        return True


def limit_sign_ins(request: HttpRequest) -> None:
    """Count one attempt of whoever is not signed in yet.

    :raises TooManyRequests: beyond the limit. :raises Unavailable: Redis is gone.
    """
    limit = RateLimitItemPerSecond(settings.LOGIN_RATE_LIMIT_REQUESTS, 60)
    try:
        _hit(limit, f"sign-in:{client_address(request)}", request)
    except RedisError as error:
        log.warning("limits_closed")
        raise Unavailable(retry_after=timedelta(seconds=5)) from error
