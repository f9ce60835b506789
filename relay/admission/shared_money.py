"""Money of a day in a Redis that several relays share: what was spent, and what is set aside for what runs.

One script does each step, so that no relay decides by what another one has just changed. What is set aside is renewed
while its session lives and lapses `LAPSES_S` after a process was killed. A payment has a name: told twice, since nobody
knew whether it had been taken in, it counts once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from limits.errors import StorageError
from redis.asyncio import Redis
from redis.exceptions import RedisError

from relay.admission.ledger import DAY_S

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

LAPSES_S = 30

REMEMBERED_S = 60 * 60
"""How long a payment is known by its name: much longer than a store that comes back is told of it again."""

# KEYS: the sum of a day; a hash of what is set aside, each as "<lapses at> <nanos>", with " kept" behind what is for no
# answer; the names of payments, by their time.
# ARGV: the limit, an amount to add to the sum, the name of that payment, a day, how long something stays set aside, how
# long a payment is remembered, what to do with the names ("reserve", "keep", "free" or "renew"), how much to set aside,
# names.
_STEP = """
local now = tonumber(redis.call('TIME')[1])
local spent = tonumber(redis.call('GET', KEYS[1]) or '0')
if ARGV[2] ~= '0' and redis.call('ZADD', KEYS[3], 'NX', now, ARGV[3]) == 1 then
  local is_first = redis.call('EXISTS', KEYS[1]) == 0
  spent = redis.call('INCRBY', KEYS[1], ARGV[2])
  if is_first then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - tonumber(ARGV[6]))
  redis.call('EXPIRE', KEYS[3], ARGV[6])
end
local left = tonumber(ARGV[1]) - spent
local lapses_at = string.format('%d ', now + tonumber(ARGV[5]))
for i = 9, #ARGV do
  local kept = redis.call('HGET', KEYS[2], ARGV[i])
  if ARGV[7] == 'free' then
    redis.call('HDEL', KEYS[2], ARGV[i])
  elseif ARGV[7] == 'keep' then
    redis.call('HSET', KEYS[2], ARGV[i], lapses_at .. ARGV[8] .. ' kept')
  elseif ARGV[7] == 'renew' and kept then
    redis.call('HSET', KEYS[2], ARGV[i], lapses_at .. string.match(kept, ' (.*)'))
  end
end
local count, aside, kept = 0, 0, 0
local all = redis.call('HGETALL', KEYS[2])
for i = 1, #all, 2 do
  local until_s, nanos, is_kept = string.match(all[i + 1], '(%d+) (%d+)(.*)')
  if tonumber(until_s) <= now then
    redis.call('HDEL', KEYS[2], all[i])
  elseif is_kept ~= '' then
    kept = kept + tonumber(nanos)
  else
    count, aside = count + 1, aside + tonumber(nanos)
  end
end
local may, free = 0, left - kept
if ARGV[7] == 'reserve' and free > 0 and (count == 0 or aside + tonumber(ARGV[8]) <= free) then
  redis.call('HSET', KEYS[2], ARGV[9], lapses_at .. ARGV[8])
  may = 1
end
redis.call('EXPIRE', KEYS[2], 2 * tonumber(ARGV[5]))
return {may, left}
"""


class Payment(NamedTuple):
    """Money that was spent, under a name that no other payment has."""

    name: str
    nanos: int


NOTHING = Payment("", 0)


class SharedMoney:
    """Asks the store; each question raises `StorageError` where that fails.

    Every step takes in a payment first, unless it was taken in before.
    """

    def __init__(self, pool: "ConnectionPool") -> None:
        self._step = Redis(connection_pool=pool).register_script(_STEP)

    async def reserve(self, key: str, limit: int, payment: Payment, nanos: int, name: str) -> tuple[bool, int]:
        """Set an amount aside for an answer, if it may be; returns that, and what is left of the limit."""
        return await self._ask(key, limit, payment, "reserve", nanos, [name])

    async def keep(self, key: str, limit: int, payment: Payment, nanos: int, name: str) -> tuple[bool, int]:
        """Set an amount aside, whatever is left; returns how much that is."""
        return await self._ask(key, limit, payment, "keep", nanos, [name])

    async def spend(self, key: str, limit: int, payment: Payment, names: Sequence[str]) -> tuple[bool, int]:
        """Free what was set aside under these names; returns what is left."""
        return await self._ask(key, limit, payment, "free", 0, names)

    async def renew(self, key: str, limit: int, payment: Payment, names: Sequence[str]) -> tuple[bool, int]:
        """Keep what is set aside under these names from lapsing; returns what is left."""
        return await self._ask(key, limit, payment, "renew", 0, names)

    async def _ask(
        self, key: str, limit: int, payment: Payment, action: str, nanos: int, names: Sequence[str]
    ) -> tuple[bool, int]:
        keys = [key, f"{key}/aside", f"{key}/paid"]
        given = [limit, payment.nanos, payment.name, DAY_S, LAPSES_S, REMEMBERED_S, action, nanos, *names]
        try:
            may, left = await self._step(keys, list(map(str, given)))
        except RedisError as failure:
            raise StorageError(failure) from failure
        return bool(may), int(left)
