"""Counters that expire, in memory or in a Redis that several relays share.

The `limits` library keeps them. When the shared store does not answer in time, this process counts on by itself, and
asks it again after some seconds: people go on talking, nobody waits for it more than once, each relay still bounds what
it admits, and a metric and the log tell.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic, time
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter, RateLimiter
from limits.errors import StorageError

from relay.admission.circuit_breaker import PAUSE_S, CircuitBreaker
from relay.config.errors import SettingsError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

    from relay.admission.shared_money import SharedMoney

ANSWER_WITHIN_S = 0.5
PREFIX = "relay"

_log = structlog.stdlib.get_logger("relay")

Answer = TypeVar("Answer")


class Counters:
    """Asks the shared store, and this process where that fails.

    Args:
        url: `memory`, `redis://…`, `rediss://…` or `valkey://…`.
        on_failure: is called each time that the shared store did not answer.

    Attributes:
        money: where days are counted by several relays; None for `memory`.
    """

    def __init__(self, url: str, on_failure: Callable[[], None] = lambda: None) -> None:
        own = MemoryStorage()
        self._own = MovingWindowRateLimiter(own)
        self._pool = None if url == "memory" else _connections(url)
        self._shared = MovingWindowRateLimiter(own if self._pool is None else _shared(url, self._pool))
        self.money = None if self._pool is None else _money(self._pool)
        self._on_failure = on_failure
        self._breaker = CircuitBreaker()

    async def close(self) -> None:
        """Let go of the shared store."""
        if self._pool is not None:
            await self._pool.aclose()

    async def admit(self, per_minute: int, *key: str) -> int | None:
        """Count one session in a moving minute; returns the seconds until there is room, or None where there was."""
        item = RateLimitItemPerMinute(per_minute, namespace="sessions")

        async def ask(limiter: RateLimiter) -> int:
            if await limiter.hit(item, *key):
                return 0
            stats = await limiter.get_window_stats(item, *key)
            return max(1, round(stats.reset_time - time()))

        wait_s = await self.ask(lambda: ask(self._shared))
        return (await ask(self._own) if wait_s is None else wait_s) or None

    async def ask(self, question: Callable[[], Awaitable[Answer]]) -> Answer | None:
        """The shared store's answer; None where it gives none in time, or did not a moment ago."""
        if not self._breaker.may_ask(monotonic()):
            return None
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await question()
        except (StorageError, TimeoutError) as failure:
            self._breaker.failed(monotonic())
            reason = type(failure.__cause__ or failure).__name__
            _log.warning("quota_store.failed", reason=reason, next_try_s=PAUSE_S)
            self._on_failure()
            return None
        self._breaker.answered()
        return answer


def money_key(nano_usd_per_day: int, *key: str) -> str:
    """Under which a day's sum is kept."""
    return f"{PREFIX}:{RateLimitItemPerDay(nano_usd_per_day, namespace='nano-usd').key_for(*key)}"


def _connections(url: str) -> "ConnectionPool":
    try:
        from redis.asyncio import ConnectionPool  # noqa: PLC0415 - an extra, 4 MB
    except ImportError:
        raise SettingsError("quota_store: needs another package; pip install 'realtime-relay[redis]'") from None
    return ConnectionPool.from_url(url.replace("valkey", "redis", 1))


def _shared(url: str, pool: "ConnectionPool") -> Storage:
    where = f"async+{url.replace('valkey', 'redis', 1)}"
    options: dict[str, Any] = {"connection_pool": pool}
    return RedisStorage(where, wrap_exceptions=True, implementation="redispy", key_prefix=PREFIX, **options)


def _money(pool: "ConnectionPool") -> "SharedMoney":
    from relay.admission.shared_money import SharedMoney  # noqa: PLC0415 - the same 4 MB

    return SharedMoney(pool)
