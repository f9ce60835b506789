"""Requests to services over HTTP, and what becomes of a bad answer.

The connections are the process's, and are kept between requests. No redirect is followed, and of the environment only
the proxies are read: a key goes to the address for which it was given.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from relay.cascade.services.failures import of_http, refused, unreadable
from relay.config.cascade import Address
from relay.core.lenient_json import read_leniently, write_leniently
from relay.legs.proxies import Proxy, proxy_for

if TYPE_CHECKING:
    import httpx2

ANSWER_LIMIT_BYTES = 1 << 20
"""No transcript and no error is longer."""

KEPT_S = 60.0
"""How long a connection is kept that nobody uses; most pauses in a talk are shorter, and NATs allow more."""

KEPT_MOST = 100

END_S = 1.0
"""How long the end of an answer is waited for when all of it is known; nobody else waits for that."""

ALL_TOLD: Mapping[str, Any] = MappingProxyType({})
"""What follows in a stream of events is its end."""

JSON = "application/json"
SSE = "text/event-stream"


class Http:
    """Asks services.

    Args:
        tls: reading the certificates of the system takes some 20 ms, too long for each request.
        proxy: the forward proxy on the way to an address.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, proxy: Callable[[str], Proxy | None] = proxy_for) -> None:
        self._tls = tls
        self._proxy = proxy
        self._clients: dict[str | None, asyncio.Future[httpx2.AsyncClient]] = {}

    async def close(self) -> None:
        """Close all connections."""
        opened, self._clients = self._clients, {}
        for client in opened.values():
            await (await client).aclose()

    @asynccontextmanager
    async def post(
        self, address: Address, path: str, body: Mapping[str, Any] | None = None, **form: Any
    ) -> AsyncGenerator["httpx2.Response", None]:
        """An answer that is a success, with its body still to come. Leaving it early closes the connection.

        Args:
            body: sent as JSON.
            form: sent as a form, where there is no body.

        Raises:
            ServiceFailed: there is none, or it breaks off while it is read.
        """
        client = await self._client(address)
        import httpx2  # noqa: PLC0415 - 1 MB, loaded by now, in a thread

        headers = {"Accept-Encoding": "identity", **address.headers}
        content = form
        if body is not None:
            headers.setdefault("Content-Type", JSON)
            content = {"content": _written(body)}
        request = client.build_request("POST", address.url + path, headers=headers, **content)
        request.read()  # each part of a form would be a write of its own
        try:
            async with aclosing(await client.send(request, stream=True)) as answer:
                if answer.status_code >= 300:
                    raise refused(address, answer.status_code, dict(answer.headers), await _beginning(answer))
                yield answer
        except httpx2.HTTPError as failure:
            raise of_http(failure, address) from failure

    async def is_there(self, address: Address) -> None:
        """Ask for its list of models, which any of them has, and take whatever it says.

        Raises:
            ServiceFailed: nobody answered.
        """
        client = await self._client(address)
        import httpx2  # noqa: PLC0415 - 1 MB, loaded by now, in a thread

        try:
            await client.get(f"{address.url}/models", headers=dict(address.headers))
        except httpx2.HTTPError as failure:
            raise of_http(failure, address) from failure

    async def _client(self, address: Address) -> "httpx2.AsyncClient":
        proxy = self._proxy(address.url)
        url = proxy.url if proxy else None
        if url not in self._clients:
            self._clients[url] = asyncio.ensure_future(asyncio.to_thread(_open, self._tls, url))
        return await asyncio.shield(self._clients[url])


def _open(tls: ssl.SSLContext | None, proxy: str | None) -> "httpx2.AsyncClient":
    import httpx2  # noqa: PLC0415 - 1 MB, for who has a cascade

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=KEPT_MOST, keepalive_expiry=KEPT_S)
    verify = tls or ssl.create_default_context()
    return httpx2.AsyncClient(verify=verify, timeout=None, proxy=proxy, trust_env=False, limits=limits)


def media_type(answer: "httpx2.Response") -> str:
    """What an answer says it is, without parameters."""
    return str(answer.headers.get("content-type", "")).partition(";")[0].strip().lower()


async def read_json(address: Address, answer: "httpx2.Response") -> dict[str, Any]:
    """The object that an answer is.

    Raises:
        ServiceFailed: it is none.
    """
    read = _read((await _whole(address, answer)).decode(errors="replace"))
    if read is None:
        raise unreadable(address, f"{media_type(answer) or 'no type'} that is no JSON object")
    return read


async def read_text(address: Address, answer: "httpx2.Response") -> str:
    """The plain text that an answer is.

    Raises:
        ServiceFailed: it is too long.
    """
    return (await _whole(address, answer)).decode(errors="replace")


async def read_events(address: Address, answer: "httpx2.Response") -> AsyncGenerator[Mapping[str, Any], None]:
    """The objects of an answer's server-sent events, with `ALL_TOLD` for the one that says that there are no more.

    Raises:
        ServiceFailed: it is no such stream, one of them is no object, or one is an error.
    """
    import httpx2  # noqa: PLC0415 - 1 MB, loaded by now

    if media_type(answer) != SSE:
        raise unreadable(address, f"{media_type(answer) or 'no type'} where a stream of events was asked for")
    events = aiter(httpx2.EventSource(answer, max_event_size=ANSWER_LIMIT_BYTES))
    async for event in events:
        if event.data == "[DONE]":
            yield ALL_TOLD
            await read_out(events)
            return
        if not event.data:
            continue
        data = _read(event.data)
        if data is None:
            raise unreadable(address, "an event that is no JSON object")
        if event.event == "error" or (data.get("error") and not data.get("choices")):
            raise refused(address, 500, {}, _written(data))
        yield data


async def read_out(events: AsyncIterator[object]) -> None:
    """Read on behind the last event of interest, when it has been told: a connection is kept whose answer has ended.

    Where it does not end soon it is not waited for.
    """
    import httpx2  # noqa: PLC0415 - 1 MB, loaded by now

    with suppress(TimeoutError, httpx2.HTTPError):
        async with asyncio.timeout(END_S):
            async for _ in events:
                pass


def _read(text: str) -> dict[str, Any] | None:
    """The object that a text is, as lenient as other people's readers: some services cut a character in two."""
    try:
        read = orjson.loads(text)
    except orjson.JSONDecodeError:
        return read_leniently(text)
    return read if isinstance(read, dict) else None


def _written(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # half a surrogate pair in it, which no strict reader takes
        return orjson.dumps(read_leniently(write_leniently(body)))


async def _whole(address: Address, answer: "httpx2.Response") -> bytes:
    body = bytearray()
    async for piece in _pieces(answer):
        body += piece
        if len(body) > ANSWER_LIMIT_BYTES:
            raise unreadable(address, f"more than {ANSWER_LIMIT_BYTES} bytes")
    return bytes(body)


async def _beginning(answer: "httpx2.Response") -> bytes:
    """As much of a refusal as says why."""
    body = bytearray()
    async for piece in _pieces(answer):
        body += piece
        if len(body) > ANSWER_LIMIT_BYTES:
            break
    return bytes(body)


def _pieces(answer: "httpx2.Response") -> AsyncIterator[bytes]:
    return answer.aiter_raw()
