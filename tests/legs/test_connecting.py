"""Names with several addresses, against real sockets, on both carriers."""

import contextlib
import socket

import pytest

from relay.core.causes import Cause
from relay.core.dial_failure import DialFailed
from relay.legs import picows_upstream, websocket
from relay.legs.target import DialOptions, Target
from tests.fakes.raw_upstream import black_hole
from tests.fakes.upstream import scripted_upstream

PATIENCE_S = 60.0
"""Longer than the test may take: whoever waits for the first address does not pass."""


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


def addresses(*ports: int, host: str = "127.0.0.1"):
    """A resolver that knows one name, with these ports of this machine as its addresses."""

    async def resolve(name: str, port: int, family: socket.AddressFamily):
        assert (name, port) == ("upstream.example", 443 if port == 443 else 80)
        known = ports if family is socket.AF_INET else ()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, each)) for each in known]

    return resolve


async def test_a_silent_address_does_not_hold_up_the_next(dial) -> None:
    """Where a name's first address swallows packets, the second is tried a quarter of a second later."""
    with black_hole() as silent:
        async with scripted_upstream() as upstream:
            options = DialOptions(1024, PATIENCE_S, resolve=addresses(silent, upstream.port))
            leg = await dial(Target("ws://upstream.example/v1"), options, lambda _: None, str)
            leg.abort()
            [handshake] = upstream.handshakes
    assert handshake.headers["Host"] == "upstream.example"


async def test_an_address_that_refuses_gives_way_to_the_next(dial) -> None:
    """Where nothing listens at a name's first address, the second is used."""
    async with scripted_upstream() as upstream:
        options = DialOptions(1024, PATIENCE_S, resolve=addresses(1, upstream.port))
        leg = await dial(Target("ws://upstream.example/v1"), options, lambda _: None, str)
        leg.abort()
    assert len(upstream.handshakes) == 1


@pytest.mark.parametrize(
    ("ports", "limit_s", "cause", "reason"),
    [
        ([1, 2], PATIENCE_S, Cause.UPSTREAM_UNREACHABLE, "connection_refused"),
        ([None, 1], 0.5, Cause.UPSTREAM_TIMEOUT, "silent_address"),
        ([None], 0.5, Cause.UPSTREAM_TIMEOUT, "silent_address"),
    ],
)
async def test_no_address_answers(dial, ports, limit_s, cause, reason) -> None:
    """The dial's own limit is for all addresses together; the reason is that of the last hope."""
    with contextlib.ExitStack() as stack:
        tried = [port or stack.enter_context(black_hole()) for port in ports]
        options = DialOptions(1024, limit_s, resolve=addresses(*tried))
        with pytest.raises(DialFailed) as refusal:
            await dial(Target("ws://upstream.example/v1"), options, lambda _: None, str)
    failure = refusal.value.failure
    assert (refusal.value.ended.cause, failure.reason.value) == (cause, reason)
    assert (failure.phase.value, failure.address) == ("connect", "upstream.example:80")
