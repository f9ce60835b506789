"""What usage costs: the API's `usage` objects, counted by modality and multiplied by a price for each.

Money is `Decimal` and never rounded here, so that the sum of a session is exact to the cent. Every field of a usage is
optional, since other providers leave some out; what is not said costs nothing, but a sum without its modalities costs
what the dearest of them would.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

ZERO = Decimal(0)
MILLION = Decimal(1_000_000)

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, in USD: `minute` of audio, all else for a million tokens."""

    text_input: Decimal = ZERO
    text_cached: Decimal = ZERO
    text_output: Decimal = ZERO
    audio_input: Decimal = ZERO
    audio_cached: Decimal = ZERO
    audio_output: Decimal = ZERO
    image_input: Decimal = ZERO
    image_cached: Decimal = ZERO
    minute: Decimal = ZERO

    def of(self, usage: "Usage") -> Decimal:
        """What this usage costs."""
        tokens = sum((getattr(self, kind) * count for kind, count in usage.tokens.items()), ZERO)
        return tokens / MILLION + self.minute * usage.seconds / 60


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used.

    Attributes:
        tokens: how many, by the names of a `Price`; cached ones are not counted as input again.
        seconds: of audio, where that is what is billed.
    """

    tokens: Mapping[str, int]
    seconds: Decimal = ZERO


KINDS = tuple(field.name for field in fields(Price) if field.name != "minute")


class Prices:
    """Prices by model; a dated name such as `gpt-realtime-2025-08-28` has the price of the undated one."""

    def __init__(self, by_model: Mapping[str, Price]) -> None:
        self._by_model = dict(by_model)
        self._dearest = Price(
            **{
                field.name: max((getattr(price, field.name) for price in by_model.values()), default=ZERO)
                for field in fields(Price)
            }
        )

    def named(self, model: str) -> str | None:
        """The name under which this model has a price; None where it has none."""
        for name in (model, _DATE.sub("", model)):
            if name in self._by_model:
                return name
        return None

    def of(self, model: str) -> Price:
        """The model's price; one that is not known costs what the dearest of all does, so that no budget is overrun."""
        name = self.named(model)
        return self._dearest if name is None else self._by_model[name]


def read_usage(usage: Any) -> Usage:
    """Count a `usage` of a response or of a transcription; whatever has not the API's shape counts as nothing."""
    if not isinstance(usage, dict):
        return Usage({})
    if usage.get("type") == "duration":
        seconds = usage.get("seconds")
        return Usage({}, Decimal(str(seconds)) if isinstance(seconds, int | float) and seconds > 0 else ZERO)
    read = _details(usage, "input")
    cached = read.get("cached_tokens_details")
    tokens = dict.fromkeys(KINDS, 0)
    rest = _count(usage.get("input_tokens"))
    for kind in ("text", "audio", "image"):
        count = _count(read.get(f"{kind}_tokens"))
        again = min(count, _count(cached.get(f"{kind}_tokens")) if isinstance(cached, dict) else 0)
        tokens[f"{kind}_input"] = count - again
        tokens[f"{kind}_cached"] = again
        rest -= count
    written = _details(usage, "output")
    tokens["text_output"] = _count(written.get("text_tokens"))
    tokens["audio_output"] = _count(written.get("audio_tokens"))
    tokens["audio_input"] += max(0, rest)
    unsaid = _count(usage.get("output_tokens")) - tokens["text_output"] - tokens["audio_output"]
    tokens["text_output" if usage.get("type") == "tokens" else "audio_output"] += max(0, unsaid)  # a transcript is text
    return Usage({kind: count for kind, count in tokens.items() if count})


def _details(usage: Mapping[str, Any], way: str) -> dict[str, Any]:
    for name in (f"{way}_token_details", f"{way}_tokens_details"):
        if isinstance(details := usage.get(name), dict):
            return details
    return {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
