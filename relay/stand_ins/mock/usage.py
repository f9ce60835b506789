"""Counting tokens as the API bills them: by modality, over the whole conversation, what was read before as cached.

User audio is 1 token for 100 ms, the assistant's 1 for 50 ms. Text has no tokenizer here: 1 token for 4 characters.
An image is a constant.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import orjson

from relay.engine.audio import milliseconds
from relay.engine.items import Item
from relay.engine.mind import Output

USER_MS_PER_TOKEN = 100
ASSISTANT_MS_PER_TOKEN = 50
CHARS_PER_TOKEN = 4
IMAGE_TOKENS = 250


def text_tokens(words: str) -> int:
    """Tokens of this text."""
    return math.ceil(len(words) / CHARS_PER_TOKEN)


def user_audio_tokens(pcm: bytes | bytearray) -> int:
    """Tokens of what the user said."""
    return math.ceil(milliseconds(pcm) / USER_MS_PER_TOKEN)


def assistant_audio_tokens(pcm: bytes | bytearray) -> int:
    """Tokens of what the model said."""
    return math.ceil(milliseconds(pcm) / ASSISTANT_MS_PER_TOKEN)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A number of tokens, by modality."""

    text: int = 0
    audio: int = 0
    image: int = 0

    @classmethod
    def of(cls, item: Item) -> Self:
        """What this item costs to read, or to have said."""
        audio_tokens = assistant_audio_tokens if item.role == "assistant" else user_audio_tokens
        images = sum(part["type"] == "input_image" for part in item.content)
        return cls(
            text=text_tokens(item.text if item.role == "user" else item.words),
            audio=sum(audio_tokens(pcm) for pcm in item.pcm.values()),
            image=images * IMAGE_TOKENS,
        )

    @classmethod
    def of_output(cls, output: Output) -> Self:
        """What this costs to have said or written."""
        return cls(
            text=math.ceil(output.written_chars / CHARS_PER_TOKEN),
            audio=math.ceil(output.spoken_ms / ASSISTANT_MS_PER_TOKEN),
        )

    def __add__(self, other: Self) -> Self:
        return type(self)(self.text + other.text, self.audio + other.audio, self.image + other.image)

    @property
    def total(self) -> int:
        """All modalities together."""
        return self.text + self.audio + self.image

    def as_dict(self) -> dict[str, int]:
        """As the API names them."""
        return {"text_tokens": self.text, "audio_tokens": self.audio, "image_tokens": self.image}


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a response read, and how much of that had been read before."""

    tokens: Tokens
    cached: Tokens

    def usage(self, output: Tokens) -> dict[str, Any]:
        """The `usage` of a response that read this and answered with that."""
        return {
            "total_tokens": self.tokens.total + output.total,
            "input_tokens": self.tokens.total,
            "output_tokens": output.total,
            "input_token_details": {
                **self.tokens.as_dict(),
                "cached_tokens": self.cached.total,
                "cached_tokens_details": self.cached.as_dict(),
            },
            "output_token_details": {"text_tokens": output.text, "audio_tokens": output.audio},
        }


class Meter:
    """Remembers what the model of this session has read before, since that is cheaper the next time."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def read(self, instructions: str, tools: Sequence[dict[str, Any]], items: Iterable[Item]) -> Prompt:
        """Count what one response reads."""
        costs = {item.id: Tokens.of(item) for item in items}
        preamble = instructions + (orjson.dumps(tools).decode() if tools else "")
        costs[f"preamble {hash(preamble)}"] = Tokens(text=text_tokens(preamble))
        cached = sum((cost for key, cost in costs.items() if key in self._read), Tokens())
        self._read = set(costs)
        return Prompt(sum(costs.values(), Tokens()), cached)


def transcription_usage(model: str, pcm: bytes | bytearray, transcript: str) -> dict[str, Any]:
    """What a transcript costs: whisper and the streaming models bill by the second, the others by the token."""
    if "whisper" in model or "live" in model:
        return {"type": "duration", "seconds": round(milliseconds(pcm) / 1000, 2)}
    heard, written = user_audio_tokens(pcm), text_tokens(transcript)
    return {
        "type": "tokens",
        "total_tokens": heard + written,
        "input_tokens": heard,
        "input_token_details": {"text_tokens": 0, "audio_tokens": heard},
        "output_tokens": written,
    }
