"""What usage costs: tokens by modality, seconds of audio, or characters spoken, each multiplied by its price.

Money is `Decimal` and never rounded here, so that the sum of a session is exact to the cent. Where something is not
said, neither by a price nor by a usage, it costs what the dearest that it may be would: a budget has to hold.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Self

from relay.core.usage import INPUT_TOKEN_S, KINDS, OUTPUT_TOKEN_S, ZERO, Usage

MILLION = Decimal(1_000_000)

MOST_OUTPUT_TOKENS = Decimal(32_000)
"""The most that any of the API's models says in one answer."""

_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs, in USD: `minute` of audio, all else for a million tokens; and how much it says at most."""

    text_input: Decimal = ZERO
    text_cached: Decimal = ZERO
    text_output: Decimal = ZERO
    audio_input: Decimal = ZERO
    audio_cached: Decimal = ZERO
    audio_output: Decimal = ZERO
    image_input: Decimal = ZERO
    image_cached: Decimal = ZERO
    minute: Decimal = ZERO
    characters: Decimal = ZERO
    most_output_tokens: Decimal = MOST_OUTPUT_TOKENS

    @classmethod
    def completed(cls, said: Mapping[str, Decimal]) -> Self:
        """The price of which this is said: cached tokens cost what fresh ones do, sound and images what text does."""
        full = dict(said)
        for modality, way in (("audio", "input"), ("audio", "output"), ("image", "input")):
            full.setdefault(f"{modality}_{way}", said.get(f"text_{way}", ZERO))
        for modality in ("text", "audio", "image"):
            full.setdefault(f"{modality}_cached", full.get(f"{modality}_input", ZERO))
        return cls(**full)

    @property
    def output(self) -> Decimal:
        """A million tokens of whichever output is the dearest."""
        return max(self.text_output, self.audio_output)

    def of(self, usage: Usage) -> Decimal:
        """What this usage costs. One that says tokens, seconds and characters costs one of them: the dearest."""
        return max(self._of_tokens_and_time(usage), self.characters * usage.characters / MILLION)

    def _of_tokens_and_time(self, usage: Usage) -> Decimal:
        is_by_token = any(getattr(self, kind) for kind in KINDS)
        if is_by_token or usage.seconds:
            tokens = sum((getattr(self, kind) * count for kind, count in usage.tokens.items()), ZERO) / MILLION
            return max(self._of_time(usage.seconds), tokens)
        return self._of_time(sum((_token_s(kind) * count for kind, count in usage.tokens.items()), ZERO))

    def _of_time(self, seconds: Decimal) -> Decimal:
        """What so much audio costs, also where the price is for tokens."""
        if self.minute or not seconds:
            return self.minute * seconds / 60
        return max(self.audio_input / INPUT_TOKEN_S, self.audio_output / OUTPUT_TOKEN_S) * seconds / MILLION


class Prices:
    """Prices by model; a dated name such as `gpt-realtime-2025-08-28` has the price of the undated one."""

    def __init__(self, by_model: Mapping[str, Price]) -> None:
        self._by_model = dict(by_model)
        self._dearest = Price(
            **{
                field.name: max(
                    (getattr(price, field.name) for price in by_model.values()), default=getattr(Price(), field.name)
                )
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


def _token_s(kind: str) -> Decimal:
    """How much audio a token stands for, where a price is for minutes and a usage says tokens."""
    return OUTPUT_TOKEN_S if kind == "audio_output" else INPUT_TOKEN_S
