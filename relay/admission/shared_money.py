"""Money of a day in a Redis that several relays share: what was spent, and what is set aside for what runs.

One script does each step, so that no relay decides by what another one has just changed. What is set aside is renewed
while its session lives and lapses `LAPSES_S` after a process was killed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from limits.errors import StorageError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from relay.admission.ledger import DAY_S

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

LAPSES_S = 30

# KEYS: the sum of a day; a hash of what is set aside, each as "<lapses at> <nanos>".
# ARGV: the limit, an amount to add to the sum, a day, how long something stays set aside, what to do with the names
# ("reserve", "free" or "renew"), how much to set aside, names.
_STEP = """
local now = tonumber(redis.call('TIME')[1])
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
if ARGV[2] ~= '0' then
  local is_first = redis.call('EXISTS', KEYS[1]) == 0
  spent = redis.call('INCRBY', KEYS[1], ARGV[2])
  if is_first then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
end
local left = tonumber(ARGV[1]) - spent
local lapses_at = now + tonumber(ARGV[4])
for i = 7, #ARGV do
  local kept = redis.call('HGET', KEYS[2], ARGV[i])
  if ARGV[5] == 'free' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  elseif ARGV[5] == 'renew' and kept then
    redis.call('HSET', KEYS[2], ARGV[i], string.format('%d ', lapses_at) .. string.match(kept, ' (%d+)'))
  end
end
local count, aside = 0, 0
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local until_s, nanos = string.match(all[i + 1], '(%d+) (%d+)')
  if tonumber(until_s) <= now then
    redis.call('HDEL', KEYS[2], all[i])
  else
    count, aside = count + 1, aside + tonumber(nanos)
  end
end
local may = 0
if ARGV[5] == 'reserve' and left > 0 and (count == 0 or aside + tonumber(ARGV[6]) <= left) then
  redis.call('HSET', KEYS[2], ARGV[7], string.format('%d ', lapses_at) .. ARGV[6])
  may = 1
end
redis.call('EXPIRE', KEYS[2], 2 * tonumber(ARGV[4]))
return {may, left}
"""


class SharedMoney:
    """Asks the store; each question raises `StorageError` where that fails."""

    def __init__(self, pool: "ConnectionPool") -> None:
        self._step = Redis(connection_pool=pool).register_script(_STEP)

    async def reserve(self, key: str, limit: int, owed: int, nanos: int, name: str) -> tuple[bool, int]:
        """Set an amount aside, if it may be; returns that, and what is left of the limit."""
        return await self._ask(key, limit, owed, "reserve", nanos, [name])

    async def spend(self, key: str, limit: int, owed: int, names: Sequence[str]) -> int:
        """Add what is owed to the sum, and free what was set aside under these names; returns what is left."""
        return (await self._ask(key, limit, owed, "free", 0, names))[1]

    async def renew(self, key: str, limit: int, owed: int, names: Sequence[str]) -> int:
        """Keep what is set aside under these names from lapsing; returns what is left."""
        return (await self._ask(key, limit, owed, "renew", 0, names))[1]

    async def _ask(
        self, key: str, limit: int, owed: int, action: str, nanos: int, names: Sequence[str]
    ) -> tuple[bool, int]:
        keys, arguments = [key, f"{key}/aside"], map(str, [limit, owed, DAY_S, LAPSES_S, action, nanos, *names])
        try:
            may, left = await self._step(keys, list(arguments))
        except RedisError as failure:
            raise StorageError(failure) from failure
        return bool(may), int(left)
