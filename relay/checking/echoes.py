"""Checks of transparency, where what stands behind the endpoint says everything back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from relay.checking.check import Failed, NotApplicable, check, expect
from relay.checking.endpoint import Endpoint

Message = str | bytes

ODD = (
    '{ "type":"x",  "a" : 1.0e+2 ,"a":2}',
    '{"z":1,"type":"never.heard.of","\\u0061":"\\u00e9\\/"}',
    '\r\n{"type":"x","text":"é 漢字 \U0001f399 \u2028"}\n',
    "no JSON at all",
    "",
)
CLOSE = '{"type":"relay.check.close"}'
"""What has our own echo close its connection, with this code and reason:"""

CLOSE_CODE, CLOSE_REASON = 4321, "relay check"

SIZES = (1, 125, 126, 65_535, 65_536, 2**20, 15 * 2**20)


@asynccontextmanager
async def echo(host: str, port: int) -> AsyncIterator[None]:
    """Be an upstream that says everything back, and closes when it is asked to, until the context is left."""

    async def say_back(connection: ServerConnection) -> None:
        async for message in connection:
            if message == CLOSE:
                await connection.close(CLOSE_CODE, CLOSE_REASON)
            else:
                await connection.send(message)

    async with serve(say_back, host, port, compression=None, max_size=None, ping_interval=None):
        yield


def _needs_echo(endpoint: Endpoint) -> None:
    if not endpoint.echoes:
        raise NotApplicable("nothing behind it says messages back; see --echo and --echo-at")


async def _say_back(connection: ClientConnection, messages: Sequence[Message]) -> None:
    """Send each message and expect it back, unchanged."""
    for message in messages:
        await connection.send(message)
        _compare(await connection.recv(), message)


def _compare(came: Message, sent: Message) -> None:
    if type(came) is not type(sent):
        raise Failed(f"{_kind(sent)} came back as {_kind(came)}")
    if came != sent:
        raise Failed(f"{len(sent)} characters or bytes came back as {len(came)}, or as others")


def _kind(message: Message) -> str:
    return "text" if isinstance(message, str) else "binary"


@check("Messages come back byte for byte, whatever they hold.")
async def byte_identity(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    async with endpoint.connect() as connection:
        await _say_back(connection, ODD)
    return f"{len(ODD)} odd messages"


@check("Text stays text and binary stays binary.")
async def opcodes(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    async with endpoint.connect() as connection:
        await _say_back(connection, ['{"type":"x"}', b'{"type":"x"}', b"\x00\xff", "text again"])
    return "4 messages"


@check("Messages from one byte to 15 MiB come back whole.")
async def sizes(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    async with endpoint.connect() as connection:
        await _say_back(connection, ["x" * size for size in SIZES])
        await _say_back(connection, [b"x" * size for size in SIZES])
    return f"{len(SIZES)} sizes, text and binary"


@check("A message that is sent in fragments comes back as one.")
async def fragments(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    async with endpoint.connect() as connection:
        for parts in (["{", '"type"', ':"x"}'], [b"\x00", b"\x01", b"\x02"]):
            await connection.send(parts)
            whole: Message = "".join(parts) if isinstance(parts[0], str) else b"".join(parts)
            _compare(await connection.recv(), whole)
    return "text and binary, of three"


@check("A thousand messages in a row come back in order.")
async def sequence(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    messages: list[Message] = [f"{n}" if n % 2 else b"%d" % n for n in range(1000)]
    async with endpoint.connect() as connection:
        for message in messages:
            await connection.send(message)
        for message in messages:
            _compare(await connection.recv(), message)
    return "1,000 of 1,000"


@check("A close of the upstream reaches the peer, with its code and its reason.")
async def upstream_close(endpoint: Endpoint) -> str:
    _needs_echo(endpoint)
    async with endpoint.connect() as connection:
        await connection.send(CLOSE)
        try:
            async with asyncio.timeout(endpoint.patience_s):
                async for message in connection:
                    if message == CLOSE:
                        raise NotApplicable("what says messages back here closes for nobody; --echo-at does")
        except ConnectionClosedError:
            pass
        except TimeoutError:
            raise Failed(f"the upstream closed, and the peer is still open after {endpoint.patience_s:g} s") from None
        came = f"{connection.close_code} {connection.close_reason}".rstrip()
    expect(came == f"{CLOSE_CODE} {CLOSE_REASON}", f"the upstream closed with {CLOSE_CODE} {CLOSE_REASON}; {came} came")
    return came


ECHO_CHECKS = (byte_identity, opcodes, sizes, fragments, sequence, upstream_close)
