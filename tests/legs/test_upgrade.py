"""How an upstream may answer the upgrade request, against real sockets, on both carriers."""

import asyncio
import socket
import ssl

import pytest
import trustme

from relay.core.dial_failure import DialFailed
from relay.core.leg import Closed, Listener
from relay.legs import picows_upstream, websocket
from relay.legs.proxies import read_proxy
from relay.legs.target import DialOptions, Target
from tests.fakes.forward_proxy import forward_proxy
from tests.fakes.raw_upstream import Answer, raw_upstream, switching

LIMIT = 2**20
HELLO = b"\x81\x05hello"
CLOSE_1000 = b"\x88\x02\x03\xe8"


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


async def heard_from(
    dial, answer: Answer, piece_bytes: int | None = None, **target
) -> tuple[list[str | bytes], list[Closed]]:
    """What a leg hears of an upstream that answers so, says hello, and closes."""
    heard: list[str | bytes] = []
    closed: list[Closed] = []
    listener = Listener(lambda data, _: heard.append(data), lambda how, _: closed.append(how), lambda _: None)
    async with raw_upstream(answer, piece_bytes=piece_bytes) as port:
        leg = await dial(Target(f"ws://127.0.0.1:{port}/v1", **target), DialOptions(LIMIT), lambda _: None, str)
        await leg.run(listener)
        leg.abort()
    return heard, closed


@pytest.mark.parametrize(
    "headers",
    [
        ["Upgrade: websocket", "Connection: Upgrade"],
        ["Upgrade: websocket", "Connection: keep-alive, Upgrade"],
        ["Upgrade: websocket", "Connection: Upgrade, Keep-Alive"],
        ["Upgrade: WebSocket", "Connection: keep-alive,upgrade"],
        ["upgrade: WEBSOCKET", "connection:UPGRADE"],
        ["Upgrade:\t websocket \t", "Connection: \t keep-alive \t,\t Upgrade \t"],
        ["Connection: keep-alive", "Upgrade: websocket", "Connection: Upgrade"],
        ["Connection: upgrade", "Upgrade: websocket", "Connection: keep-alive"],
        ["Upgrade: websocket", "Connection: , Upgrade,"],
        [
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Server: gateway",
            "Via: 1.1 a",
            "Via: 1.1 b",
            "Content-Length: 0",
        ],
    ],
    ids=range(10),
)
@pytest.mark.parametrize("piece_bytes", [None, 1])
async def test_an_upgrade_in_any_spelling(dial, headers, piece_bytes) -> None:
    """A 101 opens in every spelling that RFC 9110 allows, in one piece with the first frame or byte by byte."""
    answer = switching(*headers, then=HELLO + CLOSE_1000)
    assert await heard_from(dial, answer, piece_bytes) == (["hello"], [Closed(1000)])


@pytest.mark.parametrize("is_proxied", [False, True], ids=["itself", "proxy"])
async def test_an_upgrade_behind_tls(dial, is_proxied) -> None:
    """A `wss://` upstream whose certificate is good opens, also by way of a proxy, which sees no more than its name."""
    authority, trust = trustme.CA(), ssl.create_default_context()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("upstream.example").configure_cert(served)
    authority.configure_trust(trust)
    heard: list[str | bytes] = []
    listener = Listener(lambda data, _: heard.append(data), lambda *_: None, lambda _: None)
    answer = switching("Upgrade: websocket", "Connection: keep-alive, Upgrade", then=HELLO + CLOSE_1000)
    async with raw_upstream(answer, served) as port, forward_proxy(port) as proxy:
        way = {"proxy_for": lambda _: read_proxy(proxy.url)} if is_proxied else {"resolve": one_address(port)}
        leg = await dial(Target("wss://upstream.example/v1"), DialOptions(LIMIT, tls=trust, **way), lambda _: None, str)
        await leg.run(listener)
        leg.abort()
    assert heard == ["hello"]
    assert proxy.asked == ["CONNECT upstream.example:443 HTTP/1.1"] * is_proxied


def one_address(at_port: int):
    """A resolver to which every name is a port of this machine."""

    async def resolve(host: str, port: int, family: socket.AddressFamily):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", at_port))] if family is socket.AF_INET else []

    return resolve


async def test_interim_answers_are_read_over(dial) -> None:
    """Answers that are not the last, as a gateway's early hints, do not end a handshake."""
    switched = switching("Upgrade: websocket", "Connection: Upgrade", then=HELLO + CLOSE_1000)
    answer = lambda head: b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + switched(head)  # noqa: E731
    assert await heard_from(dial, answer) == (["hello"], [Closed(1000)])


async def test_a_subprotocol_is_agreed_on(dial) -> None:
    """An upstream takes one of the subprotocols that the target names."""
    answer = switching(
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Protocol: realtime", then=HELLO + CLOSE_1000
    )
    assert await heard_from(dial, answer, subprotocols=("realtime", "x")) == (["hello"], [Closed(1000)])


@pytest.mark.parametrize(
    ("headers", "wrong"),
    [
        (["Upgrade: websocket"], "Connection"),
        (["Upgrade: websocket", "Connection: keep-alive"], "Connection"),
        (["Upgrade: websocket", "Connection: upgraded"], "Connection"),
        (["Connection: Upgrade"], "Upgrade"),
        (["Upgrade: h2c", "Connection: Upgrade"], "Upgrade"),
        (["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Protocol: realtime"], "subprotocol"),
        (["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Extensions: permessage-deflate"], "extension"),
    ],
    ids=range(7),
)
async def test_an_upgrade_that_is_none(dial, headers, wrong) -> None:
    """A 101 that breaks RFC 6455, 4.1, opens nothing, and the reason names what is wrong in it."""
    with pytest.raises(DialFailed) as refusal:
        await heard_from(dial, switching(*headers))
    failure = refusal.value.failure
    assert (failure.reason.value, failure.phase.value) == ("upgrade_malformed", "upgrade")
    assert wrong in failure.detail


async def test_an_upgrade_for_another_key(dial) -> None:
    """A 101 that was made for another request opens nothing."""
    answer = switching("Upgrade: websocket", "Connection: Upgrade", accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    with pytest.raises(DialFailed) as refusal:
        await heard_from(dial, answer)
    assert refusal.value.failure.reason.value == "upgrade_malformed"


async def test_a_dial_that_is_given_up_leaves_nothing_open(dial) -> None:
    """Whoever cancels a dial while the upstream is silent leaves no connection behind."""
    asked, left = asyncio.Event(), asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        assert await reader.read() == b""
        left.set()
        writer.close()

    async with await asyncio.start_server(stay_silent, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        dialling = asyncio.ensure_future(dial(Target(url), DialOptions(LIMIT), lambda _: None, str))
        await asked.wait()
        dialling.cancel()
        await left.wait()
        with pytest.raises(asyncio.CancelledError):
            await dialling
