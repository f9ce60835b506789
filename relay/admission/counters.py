"""Counters that expire, in memory or in a Redis that several relays share.

In memory the `limits` library keeps them. A shared store is asked once for a handshake. When it does not answer in
time, this process counts on by itself, and asks it again after some seconds: people go on talking, nobody waits for it
more than once, each relay still bounds what it admits, and a metric and the log tell.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic, time
from typing import TYPE_CHECKING, TypeVar

import structlog
from limits import RateLimitItemPerDay, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from relay.admission.circuit_breaker import PAUSE_S, CircuitBreaker
from relay.config.errors import SettingsError
from relay.config.quotas import QuotaKey

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

    from relay.admission.shared_admission import Admission, SharedAdmission
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
        self._own = MovingWindowRateLimiter(MemoryStorage())
        self._pool = None if url == "memory" else _connections(url)
        self._shared = None if self._pool is None else _admission(self._pool)
        self.money = None if self._pool is None else _money(self._pool)
        self._on_failure = on_failure
        self._breaker = CircuitBreaker()

    async def close(self) -> None:
        """Let go of the shared store."""
        if self._pool is not None:
            await self._pool.aclose()

    async def admit(
        self, windows: Sequence[tuple[int, QuotaKey]], sums: Sequence[str]
    ) -> "tuple[QuotaKey | None, int, Sequence[int] | None]":
        """Count one session in each of these moving minutes, if all have room, and look at the sums of days.

        Args:
            windows: how many sessions a minute takes, and of which scope.
            sums: keys of `money_key`.

        Returns:
            The scope that has no room and the seconds until it has, or None and 0; and what was spent of each sum,
            None where only this process knows.
        """
        shared = self._shared
        if shared is not None:
            keyed = [(f"{PREFIX}:window/{_minute(limit).key_for(*key)}", limit) for limit, key in windows]
            answer: Admission | None = await self.ask(lambda: shared.admit(keyed, sums))
            if answer is not None:
                return None if answer.full is None else windows[answer.full][1], answer.wait_s, answer.spent
        for limit, key in windows:
            if not await self._own.test(_minute(limit), *key):
                stats = await self._own.get_window_stats(_minute(limit), *key)
                return key, max(1, round(stats.reset_time - time())), None
        for limit, key in windows:
            await self._own.hit(_minute(limit), *key)
        return None, 0, None

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


def _minute(limit: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit, namespace="sessions")


def _admission(pool: "ConnectionPool") -> "SharedAdmission":
    from relay.admission.shared_admission import SharedAdmission  # noqa: PLC0415 - an extra, 4 MB

    return SharedAdmission(pool)


def _money(pool: "ConnectionPool") -> "SharedMoney":
    from relay.admission.shared_money import SharedMoney  # noqa: PLC0415 - the same 4 MB

    return SharedMoney(pool)
