"""What an answer used, in the API's shape, and for each stage beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from relay.cascade.context import CHARS_PER_TOKEN, tokens_of
from relay.cascade.orders import StageUsage, Think


class Tokens(NamedTuple):
    """A model's, without those that it had cached, those, and those that it wrote."""

    read: int = 0
    cached: int = 0
    written: int = 0

    def __add__(self, other: "Tokens") -> "Tokens":  # type: ignore[override]
        return Tokens(*map(sum, zip(self, other, strict=True)))


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used for an answer.

    Attributes:
        model: which one was asked.
        tokens: the model's, counted by its service or estimated; None where it was not asked.
        heard: of the turns that were written down for it.
        said: of the pieces that were said.
    """

    model: str = ""
    tokens: Tokens | None = None
    heard: Sequence[StageUsage] = ()
    said: Sequence[StageUsage] = ()


def response_usage(spent: Spent, for_nothing: Sequence[Spent] = ()) -> dict[str, Any]:
    """The `usage` of a response: the model's tokens, and `stages`.

    Args:
        spent: for this response.
        for_nothing: for others before it, which nobody was given; it stands in the stages alone.
    """
    read, cached, written = spent.tokens or Tokens()
    everything = [*for_nothing, spent]
    heard = [usage for each in everything for usage in each.heard]
    said = [usage for each in everything for usage in each.said]
    thought = [each for each in everything if each.tokens is not None]
    stages: dict[str, Any] = {}
    if heard:
        stages["hear"] = _stage(heard)
    if thought:
        tokens = sum((each.tokens for each in thought if each.tokens is not None), Tokens())
        stages["think"] = {
            "model": thought[-1].model,
            "input_tokens": tokens.read + tokens.cached,
            "cached_tokens": tokens.cached,
            "output_tokens": tokens.written,
        }
    if said:
        stages["speak"] = {**_stage(said), "characters": sum(usage.characters for usage in said)}
    return {
        "total_tokens": read + cached + written,
        "input_tokens": read + cached,
        "output_tokens": written,
        "input_token_details": {
            "text_tokens": read + cached,
            "audio_tokens": 0,
            "image_tokens": 0,
            "cached_tokens": cached,
            "cached_tokens_details": {"text_tokens": cached, "audio_tokens": 0, "image_tokens": 0},
        },
        "output_token_details": {"text_tokens": written, "audio_tokens": 0},
        "stages": stages,
    }


def tokens_spent(asked: Think, written_chars: int, thought: StageUsage | None) -> Tokens:
    """A model's tokens, as its service counted them, or estimated where that does not, or was stopped.

    Args:
        asked: what it was asked.
        written_chars: how much it wrote.
        thought: what its service said; None where it did not come to its end.
    """
    if thought is not None and thought.is_counted:
        return Tokens(thought.text_input, thought.text_cached, thought.text_output)
    read = sum(tokens_of(dict(message)) for message in asked.messages)
    return Tokens(read, 0, -(-written_chars // CHARS_PER_TOKEN))


def _stage(usages: Sequence[StageUsage]) -> dict[str, Any]:
    """What one service used for several orders."""
    used: dict[str, Any] = {
        "model": usages[-1].model,
        "seconds": round(sum(usage.seconds for usage in usages), 3),
    }
    if any(usage.is_counted for usage in usages):
        used["input_tokens"] = sum(usage.text_input + usage.text_cached + usage.audio_input for usage in usages)
        used["cached_tokens"] = sum(usage.text_cached for usage in usages)
        used["output_tokens"] = sum(usage.text_output + usage.audio_output for usage in usages)
    return used
