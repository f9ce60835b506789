"""The keys that a signer publishes, fetched without holding up anybody who is not waiting for them.

One fetch serves all who wait. A peer that names a key which nobody knows causes a fetch at most once in `AGAIN_S`, so
strangers cannot turn the relay against the signer. While the signer cannot be reached, the keys that are known go on
to serve.

The fetch has a thread of its own, with an event loop in it: from the name to the last byte all of it can be given up,
where a call that waits could be held for ever by a signer that sends a byte now and then, and nobody else needs that
thread.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from jwt import PyJWK

FRESH_S = 300.0
"""After this the keys are fetched anew, so that one which was withdrawn is not taken for long."""

AGAIN_S = 10.0
"""No two fetches are nearer to each other."""

FETCH_TIMEOUT_S = 5.0
LENGTH_LIMIT_BYTES = 512 * 1024

_log = structlog.stdlib.get_logger("relay")


class KeysUnavailable(Exception):  # noqa: N818 - the fact, not the fault
    """The signer's keys could not be fetched, and none are known."""


class KeySet:
    """The keys at one address.

    Args:
        url: where they are.
        clock: tells monotonic seconds.
        timeout_s: how long a fetch may take, all of it.
    """

    def __init__(self, url: str, clock: Callable[[], float] = monotonic, timeout_s: float = FETCH_TIMEOUT_S) -> None:
        self._url = url
        self._clock = clock
        self._timeout_s = timeout_s
        self._own_thread = ThreadPoolExecutor(1, "relay-keys")
        self._keys: Mapping[str | None, PyJWK] = {}
        self._fetched_at = -FRESH_S
        self._tried_at = -AGAIN_S
        self._one_at_a_time = asyncio.Lock()

    async def key(self, key_id: str | None) -> "PyJWK | None":
        """The key of that name, or the only one where none is named; None where there is no such key.

        Waits for a fetch, at most its `timeout_s`, where the name is new; where the keys are stale, one caller waits
        and the others go on with what is known.

        Raises:
            KeysUnavailable: no keys are known.
        """
        known = self._find(key_id)
        if self._wants_fetch(known) and not (known and self._one_at_a_time.locked()):
            async with self._one_at_a_time:
                known = self._find(key_id)
                if self._wants_fetch(known):
                    await self._fetch()
                    known = self._find(key_id)
        if not self._keys:
            raise KeysUnavailable
        return known

    def _find(self, key_id: str | None) -> "PyJWK | None":
        if key_id is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    def _wants_fetch(self, known: "PyJWK | None") -> bool:
        now = self._clock()
        return now - self._tried_at >= AGAIN_S and (known is None or now - self._fetched_at >= FRESH_S)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                loop = asyncio.get_running_loop()
                self._keys = await loop.run_in_executor(self._own_thread, _read_keys, self._url, self._timeout_s)
            self._fetched_at = self._clock()
        except (OSError, ValueError) as failure:  # a TimeoutError is an OSError
            _log.warning("keys.unavailable", url=self._url, failure=str(failure) or type(failure).__name__)
        finally:
            self._tried_at = self._clock()


def _read_keys(url: str, timeout_s: float) -> "Mapping[str | None, PyJWK]":
    """Fetch and read a JSON Web Key Set. Keys that are not public, or of a kind that is unknown, are left out.

    Raises:
        OSError: it could not be fetched.
        ValueError: it is no key set.
    """
    from jwt import PyJWKSet  # noqa: PLC0415 - 9 MB, loaded already by whoever has JWTs
    from jwt.exceptions import PyJWTError  # noqa: PLC0415 - of the same 9 MB

    text = asyncio.run(_fetched(url, timeout_s))
    try:
        keys = PyJWKSet.from_json(text.decode()).keys
    except (PyJWTError, AttributeError, TypeError, RecursionError) as failure:
        raise ValueError(f"no key set: {failure}") from None
    return {key.key_id: key for key in keys if key.key_type != "oct" and key.public_key_use in {None, "sig"}}


async def _fetched(url: str, timeout_s: float) -> bytes:
    """What there is at the address; no more of it is read than a key set may have, and nothing is unpacked."""
    import httpx2  # noqa: PLC0415 - 1 MB, for who asks a signer

    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(timeout_s),
            httpx2.AsyncClient(verify=ssl.create_default_context(), timeout=None, follow_redirects=True) as http,
            http.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx2.codes.OK:
                raise OSError(f"it answered {answer.status_code}")
            text = b""
            async for piece in answer.aiter_raw():
                text += piece
                if len(text) > LENGTH_LIMIT_BYTES:
                    raise ValueError(f"the key set has more than {LENGTH_LIMIT_BYTES} bytes")
            return text
    except (httpx2.HTTPError, httpx2.InvalidURL) as failure:
        raise OSError(str(failure) or type(failure).__name__) from None
