"""Promise one: what no policy has to change leaves as it arrived, over real sockets."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@st.composite
def odd_events(draw: st.DrawFn) -> str:
    """Events with odd spacing, escapes, key order and types that nobody has heard of."""
    body = draw(st.dictionaries(st.text(), json_values, max_size=5))
    kind = draw(st.sampled_from(["input_audio_buffer.append", "response.create", "never.heard.of"]))
    pairs = [*body.items(), ("type", kind)]
    draw(st.randoms()).shuffle(pairs)
    gap = draw(st.sampled_from(["", " ", "\n\t ", "\r\n"]))
    escaped = draw(st.booleans())
    written = [
        f"{gap}{json.dumps(key, ensure_ascii=escaped)}{gap}:{gap}{json.dumps(value, ensure_ascii=escaped)}{gap}"
        for key, value in pairs
    ]
    return f"{gap}{{{','.join(written)}}}{gap}"


def sendable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


messages = st.lists(odd_events().filter(sendable) | st.text().filter(sendable) | st.binary(), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def batches() -> list[list[str | bytes]]:
    """What Hypothesis draws, collected first: a drawn example may not wait for a socket."""
    drawn: list[list[str | bytes]] = []

    @settings(max_examples=60, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(messages)
    def collect(batch: list[str | bytes]) -> None:
        drawn.append(batch)

    collect()
    return drawn


async def test_messages_come_back_byte_for_byte(batches) -> None:
    """Any text and any binary goes up and comes down with the same bytes, the same opcode, in the same order."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        for batch in batches:
            for message in batch:
                await peer.send(message)
            assert [await peer.recv() for _ in batch] == batch


@pytest.mark.parametrize("opcode", [str, bytes])
async def test_the_largest_append_passes(opcode) -> None:
    """An append with 15 MiB of audio, the most that the API takes, passes both ways as it is."""
    append = '{"type":"input_audio_buffer.append","audio":"' + "A" * (20 * 1024 * 1024) + '"}'
    message = append if opcode is str else append.encode()
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send(message)
        assert await peer.recv() == message


async def test_fragments_arrive_whole() -> None:
    """A message in many fragments arrives as one message with the same content and opcode."""
    pieces = ['{"type":"x",', '"a":"é', "ü", '"}']
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await peer.send(pieces)
        assert await peer.recv() == "".join(pieces)
        await peer.send([b"\x00", b"\xff" * 9])
        assert await peer.recv() == b"\x00" + b"\xff" * 9


NOT_EVENTS = ["{", "[]", "null", '{"no":"type"}', "[" * 100_000, '{"a":' * 100_000]


async def test_what_is_no_event_is_forwarded() -> None:
    """Malformed JSON, no object, no type, 100,000 brackets: forwarded as they are, for the upstream to answer."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        for message in NOT_EVENTS:
            await peer.send(message)
        assert [await peer.recv() for _ in NOT_EVENTS] == NOT_EVENTS


async def test_text_that_is_not_utf8_ends_its_own_session_only() -> None:
    """Text that is not UTF-8 is closed with 1007, as RFC 6455 says, and other sessions go on."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url) as relay,
        relay.peer() as other,
        relay.peer() as peer,
    ):
        await peer.send(b"\xff\xfe{", text=True)
        await peer.wait_closed()
        assert peer.close_code == 1007
        assert (await upstream.closes.get())[0] == 1001
        await other.send("still here")
        assert await other.recv() == "still here"


async def test_a_message_above_the_limit_ends_its_session() -> None:
    """A message above the limit is closed with 1009 for the peer, and the upstream is closed too."""
    async with (
        scripted_upstream(echo) as upstream,
        running(upstream.url, max_message_bytes=2048) as relay,
        relay.peer() as peer,
    ):
        await peer.send("x" * 2048)
        assert await peer.recv() == "x" * 2048
        await peer.send("x" * 2049)
        await peer.wait_closed()
        assert peer.close_code == 1009
        assert (await upstream.closes.get())[0] == 1001
