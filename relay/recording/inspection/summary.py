"""What is found in a recording. Times are seconds since the session opened, `audio_s` and the like are seconds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from relay.core.tally import Costs
from relay.core.usage import ZERO
from relay.recording.format import Cut, End, Header, Stopped

Speaker = Literal["peer", "upstream"]
Kind = Literal["speech", "text", "function_output", "response"]
Since = Literal["speech_stopped", "response.create"]


@dataclass(frozen=True, slots=True)
class Wait:
    """How long somebody waited for the first of an answer.

    Attributes:
        seconds: until the first audio; where the answer is written, until its first word.
        since: the end of speech, as the upstream told it; or the request for an answer.
    """

    seconds: float
    since: Since


@dataclass(slots=True)
class Turn:
    """What one side said at one time: an utterance, a message, or a response.

    Attributes:
        speaker: who.
        kind: how the peer said it: `speech`, `text`, or `function_output`; what the upstream says is a `response`.
        at: when it began; for audio, when it could first be heard.
        role: in the conversation: `user`, `assistant` or `system`.
        until: when it ended; for audio, when the last of it could be heard. None where the recording ends before.
        parts: its words, by item and part.
        calls: functions that it calls, each with its arguments as they were written.
        status: of a response, `completed`, `cancelled` and so on, with the reason; None while it lasts.
        wait: how long it took to begin; None where nobody waited for it.
        audio_s: how much audio came.
        heard_s: how much of it was heard; None for all.
        usd: what it cost, its transcript included.
    """

    speaker: Speaker
    kind: Kind
    at: float
    role: str = "user"
    until: float | None = None
    parts: dict[tuple[str, int], str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    status: str | None = None
    wait: Wait | None = None
    audio_s: float = 0.0
    heard_s: float | None = None
    usd: Decimal = ZERO

    @property
    def text(self) -> str:
        """Its words; empty where there is no transcript."""
        return " ".join(part.strip() for part in self.parts.values()).strip()


@dataclass(frozen=True, slots=True)
class Trouble:
    """An `error` event, or a response or transcript that failed.

    Attributes:
        at: when it came.
        line: where it stands in the file.
        code: the API's word for it.
        message: the API's sentence.
    """

    at: float
    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Spread:
    """Waits of one kind, in seconds."""

    count: int
    median_s: float
    p95_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went one way: messages, their bytes, and how much audio was in them."""

    messages: int
    bytes: int
    audio_s: float


@dataclass(frozen=True, slots=True)
class Summary:
    """All of it.

    Attributes:
        name: the recording's.
        header: its first line.
        model: what the upstream said it is; else what was dialled.
        turns: in the order in which they began.
        troubles: the first `KEPT_TROUBLES`.
        trouble_count: of all.
        costs: by model.
        up, down: what went each way.
        end: how it ended.
        ended_at: when.
        duration_s: until both voices have fallen silent, too.
        heard: items that were cut, each with the samples of it that were heard.
    """

    name: str
    header: Header
    model: str | None
    turns: Sequence[Turn]
    troubles: Sequence[Trouble]
    trouble_count: int
    costs: Costs
    up: Traffic
    down: Traffic
    end: End | Stopped | Cut
    ended_at: float
    duration_s: float
    heard: Mapping[str, int]

    @property
    def usd(self) -> Decimal:
        """What the session cost, as far as the API told."""
        return sum(self.costs.usd.values(), ZERO)

    def waits(self, since: Since) -> Spread | None:
        """All waits of this kind; None where there was none."""
        return spread(turn.wait.seconds for turn in self.turns if turn.wait and turn.wait.since == since)

    def body(self) -> dict[str, Any]:
        """The same as a JSON object; `docs/recordings.md` has its fields."""
        return {
            "recording": self.name,
            "session_id": self.header.session_id,
            "started_at": self.header.started_at,
            "model": self.model,
            "profile": self.header.profile,
            "handshake_status": self.header.status,
            "duration_s": round(self.duration_s, 3),
            "turns": [_turn_body(number, turn) for number, turn in enumerate(self.turns, 1)],
            "waits": {since: _spread_body(self.waits(since)) for since in ("speech_stopped", "response.create")},
            "usage": _usage_body(self.costs),
            "cost_usd": str(self.usd),
            "responses_unbilled": self.costs.unbilled,
            "errors": [_trouble_body(trouble) for trouble in self.troubles],
            "errors_total": self.trouble_count,
            "up": _traffic_body(self.up),
            "down": _traffic_body(self.down),
            "end": _end_body(self.end, self.ended_at),
        }


def spread(seconds: Iterable[float]) -> Spread | None:
    """Median, 95th percentile (nearest rank) and maximum; None of nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    count = len(ordered)
    middle = (ordered[(count - 1) // 2] + ordered[count // 2]) / 2
    return Spread(count, middle, ordered[math.ceil(0.95 * count) - 1], ordered[-1])


def _turn_body(number: int, turn: Turn) -> dict[str, Any]:
    return {
        "number": number,
        "speaker": turn.speaker,
        "kind": turn.kind,
        "role": turn.role,
        "at": round(turn.at, 3),
        "until": _rounded(turn.until),
        "text": turn.text,
        "calls": turn.calls,
        "status": turn.status,
        "waited_s": _rounded(turn.wait.seconds if turn.wait else None),
        "waited_since": turn.wait and turn.wait.since,
        "audio_s": round(turn.audio_s, 3),
        "heard_s": _rounded(turn.heard_s),
        "cost_usd": str(turn.usd),
    }


def _usage_body(costs: Costs) -> list[dict[str, Any]]:
    return [
        {
            "model": model,
            "tokens": {kind: count for (name, kind), count in costs.tokens.items() if name == model},
            "seconds": float(costs.seconds.get(model, ZERO)),
            "cost_usd": str(usd),
        }
        for model, usd in costs.usd.items()
    ]


def _spread_body(found: Spread | None) -> dict[str, Any] | None:
    if found is None:
        return None
    seconds = {"median_s": found.median_s, "p95_s": found.p95_s, "longest_s": found.longest_s}
    return {"count": found.count, **{name: round(value, 3) for name, value in seconds.items()}}


def _trouble_body(trouble: Trouble) -> dict[str, Any]:
    return {"at": round(trouble.at, 3), "line": trouble.line, "code": trouble.code, "message": trouble.message}


def _traffic_body(traffic: Traffic) -> dict[str, Any]:
    return {"messages": traffic.messages, "bytes": traffic.bytes, "audio_s": round(traffic.audio_s, 3)}


def _end_body(end: End | Stopped | Cut, at: float) -> dict[str, Any]:
    if isinstance(end, Cut):
        return {"at": round(at, 3), "broken_off_at_line": end.line}
    if isinstance(end, Stopped):
        return {"at": round(at, 3), "stopped": end.reason}
    sides = {"peer": end.peer, "upstream": end.upstream}
    told = {name: {"code": side.code, "reason": side.reason, "by": side.by} for name, side in sides.items()}
    return {"at": round(at, 3), "cause": end.cause, **told}


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
