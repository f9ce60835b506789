"""A cascade whose services are written down, on a clock of its own.

Sound is made so that it can be heard without a model: each word is a loud square wave whose height is its number.
"""

import heapq
from array import array
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from relay.cascade.orders import (
    CallDelta,
    Cancel,
    Failed,
    Finish,
    Hear,
    Heard,
    HearMore,
    Judge,
    Judged,
    Order,
    RateLimit,
    Result,
    Speak,
    Spoken,
    SpokenChunk,
    StageUsage,
    Think,
    Thought,
    ThoughtDelta,
)
from relay.cascade.session import CascadeSession
from relay.config.cascade import Cascade, read_cascade
from tests.stand_ins.mock.conformance import conforms

FRAME_MS = 20
FRAME_BYTES = FRAME_MS * 48
LOUDEST_QUIET = 1000
FIRST_WORD = 5000
MS_PER_CHAR = 40
MS_PER_BYTE = 48
JUDGE_S = 0.03
USAGE = StageUsage("a-model")

Reply = Iterable[str | CallDelta | Finish | Failed]
"""What a model answers: pieces of text, of calls, why it ends, or that it fails."""


def settings(**tables: Any) -> Cascade:
    """A cascade of services that nobody asks."""
    service = {"url": "http://127.0.0.1:9/v1", "model": "a-model"}
    stages = {name: {**service, **tables.pop(name, {})} for name in ("hear", "think", "speak")}
    return read_cascade({**stages, **tables}, "cascade", openai_key=None, environment={})


def word(number: int, ms: int = 300) -> bytes:
    """A spoken word, which is heard as `w` and its number."""
    height = FIRST_WORD + number
    wave = array("h", [height] * 12 + [-height] * 12)
    return (wave * ms).tobytes()


def silence(ms: int) -> bytes:
    return bytes(ms * MS_PER_BYTE)


def words_in(pcm: bytes) -> str:
    """What is said in it."""
    heard: list[int] = []
    for sample in array("h", pcm)[::12]:
        number = abs(sample) - FIRST_WORD
        if number >= 0 and heard[-1:] != [number]:
            heard.append(number)
    return " ".join(f"w{number}" for number in heard)


def echo(order: Think) -> Reply:
    """A model that says what it was told last, and how many messages it read."""
    yield f"You said: {order.messages[-1]['content']}. "
    yield f"That is all of {len(order.messages)}."


@dataclass
class Services:
    """What is heard, thought and said, and how long each takes to begin.

    Attributes:
        model: what it answers to an order.
        hears: what it hears in a turn, or why it cannot.
        speaks: the sound of a piece, or why there is none.
        judges: whether a turn sounds complete.
        limits: what the model's service says of them.
        orders: all that came, in order.
    """

    hear_s: float = 0.1
    think_s: float = 0.15
    speak_s: float = 0.08
    model: Callable[[Think], Reply] = echo
    hears: Callable[[int, bytes], Result] = lambda number, pcm: Heard(number, words_in(pcm), USAGE)
    speaks: Callable[[Speak], bytes | Failed] = lambda order: word(len(order.text), MS_PER_CHAR * len(order.text))
    judges: Callable[[bytes], bool] = lambda pcm: True
    limits: tuple[RateLimit, ...] = ()
    orders: list[Order] = field(default_factory=list)
    _heard: dict[int, bytes] = field(default_factory=dict)

    def carry_out(self, order: Order) -> Iterator[tuple[float, Result]]:
        """The results of an order, each with how long after it comes."""
        self.orders.append(order)
        match order:
            case Hear(number, pcm, is_whole=True):
                yield self.hear_s, self.hears(number, pcm)
            case Hear(number, pcm):
                self._heard[number] = pcm
            case HearMore(number, pcm, is_last):
                self._heard[number] += pcm
                if is_last:
                    yield self.hear_s, self.hears(number, self._heard[number])
            case Think():
                yield from self._think(order)
            case Speak():
                yield from self._speak(order)
            case Judge(number, pcm):
                yield JUDGE_S, Judged(number, 0.9 if self.judges(pcm) else 0.1)

    def _think(self, order: Think) -> Iterator[tuple[float, Result]]:
        after, finish = self.think_s, Finish.STOP
        for piece in self.model(order):
            match piece:
                case str():
                    yield after, ThoughtDelta(order.number, piece)
                case CallDelta(_, index, call_id, name, arguments):
                    yield after, CallDelta(order.number, index, call_id, name, arguments)
                case Finish():
                    finish = piece
                case Failed():
                    yield after, Failed(order.number, piece.stage, piece.fault, piece.reason)
                    return
            after += 0.01
        yield after, Thought(order.number, finish, USAGE, self.limits)

    def _speak(self, order: Speak) -> Iterator[tuple[float, Result]]:
        sound = self.speaks(order)
        if isinstance(sound, Failed):
            yield self.speak_s, Failed(order.number, sound.stage, sound.fault, sound.reason)
            return
        half = len(sound) // 4 * 2
        for after, pcm in ((self.speak_s, sound[:half]), (self.speak_s + 0.02, sound[half:])):
            if pcm:
                yield after, SpokenChunk(order.number, pcm)
        yield self.speak_s + 0.03, Spoken(order.number, StageUsage("a-voice", seconds=1, characters=len(order.text)))


