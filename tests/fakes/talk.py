"""Somebody who talks for a while, and checks that nothing of it is lost or comes twice."""

import asyncio
import base64
import json
import random
from collections import Counter
from typing import Any

from websockets.asyncio.client import ClientConnection

from relay.stand_ins.exchange import StandIn
from relay.stand_ins.faults import Disturbance, read_faults
from relay.stand_ins.mock.server import MockServer
from relay.stand_ins.mock.voice import clips

CHUNK_S = 0.1
CHUNK_BYTES = 4800


class AtFirst(Disturbance):
    """Faults that only the first connections meet, `times` of them."""

    def __init__(self, *faults: str, times: int = 1) -> None:
        super().__init__(read_faults(faults))
        self._times = times

    def disturbed(self, session: StandIn) -> StandIn:
        self._times -= 1
        return session if self._times < 0 else super().disturbed(session)


class Talker:
    """Says the same words again and again, each time a little otherwise, so that each second can be told from others.

    Attributes:
        sent: all audio that was said.
        events: what came back, but for pieces of answers.
        counts: all that came back, by type.
        ids: of all events that came.
        twice: ids of events that came more than once.
    """

    def __init__(self, peer: ClientConnection, *, said_s: float = 0.6, silent_s: float = 1.4, seed: int = 0) -> None:
        self.sent = bytearray()
        self.events: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.twice: list[str] = []
        self._peer = peer
        self._draw = random.Random(seed)
        self.ids: list[str] = []
        self._seen: set[str] = set()
        said = clips()["greeting"].pcm[: round(said_s * 48000)]
        self._round = said + bytes(round(silent_s * 48000))

    async def talk(self, seconds: float) -> None:
        """Talk at the pace of speech, and hear meanwhile."""
        hearing = asyncio.ensure_future(self.hear())
        for number in range(round(seconds / CHUNK_S)):
            at = number * CHUNK_BYTES % len(self._round)
            await self.say(self._marked(self._round[at : at + CHUNK_BYTES]))
            await asyncio.sleep(CHUNK_S)
        hearing.cancel()

    async def say(self, pcm: bytes) -> None:
        self.sent += pcm
        audio = base64.b64encode(pcm).decode()
        await self._peer.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))

    async def hear(self) -> None:
        while True:
            self.heard(json.loads(await self._peer.recv()))

    def heard(self, event: dict[str, Any]) -> None:
        self.counts[event["type"]] += 1
        if event["event_id"] in self._seen:
            self.twice.append(event["event_id"])
        self._seen.add(event["event_id"])
        self.ids.append(event["event_id"])
        if not event["type"].endswith(".delta"):
            self.events.append(event)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def check_down(self) -> None:
        """Every answer that began has ended, once; there was one session, and nothing came twice."""
        assert self.twice == []
        assert self.counts["session.created"] == 1
        begun = Counter(event["response"]["id"] for event in self.of("response.created"))
        ended = Counter(event["response"]["id"] for event in self.of("response.done"))
        assert max(begun.values(), default=1) == max(ended.values(), default=1) == 1
        assert len(begun - ended) <= 1  # the last one goes on
        assert not ended - begun
        added = Counter(event["item"]["id"] for event in self.of("conversation.item.added"))
        assert max(added.values(), default=1) == 1
        assert len({event["response"]["conversation_id"] for event in self.of("response.done")}) <= 1

    def check_up(self, mock: MockServer) -> None:
        """What the upstreams have heard is what was said: each goes on where the one before was, or a little before."""
        reached = 0
        for session in mock.sessions:
            heard = bytes(session.heard)
            if heard:
                start = self.sent.find(heard)
                assert start >= 0, "an upstream has heard what was not said, or not in this order"
                assert start <= reached, "something was said that no upstream has heard"
                reached = max(reached, start + len(heard))
        assert reached == len(self.sent)

    def _marked(self, pcm: bytes) -> bytes:
        """The same with a little noise, too soft to be speech."""
        noise = self._draw.randbytes(len(pcm) // 2)
        return bytes(each ^ (noise[place // 2] & 1 if place % 2 == 0 else 0) for place, each in enumerate(pcm))
