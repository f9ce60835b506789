"""Audio as bytes instead of base64 in JSON, for peers that asked for it with the subprotocol `relay.binary.v1`.

Up, a binary message is PCM16 (or whatever the session's input format is) as it comes from the microphone; it becomes an
`input_audio_buffer.append`, or what stands for that in a session of another kind. Down, a `response.output_audio.delta`
or a `session.output_audio.delta`, which is of no item and has an empty item_id, becomes a binary message:

    byte  0       1, the version
    byte  1       H, the length of this header, a multiple of 4
    bytes 2-3     content_index, unsigned, little-endian
    bytes 4-7     position: how many bytes of this item's audio came before, unsigned, little-endian
    bytes 8-(H-1) item_id in UTF-8, filled up with zero bytes
    bytes H-      the audio

Everything else stays JSON text. What a delta says besides (`event_id`, `response_id`, `output_index`) is left out: the
events around it say it too.
"""

import binascii
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from relay.core.events import Data, read_upstream_event

SUBPROTOCOL = "relay.binary.v1"

VERSION = 1
_FIXED = struct.Struct("<BBHI")
_DELTA = "response.output_audio.delta"
_DELTA_OF_SESSION = "session.output_audio.delta"
_NO_PLACE: Mapping[str, Any] = MappingProxyType({"item_id": "", "content_index": 0})
_HEADER_LIMIT_BYTES = 252


class BinaryAudio:
    """Translates for one peer. It remembers how much audio each item of the current answer had so far.

    Attributes:
        append: the type of the event that a binary message becomes.
    """

    def __init__(self, append: str = "input_audio_buffer.append") -> None:
        self.append = append
        self._item: tuple[str, int] = ("", 0)
        self._position = 0

    def up(self, data: Data) -> Data:
        """The event for a peer's binary message; text as it is."""
        if isinstance(data, str):
            return data
        audio = binascii.b2a_base64(data, newline=False).decode()
        return f'{{"type":"{self.append}","audio":"{audio}"}}'

    def down(self, data: Data) -> Data:
        """The binary message for an audio delta; anything else, a delta of an unknown form included, as it is."""
        event = read_upstream_event(data)
        if event.type not in {_DELTA, _DELTA_OF_SESSION}:
            return data
        try:
            place = event.body if event.type == _DELTA else _NO_PLACE
            item_id, content_index = str(place["item_id"]), int(place["content_index"])
            audio = binascii.a2b_base64(event.body["delta"], strict_mode=True)
            header = self.header(item_id, content_index, len(audio))
        except (KeyError, TypeError, ValueError, struct.error):
            return data
        return header + audio

    def header(self, item_id: str, content_index: int, size: int) -> bytes:
        """The header of an item's next piece.

        Raises:
            ValueError, struct.error: it cannot be expressed.
        """
        name = item_id.encode()
        name += bytes(-len(name) % 4)
        length = _FIXED.size + len(name)
        if length > _HEADER_LIMIT_BYTES:
            raise ValueError("an item_id too long for a header")
        if self._item != (item_id, content_index):
            self._item, self._position = (item_id, content_index), 0
        header = _FIXED.pack(VERSION, length, content_index, self._position) + name
        self._position += size
        return header