class CascadeTalk:
    """A client of a cascade: it talks, lets time pass, and reads what comes. Every event is checked.

    Attributes:
        now: the time.
        events: all that came, in order; `at` says when.
        services: what is behind the session.
    """

    def __init__(self, given: Cascade | None = None, services: Services | None = None, **options: Any) -> None:
        self.now = 1000.0
        self.services = services or Services()
        self.events: list[dict[str, Any]] = []
        self.at: list[float] = []
        self.session = CascadeSession(
            given or settings(),
            options.pop("model", "gpt-realtime-2.1"),
            frame_ms=FRAME_MS,
            now=self.now,
            unix_now=1e9,
            **options,
        )
        self._coming: list[tuple[float, int, Result]] = []
        self._count = 0
        self.read()

    def read(self) -> list[dict[str, Any]]:
        """What has come by now, with all that services say by now."""
        came: list[dict[str, Any]] = []
        while True:
            while (frames := self.session.take_frames()) is not None:
                heard = [
                    _probability(frames.pcm[at : at + FRAME_BYTES]) for at in range(0, len(frames.pcm), FRAME_BYTES)
                ]
                self.session.hear(frames.stretch, heard, self.now)
            for order in self.session.orders():
                for after, result in self.services.carry_out(order):
                    self._count += 1
                    heapq.heappush(self._coming, (self.now + after, self._count, result))
            while event := self.session.next_event(self.now):
                if not event["type"].startswith("relay."):
                    conforms(_without_stages(event))
                came.append(event)
            if not self._coming or self._coming[0][0] > self.now:
                break
            self.session.take(heapq.heappop(self._coming)[2], self.now)
        self.events += came
        self.at += [self.now] * len(came)
        return came

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Let time pass, never skipping a moment at which something is due; what came meanwhile."""
        came, end = self.read(), self.now + seconds
        while (due := min(self.session.next_due, self._coming[0][0] if self._coming else end + 1)) <= end:
            self.now = max(self.now, due)
            came += self.read()
            if self.session.closing:
                break
        self.now = end
        return came + self.read()

    def send(self, kind: str, **fields: Any) -> list[dict[str, Any]]:
        """Send this client event; what came at once."""
        self.session.receive(orjson.dumps({"type": kind, **fields}).decode(), self.now)
        return self.read()

    def update(self, **session: Any) -> list[dict[str, Any]]:
        """Change the session."""
        return self.send("session.update", session={"type": "realtime", **session})

    def detect(self, **turn_detection: Any) -> None:
        """Change how turns are found."""
        given = turn_detection and {"type": "server_vad", **turn_detection}
        self.update(audio={"input": {"turn_detection": given or None}})

    def speak(self, *pcm: bytes) -> list[dict[str, Any]]:
        """Append this as a microphone does: 20 ms at a time, as fast as it is spoken."""
        came: list[dict[str, Any]] = []
        whole = b"".join(pcm)
        for start in range(0, len(whole), FRAME_BYTES):
            came += self.wait(FRAME_MS / 1000)
            chunk = whole[start : start + FRAME_BYTES]
            came += self.send("input_audio_buffer.append", audio=b64encode(chunk).decode())
        return came

    def write(self, text: str) -> list[dict[str, Any]]:
        """Add a written message of the user."""
        content = [{"type": "input_text", "text": text}]
        return self.send("conversation.item.create", item={"type": "message", "role": "user", "content": content})

    def first(self, kind: str) -> dict[str, Any]:
        """The first event of this type that came."""
        return next(event for event in self.events if event["type"] == kind)

    def when(self, kind: str) -> float:
        """When it came."""
        return next(at for event, at in zip(self.events, self.at, strict=True) if event["type"] == kind)

    def when_last(self, kind: str) -> float:
        """When the last event of this type came."""
        return max(at for event, at in zip(self.events, self.at, strict=True) if event["type"] == kind)

    def responses(self) -> list[dict[str, Any]]:
        """Those that are done."""
        return [event["response"] for event in self.events if event["type"] == "response.done"]


def said(response: dict[str, Any]) -> str:
    """All words of a response."""
    parts = [part for item in response["output"] for part in item.get("content", ())]
    return "".join(part.get("transcript") or part.get("text") or "" for part in parts)


def sound_of(events: Iterable[dict[str, Any]]) -> bytes:
    """The speech in these events."""
    return b"".join(b64decode(event["delta"]) for event in events if event["type"] == "response.output_audio.delta")


def cancelled(orders: Iterable[Order]) -> set[int]:
    """The numbers of the orders that were cancelled."""
    return {order.number for order in orders if isinstance(order, Cancel)}


def _probability(frame: bytes) -> float:
    return 1.0 if max(array("h", frame), default=0) > LOUDEST_QUIET else 0.0


def _without_stages(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what the published types do not have: the stages of a usage, and whose a transcript is."""
    if "usage" in event:
        return {**event, "usage": {name: value for name, value in event["usage"].items() if name != "model"}}
    usage = (event.get("response") or {}).get("usage")
    if not usage:
        return event
    known = {name: value for name, value in usage.items() if name != "stages"}
    return {**event, "response": {**event["response"], "usage": known}}
