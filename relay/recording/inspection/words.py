"""The words that the terminal and the page share."""

import re
from decimal import Decimal

from relay.core.tally import Costs
from relay.recording.format import Cut, End, Stopped
from relay.recording.inspection.summary import Since, Spread, Summary, Turn

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")

WAITS: tuple[tuple[Since, str], ...] = (("speech_stopped", "end of speech"), ("response.create", "request"))
"""What waits are counted from, and the words for it."""

_STOPS = {
    "max_bytes": "the file was full",
    "max_s": "it had lasted as long as a recording may",
    "too_slow": "the disk did not keep up",
}


def one_line(text: str) -> str:
    """The text without line breaks, and without what would steer a terminal or turn the direction of writing."""
    return _CONTROL.sub(" ", text)


def clock(at: float) -> str:
    """A time in the session, such as `1:02.25` or `1:00:02.25`."""
    hundredths = round(at * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 100:02}.{rest % 100:02}"
    return f"{hours}:{minutes:02}:{seconds}" if hours else f"{minutes}:{seconds}"


def lasting(seconds: float) -> str:
    """A duration, such as `240 ms`, `1.6 s`, `12 min 5 s`."""
    if seconds < 0.9995:
        return f"{round(seconds * 1000)} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def money(usd: Decimal) -> str:
    """An amount, to a hundredth of a cent."""
    return f"${usd:.4f}"


def said(turn: Turn) -> str:
    """The turn's words and calls; in brackets, what stands for them where there are none."""
    words = [one_line(text) for text in (turn.text, *turn.calls) if text]
    if words:
        return " ".join(words)
    if turn.audio_s:
        return f"[{lasting(turn.audio_s)} of speech, no transcript]"
    return "[speech, no transcript]" if turn.kind == "speech" else "[nothing]"


def remarks(turn: Turn) -> list[str]:
    """What is to be said about a turn besides its words."""
    found = []
    if turn.wait is not None:
        first = "audio" if turn.audio_s else "word"
        since = "the end of speech" if turn.wait.since == "speech_stopped" else "the request"
        found.append(f"{lasting(turn.wait.seconds)} from {since} to the first {first}")
    if turn.heard_s is not None:
        found.append(f"cut: {lasting(turn.heard_s)} of {lasting(turn.audio_s)} heard")
    elif turn.audio_s:
        found.append(f"{lasting(turn.audio_s)} of audio")
    if turn.kind == "response" and turn.status != "completed":
        found.append(one_line(turn.status or "not done when the session ended"))
    elif turn.kind == "speech" and turn.status:
        found.append(turn.status)
    if turn.usd:
        found.append(money(turn.usd))
    return found


def who(turn: Turn) -> str:
    """Whose words they are."""
    if turn.kind == "function_output":
        return "function"
    return one_line(turn.role) if turn.kind == "text" and turn.role != "user" else turn.speaker


def spread_words(found: Spread) -> str:
    """The figures of so many waits."""
    if found.count == 1:
        return f"{lasting(found.longest_s)}, once"
    seconds = (("median", found.median_s), ("95th percentile", found.p95_s), ("longest", found.longest_s))
    return ", ".join(f"{name} {lasting(value)}" for name, value in seconds) + f", of {found.count}"


def used(costs: Costs, model: str) -> str:
    """What of a model was used."""
    tokens = [f"{count:,} {kind.replace('_', ' ')}" for (name, kind), count in costs.tokens.items() if name == model]
    seconds = [f"{costs.seconds[model]} s"] if model in costs.seconds else []
    return ", ".join(tokens + seconds) or "nothing"


def ending(summary: Summary) -> str:
    """How it ended, as a sentence."""
    match summary.end:
        case Cut(line):
            return f"The file breaks off at line {line}: whoever wrote it did not live to end it."
        case Stopped(_, stop):
            return f"Recording stopped here and the session went on: {_STOPS[stop]} ({stop})."
        case End(_, cause, _, peer, upstream):
            first = upstream if upstream.by == "upstream" else peer
            reason = f" “{one_line(first.reason)}”" if first.reason else ""
            return f"Ended by the {first.by} with {first.code}{reason} ({one_line(cause)})."
