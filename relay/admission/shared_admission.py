"""The questions of one handshake to a Redis that several relays share, asked at once.

Sessions are counted in moving minutes. One script looks at all of them, and counts the session in each only where all
have room; and it tells what was spent of each sum of a day.
"""

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from limits.errors import StorageError
from redis.asyncio import Redis
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

MINUTE_S = 60

# KEYS: of the windows, each a set of sessions by the time they came; then of the sums.
# ARGV: how many windows there are, their length in s, the session's name, and how many each window takes.
# Answers: which window is full, from 1 on, or 0; the seconds until it has room; the sums.
_ADMIT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local windows, length = tonumber(ARGV[1]), tonumber(ARGV[2])
for i = 1, windows do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now - length)
  if redis.call('ZCARD', KEYS[i]) >= tonumber(ARGV[3 + i]) then
    local oldest = tonumber(redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')[2])
    return {i, math.max(1, math.ceil(oldest + length - now))}
  end
end
for i = 1, windows do
  redis.call('ZADD', KEYS[i], string.format('%.6f', now), ARGV[3])
  redis.call('EXPIRE', KEYS[i], length + 1)
end
local answer = {0, 0}
for i = windows + 1, #KEYS do
  answer[#answer + 1] = tonumber(redis.call('GET', KEYS[i]) or '0')
end
return answer
"""


class Admission(NamedTuple):
    """What came of it: the number of the window that is full, or None; when it has room; what was spent by sum."""

    full: int | None
    wait_s: int
    spent: Sequence[int]


class SharedAdmission:
    """Asks the store."""

    def __init__(self, pool: "ConnectionPool") -> None:
        self._admit = Redis(connection_pool=pool).register_script(_ADMIT)

    async def admit(self, windows: Sequence[tuple[str, int]], sums: Sequence[str]) -> Admission:
        """Count one session in these windows, each a key and how many a minute it takes, and look at these sums.

        Raises:
            StorageError: the store does not answer.
        """
        keys = [*(key for key, _ in windows), *sums]
        given = [len(windows), MINUTE_S, secrets.token_hex(8), *(limit for _, limit in windows)]
        try:
            full, wait_s, *spent = await self._admit(keys, list(map(str, given)))
        except RedisError as failure:
            raise StorageError(failure) from failure
        return Admission(full - 1 if full else None, wait_s, spent)
