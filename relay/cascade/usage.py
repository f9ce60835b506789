"""What an answer used, in the API's shape, and for each stage beside it."""

from collections.abc import Sequence
from typing import Any

from relay.cascade.context import CHARS_PER_TOKEN, tokens_of
from relay.cascade.orders import StageUsage, Think
from relay.engine.mind import Output


def response_usage(
    asked: Think | None,
    output: Output,
    *,
    model: str,
    heard: Sequence[StageUsage],
    thought: StageUsage | None,
    said: Sequence[StageUsage],
) -> dict[str, Any]:
    """The `usage` of a response: the model's tokens, counted by its service or estimated, and `stages`.

    Args:
        asked: what the model was asked; None where it was not.
        output: what was produced.
        model: which one was asked.
        heard: of the turns that were written down for it.
        thought: of the model; None where it did not come to its end.
        said: of the pieces that were said.
    """
    read, cached, written = _tokens(asked, output, thought)
    stages: dict[str, Any] = {}
    if heard:
        stages["hear"] = _stage(heard)
    if asked is not None:
        stages["think"] = {
            "model": thought.model if thought else model,
            "input_tokens": read + cached,
            "cached_tokens": cached,
            "output_tokens": written,
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


def _tokens(asked: Think | None, output: Output, thought: StageUsage | None) -> tuple[int, int, int]:
    if thought is not None and thought.is_counted:
        return thought.text_input, thought.text_cached, thought.text_output
    read = sum(tokens_of(dict(message)) for message in asked.messages) if asked else 0
    return read, 0, -(-output.written_chars // CHARS_PER_TOKEN)


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
