"""`/health…`: is the process there, can it work, and what is wrong (api.md)."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import BearerToken
from accounts.models import User
from areamedica.celery import app
from areamedica.errors import Refusal
from audit import figures as journal
from banking.resilience.circuit import State
from banking.services import bank_status

_STARTED = time.monotonic()
_FULL_DISK = 0.95


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "pending" if waiting else "ok"


def _cache() -> str:
    cache.set("health", "ok", timeout=5)
    return "ok" if cache.get("health") == "ok" else "lost"


def _broker() -> str:
    with app.connection_for_write(transport_options={"max_retries": 0}) as broker:
        broker.ensure_connection(max_retries=1, timeout=1, interval_start=0)
    return "ok"


def _bank() -> str:
    status = bank_status()
    return "ok" if status.state is State.CLOSED else f"{status.state}: {status.reason}"


def _disk() -> str:
    usage = shutil.disk_usage(settings.BASE_DIR)
    return "ok" if usage.used / usage.total < _FULL_DISK else "full"


# The first two decide readiness: without them no request can be answered rightly. The
# rest degrade the service, which goes on recording and reading.
_CHECKS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "cache": _cache,
    "broker": _broker,
    "bank": _bank,
    "disk": _disk,
    "journal": journal.health,
}
_VITAL = ("database", "migrations")


def _try(check: Callable[[], str]) -> str:
    try:
        return check()
    except (DatabaseError, RedisError, OperationalError, OSError) as error:
        return type(error).__name__


def _body(status: str, **more: object) -> dict[str, object]:
    return {"status": status, "timestamp": datetime.now(UTC).isoformat(), **more}


def _as_http(body: dict[str, object], *, status: int) -> JsonResponse:
    response = JsonResponse(body, status=status)
    # A probe reads this body, not the contract's.
    response.in_one_body = True  # type: ignore[attr-defined]
    response["Cache-Control"] = "no-store"
    return response


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return _as_http(_body("ok"), status=200)


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests may be sent here: the database answers and is migrated."""
    checks = {name: _try(_CHECKS[name]) for name in _VITAL}
    is_ready = all(result == "ok" for result in checks.values())
    body = _body("ok" if is_ready else "unavailable", checks=checks)
    return _as_http(body, status=200 if is_ready else 503)


@require_safe
def summary(request: HttpRequest) -> JsonResponse:
    """For a load balancer: the database answers."""
    result = _try(_database)
    ok = result == "ok"
    return _as_http(_body("ok" if ok else "unavailable"), status=200 if ok else 503)


@require_safe
def detailed(request: HttpRequest) -> JsonResponse:
    """Every check; version and uptime for staff only."""
    checks = {name: _try(check) for name, check in _CHECKS.items()}
    is_ready = all(checks[name] == "ok" for name in _VITAL)
    all_well = all(result == "ok" for result in checks.values())
    word = ("ok" if all_well else "degraded") if is_ready else "unavailable"
    body = _body(word, checks=checks)
    if is_ready and _is_staff(request):
        body["version"] = settings.APP_VERSION
        body["uptime_seconds"] = round(time.monotonic() - _STARTED)
    return _as_http(body, status=200 if is_ready else 503)


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    if isinstance(user, User):
        return user.is_staff
    try:
        found = BearerToken().authenticate(Request(request))
    except (AuthenticationFailed, Refusal):
        return False
    return found is not None and found[0].is_staff
