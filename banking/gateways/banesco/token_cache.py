"""Where the token lives: Redis for all processes, or this one's memory without it."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from redis.exceptions import RedisError

WITHOUT_REDIS_SECONDS = 5.0
"""After Redis failed, how long this process leaves it alone: each try costs time."""

T = TypeVar("T")

logger = structlog.get_logger(__name__)


class TokenCache:
    """The cache all processes share, with memory to fall back on. Never raises."""

    def __init__(self) -> None:
        self._memory = LocMemCache("bank-token", {})
        self._gone_until = 0.0

    def get(self, key: str) -> str | None:
        found: str | None = self._with_cache(lambda c: c.get(key))
        return found

    def put(self, key: str, text: str, *, seconds: int) -> None:
        self._with_cache(lambda c: c.set(key, text, seconds))

    def add(self, key: str, text: str, *, seconds: int) -> bool:
        """Put it unless there is one; False when there is."""
        return self._with_cache(lambda c: c.add(key, text, seconds))

    def drop(self, key: str, text: str) -> None:
        """Forget it, if it still is `text`: another may have put a newer one."""
        if self.get(key) == text:
            self._with_cache(lambda c: c.delete(key))

    def _with_cache(self, action: Callable[[BaseCache], T]) -> T:
        if time.monotonic() < self._gone_until:
            return action(self._memory)
        try:
            return action(cache)
        except RedisError:
            logger.warning("bank.token_without_redis")
            self._gone_until = time.monotonic() + WITHOUT_REDIS_SECONDS
            return action(self._memory)
