"""What a recording leaves out: keys and tokens always, audio and instructions where that is asked for."""

import binascii
import hashlib
import re
from typing import Any, Literal

from relay.core.events import Data, read_upstream_event, write_json
from relay.core.redaction import REDACTED, Secrets

HASHED_AUDIO = re.compile(r"sha256:[0-9a-f]{64}:(\d{1,8})")
"""What stands for a piece of audio, with its size in bytes."""

_CREDENTIALS = frozenset({"authorization", "headers", "client_secret", "api_key", "access_token"})
_AUDIO_DELTAS = frozenset({"response.output_audio.delta", "session.output_audio.delta"})
_SMALL_CHARS = 64 * 1024

# Events that need no reading: by their prefix, which both sides write so. What is written otherwise is read in full.
_WORDS = re.compile(r'\{"type": ?"response\.(?:output_audio_transcript|output_text|function_call_arguments)\.delta"')
_PIECES_AND_AUDIO = re.compile(r'\{"type": ?"(?:(?:session\.)?input_audio(?:_buffer)?\.append|[a-z_.]+\.delta)"')


class Redactor:
    """Says how a message may be written down.

    Frequent events (audio appended, and the pieces of an answer) are searched for the relay's own secrets; all others
    are read in full, and fields that hold somebody's credentials, such as an MCP tool's `authorization`, are blanked
    too. What needs no change is returned as the very object that came.
    """

    def __init__(
        self,
        secrets: Secrets,
        audio: Literal["full", "hash"] = "full",
        instructions: Literal["kept", "redacted"] = "kept",
    ) -> None:
        self.audio = audio
        self.instructions = instructions
        self._secrets = secrets
        self._frequent = _PIECES_AND_AUDIO if audio == "full" else _WORDS
        self._blank = _CREDENTIALS | ({"instructions"} if instructions == "redacted" else frozenset())

    @property
    def plain_secrets(self) -> list[bytes] | None:
        """What `plain` looks for in all frequent events; None where it does not take all of them."""
        return self._secrets.octets() if self.audio == "full" else None

    def plain(self, data: Data) -> str | None:
        """A frequent and small event as it may be written down, which costs about a microsecond; None for any other."""
        if isinstance(data, bytes) or len(data) > _SMALL_CHARS or self._frequent.match(data) is None:
            return None
        return self._secrets.redact(data)

    def message(self, data: Data) -> Data:
        """Any message as it may be written down; reading it in full, or hashing what it holds, takes its time."""
        if isinstance(data, bytes):
            return hashed(data).encode() if self.audio == "hash" else data
        if self._frequent.match(data) is not None:
            return self._secrets.redact(data)
        event = read_upstream_event(data)
        shown = self._node(event.body, "delta" if event.type in _AUDIO_DELTAS else "audio")
        if shown == event.body and event.is_whole:
            return self._secrets.redact(data)
        return write_json(shown)

    def words(self, text: str) -> str:
        """A close reason, or another string, as it may be written down."""
        return self._secrets.redact(text)

    def _node(self, node: Any, audio_field: str) -> Any:
        if isinstance(node, str):
            return self._secrets.redact(node)
        if isinstance(node, list):
            return [self._node(item, audio_field) for item in node]
        if isinstance(node, dict):
            return {self._secrets.redact(key): self._entry(key, value, audio_field) for key, value in node.items()}
        return node

    def _entry(self, key: str, value: Any, audio_field: str) -> Any:
        if value is not None and key.casefold() in self._blank:
            return REDACTED
        if isinstance(value, str) and key == audio_field and self.audio == "hash":
            return hashed(_decoded(value))
        return self._node(value, audio_field)


def hashed(audio: bytes) -> str:
    """What stands for this piece of audio."""
    return f"sha256:{hashlib.sha256(audio).hexdigest()}:{len(audio)}"


def _decoded(audio: str) -> bytes:
    try:
        return binascii.a2b_base64(audio)
    except ValueError:
        return audio.encode()
