"""Clients of the mock's sessions without turns; every event that comes is checked against the published types."""

from base64 import b64decode, b64encode
from typing import Any

import orjson

from relay.config.kinds import TRANSLATION
from relay.engine.session_base import SessionBase
from relay.stand_ins.mock import Pace
from relay.stand_ins.mock.live import LiveSession
from relay.stand_ins.mock.opening import Opening
from relay.stand_ins.mock.translation import TranslationSession
from tests.stand_ins.mock.conformance import conforms
from tests.stand_ins.mock.talk import BYTES_PER_MS, UNIX_NOW

MODEL = {"model": "gpt-live-1"}


class Stream:
    """A client of such a session, with a clock of its own."""

    def __init__(self, kind: str, session: SessionBase) -> None:
        self.session = session
        self.now = 0.0
        self._kind = kind

    def read(self) -> list[dict[str, Any]]:
        came = []
        while event := self.session.next_event(self.now):
            conforms(event, self._kind)
            came.append(event)
        return came

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        self.session.receive(orjson.dumps({"type": kind, **fields}).decode(), self.now)
        return self.read()

    def speak(self, pcm: bytes, kind: str, chunk_ms: int = 200) -> list[dict[str, Any]]:
        """Append this audio a chunk at a time, as fast as it is spoken."""
        came: list[dict[str, Any]] = []
        for start in range(0, len(pcm), chunk_ms * BYTES_PER_MS):
            chunk = pcm[start : start + chunk_ms * BYTES_PER_MS]
            self.now += len(chunk) / BYTES_PER_MS / 1000
            came += self.send(kind, audio=b64encode(chunk).decode())
        return came


def translation(**options: Any) -> Stream:
    opening = Opening("gpt-realtime-translate", kind=TRANSLATION)
    return Stream("translation", TranslationSession(opening, now=0.0, unix_now=UNIX_NOW, **options))


def live(**options: Any) -> Stream:
    return Stream("live", LiveSession(pace=Pace.instant(), now=0.0, unix_now=UNIX_NOW, **options))


def started(**fields: Any) -> Stream:
    stream = live()
    (event,) = stream.send("session.start", session={**MODEL, **fields})
    assert event["type"] == "session.started"
    return stream


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def sound(events: list[dict[str, Any]]) -> bytes:
    return b"".join(b64decode(event["delta"]) for event in events if event["type"] == "session.output_audio.delta")


def words(events: list[dict[str, Any]], side: str = "output") -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"session.{side}_transcript.delta")
