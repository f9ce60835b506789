"""The API's REST interface for calls, asked with the relay's own key; nothing of the caller's request goes there.

The HTTP client comes with the `openai` package. It is loaded with the first call, and each request has a connection of
its own: calls are rare, and what is not kept cannot be stale.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from relay.calls.form import SDP
from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.core.dial_failure import DialFailed, DialFailure, Phase, Reason
from relay.core.redaction import Secrets
from relay.core.tool_credentials import tool_credentials
from relay.core.upstream_answer import read_answer
from relay.legs.failures import Attempt, explain, host_and_port
from relay.legs.proxies import Proxy, TunnelRefused
from relay.legs.target import DialOptions, Target
from relay.legs.upgrade import NoHttp
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
    """What the API answered; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CallRefused(DialFailed):
    """The API refused, and said why.

    Attributes:
        error: the API's error object, without secrets; None where it is the relay's operator's concern alone.
    """

    def __init__(self, failure: DialFailure, error: Mapping[str, Any] | None) -> None:
        super().__init__(failure)
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
            reply = await self._post(target, "", self._and_of_tools(session), files=form)
            call_id = reply.headers.get("location", "").rpartition("/")[2]
            if not _CALL_ID.fullmatch(call_id):  # it could be neither watched nor hung up
                raise _unusable("there is no call's id in Location")
        except Refused as refusal:
            warn_of_refusal(target, refusal)
            raise
        return Made(call_id, reply.body)

    async def decide(self, target: Target, call_id: str, verb: str, body: Mapping[str, Any]) -> None:
        """Have a call that came in by SIP accepted, rejected or referred.

        Raises:
            Refused: it was not.
        """
        await self._post(target, f"/{call_id}/{verb}", self._and_of_tools(body), json=body)

    async def hang_up(self, target: Target, call_id: str) -> None:
        """End a call; one that is over already is as good.

        Raises:
            Refused: it may go on.
        """
        try:
            await self._post(target, f"/{call_id}/hangup", self._secrets)
        except CallRefused as refusal:
            if refusal.ended.status != 404:
                raise

    def _and_of_tools(self, session: Mapping[str, Any]) -> Secrets:
        """What may not be shown of what is asked for: its tools may open servers with credentials of its own."""
        return self._secrets.and_also(tool_credentials(session))

    async def _post(self, target: Target, path: str, secrets: Secrets, **content: Any) -> Reply:
        attempt = Attempt(Phase.CONNECT, _address(target.calls_url or ""))
        limit_s = self._options.dial_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                reply = await self._exchange(await with_credentials(target, limit_s), path, content, attempt)
        except TimeoutError as failure:
            raise DialFailed(explain(failure, attempt, secrets.redact)) from None
        if reply.status >= 300:
            how = read_answer(reply.status, reply.headers, reply.body, secrets.redact, Phase.REQUEST, attempt.address)
            raise CallRefused(how, _error(how, reply.body, secrets))
        return reply

    async def _exchange(self, target: Target, path: str, content: Mapping[str, Any], attempt: Attempt) -> Reply:
        proxy = None if target.is_local else self._options.proxy_for(target.calls_url or "")
        if proxy is not None:
            attempt.is_at_proxy, attempt.address = True, host_and_port(proxy.host, proxy.port)
        http = await asyncio.to_thread(_open_client, self._options.tls, proxy)
        import httpx2  # noqa: PLC0415 - 1 MB, loaded by now, in a thread

        url = httpx2.URL(target.calls_url or "")
        url = url.copy_with(path=url.path + path)
        headers = {"Accept-Encoding": "identity", **target.headers}
        watch = {"trace": _watched(attempt, _address(str(url)))}
        try:
            async with http, http.stream("POST", url, headers=headers, extensions=watch, **content) as came:
                body = b"".join([piece async for piece in _bounded(came.aiter_raw())])
                return Reply(came.status_code, dict(came.headers), body)
        except httpx2.HTTPError as failure:
            raise DialFailed(explain(_fault_of(failure), attempt, self._secrets.redact)) from failure


def _error(how: DialFailure, body: bytes, secrets: Secrets) -> Mapping[str, Any] | None:
    """What the API said, for the caller: not of the relay's key, and not in a gateway's HTML."""
    try:
        error = orjson.loads(body)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    shown = isinstance(error, dict) and how.ended.cause is not Cause.UPSTREAM_DENIED
    return secrets.redact_all(error) if shown else None


_PHASES = {
    "connect_tcp.started": Phase.CONNECT,
    "start_tls.started": Phase.TLS,
    "send_request_headers.started": Phase.REQUEST,
}
"""The HTTP client's own steps, without the part of it that takes them: the connection, or what goes through a proxy."""


def _watched(attempt: Attempt, address: str) -> Callable[[str, Any], Awaitable[None]]:
    """What the HTTP client tells of its steps, kept in `attempt`; with TLS to `address` a proxy lies behind it."""

    async def step(name: str, _: Any) -> None:
        attempt.phase = _PHASES.get(name.partition(".")[2], attempt.phase)
        if attempt.phase is Phase.TLS:
            attempt.is_at_proxy, attempt.address = False, address

    return step


def _address(url: str) -> str:
    parts = urlsplit(url)
    return host_and_port(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _fault_of(failure: "httpx2.HTTPError") -> BaseException:
    """What the HTTP client met, as `explain` knows it."""
    import httpx2  # noqa: PLC0415 - 1 MB, loaded by now

    if isinstance(failure, httpx2.ProxyError):
        return TunnelRefused(f"the proxy said: {failure}")
    if isinstance(failure, httpx2.RemoteProtocolError):
        hung_up = "disconnected" in str(failure)
        return EOFError(str(failure)) if hung_up else NoHttp(str(failure))
    return _root_of(failure)


def _root_of(failure: BaseException) -> BaseException:
    """What the operating system, TLS or the peer did, below what the HTTP client makes of it."""
    below = failure.__cause__ or failure.__context__
    if isinstance(below, BaseExceptionGroup):  # one for each of the name's addresses
        below = below.exceptions[0]
    return failure if below is None else _root_of(below)


async def _bounded(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    left = ANSWER_LIMIT_BYTES
    async for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise _unusable(f"the answer is longer than {ANSWER_LIMIT_BYTES} bytes")
        yield piece


def _unusable(detail: str) -> DialFailed:
    return DialFailed(DialFailure(Phase.REQUEST, Reason.ANSWER_UNUSABLE, detail=detail))


def _open_client(tls: ssl.SSLContext, proxy: Proxy | None) -> "httpx2.AsyncClient":
    import httpx2  # noqa: PLC0415 - 1 MB, for who makes calls

    return httpx2.AsyncClient(verify=tls, timeout=None, proxy=proxy.url if proxy else None, trust_env=False)
