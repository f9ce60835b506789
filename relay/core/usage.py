"""What was used, as the API and its likes say it: `usage` objects, counted by modality.

Every field is optional, since providers leave some out, call them otherwise, or write a number as a string or with a
point. A sum without its modalities counts as audio, the dearest. What is no count at all makes the usage unclear: it
was not free, and whoever bills it has to guess.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import Any

ZERO = Decimal(0)

INPUT_TOKEN_S = Decimal("0.1")
"""How much of what a user says is one token, by the API's guide to its costs."""

OUTPUT_TOKEN_S = Decimal("0.05")
"""How much of what a model says is one token."""

MOST_PLAUSIBLE = 10_000_000
"""No response uses so many tokens, and no session so many seconds."""

MODALITIES = ("text", "image", "audio")
"""In the order in which cached tokens are shared out where nobody says which they were: the dearest last."""

KINDS = (
    "text_input", "text_cached", "text_output", "audio_input", "audio_cached", "audio_output",
    "image_input", "image_cached",
)  # fmt: skip
"""What tokens may be, by the names of a `Price`."""

_DIRECTIONS = {"input": ("input", "prompt"), "output": ("output", "completion")}
MOST_DIGITS = 40
"""So many of a number in a string are read."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used.

    Attributes:
        tokens: how many, by the names of a `Price`; cached ones are not counted as input again.
        seconds: of audio, where that is what is billed.
        characters: that were spoken, likewise.
        billed_s: what the provider has billed so far, in all of the session.
        is_given: whether anything is said at all.
        is_clear: whether all that is said is understood.
    """

    tokens: Mapping[str, int] = field(default_factory=dict)
    seconds: Decimal = ZERO
    billed_s: Decimal | None = None
    is_given: bool = True
    is_clear: bool = True
    characters: int = 0


def read_stage(usage: Mapping[str, Any]) -> Usage:
    """Count what one service of a cascade used: all tokens are of text, whatever is said of them."""
    figures = _Figures()
    read, written = _total(usage, "input", figures), _total(usage, "output", figures)
    cached = min(read, figures.count(usage, "cached_tokens"))
    tokens = {"text_input": read - cached, "text_cached": cached, "text_output": written}
    return Usage(
        {kind: count for kind, count in tokens.items() if count},
        figures.number(usage, "seconds"),
        is_given=figures.are_given,
        is_clear=figures.are_clear,
        characters=figures.count(usage, "characters"),
    )


def read_usage(usage: Any) -> Usage:
    """Count a `usage` of a response or of a transcription."""
    if not isinstance(usage, Mapping):
        return Usage(is_given=bool(usage), is_clear=not usage)
    figures = _Figures()
    tokens = _tokens(usage, figures)
    seconds = [figures.number(usage, name) for name in ("seconds", "output_audio_seconds", "billable_audio_seconds")]
    is_given = figures.are_given or any(usage.values())
    return Usage(
        {kind: tokens[kind] for kind in KINDS if tokens[kind]},
        max(seconds[:2]),
        seconds[2] or None,
        is_given,
        figures.are_clear and (figures.are_given or not is_given),
    )


def read_number(value: Any) -> Decimal | None:
    """A count or a time; None where it is none that could be."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return Decimal(value) if 0 <= value <= MOST_PLAUSIBLE else None
    try:
        number = Decimal(str(value)[:MOST_DIGITS])
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= MOST_PLAUSIBLE else None


class _Figures:
    """Reads figures, and notes whether there were any and whether each of them was one."""

    def __init__(self) -> None:
        self.are_given = False
        self.are_clear = True

    def number(self, holder: Mapping[str, Any], name: str) -> Decimal:
        value = holder.get(name)
        if value is None:
            return ZERO
        self.are_given = True
        number = read_number(value)
        self.are_clear &= number is not None
        return number or ZERO

    def count(self, holder: Mapping[str, Any], name: str) -> int:
        return int(self.number(holder, name).to_integral_value(ROUND_UP))


def _tokens(usage: Mapping[str, Any], figures: _Figures) -> dict[str, int]:
    read, written = _details(usage, "input"), _details(usage, "output")
    said = {modality: figures.count(read, f"{modality}_tokens") for modality in MODALITIES}
    total_read = _total(usage, "input", figures)
    said["audio"] += max(0, total_read - sum(said.values()))
    cached = _cached(read, said, figures)
    tokens = {f"{modality}_input": said[modality] - cached[modality] for modality in MODALITIES}
    tokens |= {f"{modality}_cached": cached[modality] for modality in MODALITIES}
    tokens["text_output"] = figures.count(written, "text_tokens")
    tokens["audio_output"] = figures.count(written, "audio_tokens")
    total_written = max(_total(usage, "output", figures), figures.count(usage, "total_tokens") - sum(said.values()))
    unsaid = total_written - tokens["text_output"] - tokens["audio_output"]
    tokens["text_output" if usage.get("type") == "tokens" else "audio_output"] += max(0, unsaid)  # a transcript is text
    return tokens


def _cached(read: Mapping[str, Any], said: Mapping[str, int], figures: _Figures) -> dict[str, int]:
    """How many of the tokens said were cached: as the details have it, and the rest of the sum in whichever is left."""
    details = read.get("cached_tokens_details")
    details = details if isinstance(details, Mapping) else {}
    cached = {modality: min(said[modality], figures.count(details, f"{modality}_tokens")) for modality in MODALITIES}
    rest = figures.count(read, "cached_tokens") - sum(cached.values())
    for modality in MODALITIES:
        more = max(0, min(rest, said[modality] - cached[modality]))
        cached[modality] += more
        rest -= more
    return cached


def _total(usage: Mapping[str, Any], way: str, figures: _Figures) -> int:
    return max(figures.count(usage, f"{name}_tokens") for name in _DIRECTIONS[way])


def _details(usage: Mapping[str, Any], way: str) -> Mapping[str, Any]:
    return next(_said(usage, way), {})


def _said(usage: Mapping[str, Any], way: str) -> Iterator[Mapping[str, Any]]:
    for name in _DIRECTIONS[way]:
        for plural in ("token", "tokens"):
            if isinstance(details := usage.get(f"{name}_{plural}_details"), Mapping):
                yield details
