"""A mind that says what a test has written down for it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from relay.engine.events import Event
from relay.engine.items import Item
from relay.engine.listening import Listener
from relay.engine.mind import Output, Request, Step, TranscriptStep
from relay.engine.schedule import Script
from relay.engine.session import EngineSession
from tests.stand_ins.mock.conformance import conforms


class ScriptedMind:
    """Gives the same steps to every request, and the same transcript to every turn.

    Attributes:
        requests: what it was asked to answer.
        stopped: how many of its answers are over.
    """

    def __init__(self, steps: Sequence[Step] = (), transcript: Sequence[TranscriptStep] = ()) -> None:
        self.steps_given = steps
        self.transcript = transcript
        self.requests: list[Request] = []
        self.stopped = 0

    def check(self, event: Event) -> Event:
        return event

    def take_turn(self, item: Item) -> bool:
        return True

    def transcribe(self, item: Item, settings: Mapping[str, Any]) -> Iterator[TranscriptStep]:
        return iter(self.transcript)

    def respond(self, request: Request) -> "ScriptedMind":
        self.requests.append(request)
        return self

    def follow_up(self, response: Mapping[str, Any]) -> Script | None:
        return None

    def steps(self) -> Iterator[Step]:
        return iter(self.steps_given)

    def stop(self) -> None:
        self.stopped += 1

    def usage(self, output: Output) -> dict[str, Any]:
        return {"total_tokens": output.written_chars, "input_tokens": 0, "output_tokens": output.written_chars}

    def unheard_s(self, spoken_ms: int) -> float:
        return 0.0


class MindedSession:
    """A session with a mind of the test's own, at a time that stands still; every event is checked."""

    def __init__(self, mind: ScriptedMind, model: str | None = "gpt-realtime-2.1") -> None:
        self.mind = mind
        self.session = EngineSession(model, mind=mind, listener=Listener(), now=0.0, unix_now=1e9)
        self.events: list[dict[str, Any]] = []
        self.read()

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Send this client event; what came at once."""
        self.session.receive(orjson.dumps({"type": kind, **fields}).decode(), 0.0)
        return self.read()

    def read(self, *, wake: bool = False) -> list[dict[str, Any]]:
        """What has come, after those that wait were woken if they are to be."""
        if wake:
            self.session.wake(0.0)
        came = []
        while event := self.session.next_event(0.0):
            conforms(event)
            came.append(event)
        self.events += came
        return came
