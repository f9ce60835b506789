"""An upstream that breaks RFC 6455 within a session, against real sockets, on both carriers."""

import json

import pytest
import structlog

from relay.legs import picows_upstream, websocket
from tests.fakes.raw_upstream import raw_upstream, switching
from tests.fakes.running import end_of, running
from tests.legs.test_upgrade import heard_from

SWITCHED = ["Upgrade: websocket", "Connection: Upgrade"]

BREACHES = {
    "a reserved opcode": (b"\x83\x00", 1002),
    "a reserved bit": (b"\xc1\x02hi", 1002),
    "a masked frame": (b"\x81\x82\x00\x00\x00\x00hi", 1002),
    "a continuation of nothing": (b"\x80\x02hi", 1002),
    "a message in a message": (b"\x01\x02hi\x81\x02ho", 1002),
    "a ping in pieces": (b"\x09\x00", 1002),
    "a ping that is too long": (b"\x89\x7e\x00\x7e" + b"x" * 126, 1002),
    "a close of one byte": (b"\x88\x01\x03", 1002),
    "a close code that nobody may send": (b"\x88\x02\x03\xed", 1002),
    "text that is not UTF-8": (b"\x81\x02\xff\xfe", 1007),
    "text in pieces that is not UTF-8": (b"\x01\x01\xff\x80\x01\xfe", 1007),
}


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


@pytest.mark.parametrize("name", BREACHES)
async def test_a_breach_is_told_as_one(dial, name) -> None:
    """The leg fails the connection with the code that RFC 6455, 7.4.1, has for it, and says what was wrong."""
    frame, code = BREACHES[name]
    heard, [closed] = await heard_from(dial, switching(*SWITCHED, then=frame))
    assert (heard, closed.code, closed.ours) == ([], code, True)
    assert closed.reason


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("name", BREACHES)
async def test_a_breach_ends_the_session_as_one(name) -> None:
    """The peer is told that its upstream broke the protocol, with 1011, and the log says in what."""
    breaking = switching(*SWITCHED, then=BREACHES[name][0])
    async with raw_upstream(breaking) as port, running(f"ws://127.0.0.1:{port}") as relay:
        with structlog.testing.capture_logs() as logs:
            async with relay.peer() as peer:
                [told], code, _ = await end_of(peer)
            await relay.sessions.empty()
        assert relay.ended_by("upstream_invalid") == 1
    assert (json.loads(told)["error"]["code"], code) == ("upstream_invalid", 1011)
    [line] = [log for log in logs if log["event"] == "session.closed"]
    assert line["cause"] == "upstream_invalid"
    assert line["reason"] not in {"", "upstream_invalid"}


async def test_a_message_above_the_limit_is_no_breach(dial) -> None:
    """Too large a message is the limit's affair, not the protocol's."""
    frame = b"\x81\x7f" + (2**20 + 1).to_bytes(8, "big") + b"x" * (2**20 + 1)
    _, [closed] = await heard_from(dial, switching(*SWITCHED, then=frame))
    assert (closed.code, closed.ours) == (1009, True)


@pytest.mark.usefixtures("carrier")
@pytest.mark.parametrize("frame", [b"\x88\x00", b"\x88\x02\x03\xe8"], ids=["without a code", "1000"])
async def test_a_close_that_says_nothing_is_a_normal_end(frame) -> None:
    """An upstream that closes without a code, or with 1000, has ended as it should: the peer gets 1000 and no error."""
    closing = switching(*SWITCHED, then=b"\x81\x02hi" + frame)
    async with raw_upstream(closing) as port, running(f"ws://127.0.0.1:{port}") as relay:
        async with relay.peer() as peer:
            assert await end_of(peer) == (["hi"], 1000, "")
        await relay.sessions.empty()
        assert relay.ended_by("upstream_closed") == 1
