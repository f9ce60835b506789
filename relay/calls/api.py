"""The API's REST interface for calls, asked with the relay's own key; nothing of the caller's request goes there.

The HTTP client comes with the `openai` package. It is loaded with the first call, and each request has a connection of
its own: calls are rare, and what is not kept cannot be stale.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from relay.calls.form import SDP
from relay.core.closing import Cause, Ended, Refused, ended, refused_by_upstream
from relay.core.redaction import Secrets
from relay.legs.target import DialOptions, Target
from relay.upstreams.dialling import warn_of_refusal, with_credentials

if TYPE_CHECKING:
    import httpx2

ANSWER_LIMIT_BYTES = 256 * 1024
"""Many times what an answer has."""

_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")


@dataclass(frozen=True, slots=True)
class Made:
    """A call that the API has made: its id, and the description of the API's end."""

    call_id: str
    sdp: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What the API answered."""

    status: int
    location: str
    body: bytes


class CallRefused(Refused):
    """The API refused, and said why.

    Attributes:
        error: the API's error object, without secrets; None where it is the relay's operator's concern alone.
    """

    def __init__(self, how: Ended, error: Mapping[str, Any] | None) -> None:
        super().__init__(how)
        self.error = error


class CallsApi:
    """Asks the API.

    Args:
        options: `dial_timeout_s` bounds each request.
        secrets: what the API may not repeat.
    """

    def __init__(self, options: DialOptions, secrets: Secrets) -> None:
        self._options = options
        self._secrets = secrets

    async def make(self, target: Target, sdp: bytes, session: Mapping[str, Any]) -> Made:
        """Have a call made.

        Raises:
            Refused: it was not.
        """
        form = {"sdp": (None, sdp, SDP), "session": (None, orjson.dumps(session), "application/json")}
        try:
            reply = await self._post(target, "", files=form)
        except Refused as refusal:
            warn_of_refusal(target, refusal.ended)
            raise
        call_id = reply.location.rpartition("/")[2]
        if not _CALL_ID.fullmatch(call_id):  # it could be neither watched nor hung up
            raise Refused(refused_by_upstream(502))
        return Made(call_id, reply.body)

    async def decide(self, target: Target, call_id: str, verb: str, body: Mapping[str, Any]) -> None:
        """Have a call that came in by SIP accepted, rejected or referred.

        Raises:
            Refused: it was not.
        """
        await self._post(target, f"/{call_id}/{verb}", json=body)

    async def hang_up(self, target: Target, call_id: str) -> None:
        """End a call; one that is over already is as good.

        Raises:
            Refused: it may go on.
        """
        try:
            await self._post(target, f"/{call_id}/hangup")
        except CallRefused as refusal:
            if refusal.ended.status != 404:
                raise

    async def _post(self, target: Target, path: str, **content: Any) -> Reply:
        try:
            async with asyncio.timeout(self._options.dial_timeout_s):
                reply = await self._exchange(
                    await with_credentials(target, self._options.dial_timeout_s), path, content
                )
        except TimeoutError:
            raise Refused(ended(Cause.UPSTREAM_TIMEOUT)) from None
        if reply.status >= 300:
            how = refused_by_upstream(reply.status)
            raise CallRefused(how, self._error(how, reply.body))
        return reply

    async def _exchange(self, target: Target, path: str, content: Mapping[str, Any]) -> Reply:
        http = await asyncio.to_thread(_open_client, self._options.tls)
        import httpx2  # noqa: PLC0415 - 1 MB, loaded by now, in a thread

        url = httpx2.URL(target.calls_url or "")
        headers = {"Accept-Encoding": "identity", **target.headers}
        try:
            async with (
                http,
                http.stream("POST", url.copy_with(path=url.path + path), headers=headers, **content) as came,
            ):
                body = b"".join([piece async for piece in _bounded(came.aiter_raw())])
                return Reply(came.status_code, came.headers.get("location", ""), body)
        except httpx2.HTTPError as failure:
            raise Refused(ended(Cause.UPSTREAM_UNREACHABLE)) from failure

    def _error(self, how: Ended, body: bytes) -> Mapping[str, Any] | None:
        """What the API said, for the caller: not of the relay's key, and not in a gateway's HTML."""
        try:
            error = orjson.loads(body)["error"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
        shown = isinstance(error, dict) and how.cause is not Cause.UPSTREAM_DENIED
        return self._secrets.redact_all(error) if shown else None


async def _bounded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = ANSWER_LIMIT_BYTES
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise Refused(refused_by_upstream(502))
        yield piece


def _open_client(tls: ssl.SSLContext) -> "httpx2.AsyncClient":
    import httpx2  # noqa: PLC0415 - 1 MB, for who makes calls

    return httpx2.AsyncClient(verify=tls, timeout=None)
