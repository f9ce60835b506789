"""bench.webrtc: the network that loses, the upstream that says back, what is judged, and what is written."""

import asyncio
import base64
from typing import Any

import numpy as np
import orjson
from websockets.asyncio.client import connect

from bench.voice_page.upstream import listening
from bench.webrtc.report import words
from bench.webrtc.upstream import EchoUpstream
from bench.webrtc.visit import jumps, missing
from relay.legs.webrtc.descriptions import Candidate, candidates_of
from tests.fakes.browser import RATE, tone
from tests.fakes.lossy_network import LossyNetwork


class Datagrams(asyncio.DatagramProtocol):
    """Keeps what comes; sends it back where it is told to."""

    def __init__(self, sends_back: bool = False) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()
        self._sends_back = sends_back

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.came.put_nowait(data)
        if self._sends_back:
            self._transport.sendto(data, addr)


def candidate(address: str, port: int, transport: str = "udp") -> str:
    return f"a=candidate:1 1 {transport} 2122260223 {address} {port} typ host"


async def test_a_network_that_loses_packets() -> None:
    """It stands in the answer in the relay's place, carries datagrams both ways, and loses those that it is to lose."""
    loop = asyncio.get_running_loop()
    relay, relay_end = await loop.create_datagram_endpoint(lambda: Datagrams(sends_back=True), ("127.0.0.1", 0))
    relay_port = relay.get_extra_info("sockname")[1]
    lost = asyncio.Event()
    network = LossyNetwork(on_lost=lost.set)
    lines = ["m=audio 9", candidate("fd00::1", 7), candidate("127.0.0.1", 9, "tcp"), candidate("127.0.0.1", relay_port)]
    [there] = candidates_of(await network.answer_through("\r\n".join(lines)))
    assert there == Candidate("127.0.0.1", there.port, "udp")
    assert there.port != relay_port
    near, near_end = await loop.create_datagram_endpoint(Datagrams, remote_addr=("127.0.0.1", there.port))
    near.sendto(b"a question")
    assert await near_end.came.get() == b"a question"
    network.share = 1.0
    near.sendto(b"lost")
    await lost.wait()
    network.share = 0.0
    near.sendto(b"another")
    assert await near_end.came.get() == b"another"
    assert relay_end.came.qsize() == 2
    assert (network.lost, network.passed) == (1, 4)
    for end in (near, relay):
        end.close()
    network.close()


def test_half_of_the_packets() -> None:
    """A share is a share, and the same seed loses the same packets."""
    first, second = LossyNetwork(7), LossyNetwork(7)
    first.share = second.share = 0.5
    fates = [first.passes() for _ in range(1000)]
    assert 400 < sum(fates) < 600
    assert fates == [second.passes() for _ in range(1000)]


async def test_what_is_heard_is_said_back() -> None:
    """While it echoes, sound is said back as one answer, silence is not, and the answer ends with the echo."""
    upstream = EchoUpstream()
    sounds = {
        name: base64.b64encode(pcm).decode() for name, pcm in (("loud", tone(0.02).tobytes()), ("quiet", bytes(960)))
    }
    async with listening(upstream), connect(upstream.url) as connection:

        async def say(kind: str, **fields: Any) -> None:
            await connection.send(orjson.dumps({"type": kind, **fields}))

        async def told() -> tuple[str, Any]:
            event = orjson.loads(await connection.recv())
            return event["type"], event.get("delta")

        assert (await told())[0] == "session.created"
        upstream.echoes = True
        await say("input_audio_buffer.append", audio=sounds["quiet"])
        await say("input_audio_buffer.append", audio=sounds["loud"])
        assert await told() == ("response.created", None)
        assert await told() == ("response.output_audio.delta", sounds["loud"])
        await say("conversation.item.truncate", audio_end_ms=7)
        upstream.echoes = False
        await say("input_audio_buffer.append", audio=sounds["loud"])
        assert await told() == ("response.done", None)
    assert upstream.cut_ms == [7]
    assert len(upstream.heard) == 3 * 960


def test_what_is_missing_in_a_tone() -> None:
    """Silence within a tone is missing; so is a leap in it a jump, and none of a whole tone."""
    whole = tone(2.0)
    assert (missing(whole), jumps(whole)) == (0.0, 0)
    holed = whole.copy()
    holed[RATE : RATE + RATE // 10] = 0
    assert missing(holed) == 0.05
    assert jumps(holed) == 2
    assert jumps(np.concatenate([whole[: RATE + 7], whole[RATE + 1 :]])) == 1


def test_what_is_written() -> None:
    """Times are judged by p95, shares and tones by their limits; what was never seen is missed."""
    tone_found = {"missing_up": 0.0, "missing_down": 0.02, "up_hz": 1000.2, "down_hz": 990.0, "jumps": 1}
    page = words({
        "day": "2026-11-27",
        "machine": {"Chromium": "1"},
        "tone_s": 60.0,
        "calls": [{"calls": 10, "core_share": 0.05, "bytes": 2e6, "packets_per_s": 50.0}],
        "video": [{"frames_per_s": 4.9, "core_share": 0.061, "shown_per_s": 1.0}],
        "echo_ms": [100.0] * 20,
        "silence_ms": [61.0],
        "cut_off_ms": [],
        "tone": dict.fromkeys(("0%", "2%", "5%"), tone_found),
    })  # fmt: skip
    assert "| ≤ 150 ms | median 100 ms, p95 100 ms, most 100 ms (20 times) | met |" in page
    assert "| ≤ 60 ms | median 61 ms, p95 61 ms, most 61 ms (1 times) | **missed** |" in page
    assert "| ≤ 40 ms | not seen | **missed** |" in page
    assert "in what is heard, 2 % of the packets lost | ≤ 1 % | 2.00 % | **missed** |" in page
    assert "in what is heard, 5 % of the packets lost | ≤ 3 % | 2.00 % | met |" in page
    assert "| discontinuities in it, as it is heard | ≤ 1 a minute | 1.0 | met |" in page
    assert "| calls on one core | ≥ 10 | 20 | met |" in page
    assert "| 10 | 5.0 % | 2.0 MB | 50 |" in page
    assert "| 5 | 6.1 % | 1.0 |" in page
