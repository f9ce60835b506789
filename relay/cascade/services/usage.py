"""What a service says it used, as far as it says it."""

from collections.abc import Mapping
from typing import Any

from relay.cascade.orders import StageUsage
from relay.core.usage import read_number

PCM_BYTES_PER_S = 48_000


def seconds_of(pcm_bytes: int) -> float:
    """How long so much PCM16 at 24 kHz lasts."""
    return pcm_bytes / PCM_BYTES_PER_S


def thought_usage(model: str, usage: Any) -> StageUsage:
    """Of an answer: `prompt_tokens` or `input_tokens`, and so on."""
    if not isinstance(usage, Mapping):
        return StageUsage(model)
    read, written = _count(usage, "prompt_tokens", "input_tokens"), _count(usage, "completion_tokens", "output_tokens")
    cached = min(read, _count(_details(usage, "prompt", "input"), "cached_tokens"))
    return StageUsage(
        model, text_input=read - cached, text_cached=cached, text_output=written, is_counted=bool(read or written)
    )


def heard_usage(model: str, usage: Any, pcm_bytes: int) -> StageUsage:
    """Of a transcript: tokens, or a duration; where nothing is said, how long the turn was."""
    seconds = seconds_of(pcm_bytes)
    if not isinstance(usage, Mapping):
        return StageUsage(model, seconds=seconds)
    if (said := read_number(usage.get("seconds"))) is not None:
        return StageUsage(model, seconds=float(said))
    read, written = _count(usage, "input_tokens", "prompt_tokens"), _count(usage, "output_tokens", "completion_tokens")
    text = min(read, _count(_details(usage, "input", "prompt"), "text_tokens"))
    return StageUsage(
        model,
        seconds=seconds,
        text_input=text,
        audio_input=read - text,
        text_output=written,
        is_counted=bool(read or written),
    )


def _count(usage: Mapping[str, Any], *names: str) -> int:
    return max(int(read_number(usage.get(name)) or 0) for name in names)


def _details(usage: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    for name in names:
        if isinstance(details := usage.get(f"{name}_tokens_details", usage.get(f"{name}_token_details")), Mapping):
            return details
    return {}
