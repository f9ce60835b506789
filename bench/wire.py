"""The events that the load generator and the echo upstream exchange.

Each carries a stamp in its `event_id`, or at the head of its audio where it has none: which append of its session this
is, when that was sent, and which part of the answer. The rest of an event is the same every time, so that one
comparison tells whether a byte was changed.
"""

import base64
import random
from typing import NamedTuple

from bench.talk import ID_FIRST, ID_SECOND, PLAIN, Talk

CREATED = (
    b'{"type":"session.created","event_id":"event_created","session":{"type":"realtime","object":"realtime.session"}}'
)
UPDATE_PREFIX = b'{"type":"session.update"'
UPDATED = (
    b'{"type":"session.updated","event_id":"event_updated","session":{"type":"realtime","object":"realtime.session"}}'
)
CREATED_IN_BETA, UPDATED_IN_BETA = (event.replace(b'"type":"realtime",', b"") for event in (CREATED, UPDATED))
SPEECH = b'{"type":"input_audio_buffer.speech_%s","event_id":"event_speech","item_id":"item_speech"}'
WRONG = b'{"type":"error","event_id":"event_wrong","error":{"type":"bench_error","message":"not what was sent"}}'

STAMP_BYTES = 10 + 1 + 20 + 1 + 3 + 1
"""A multiple of four characters that all stand in base64, so that it may head audio that is decoded on its way."""

ITEM_ID = b"item_bench"


class Stamp(NamedTuple):
    """What tells one event from another.

    Attributes:
        sequence: counts a session's appends.
        sent_ns: when the append was sent, by the load generator's clock.
        part: counts the deltas that answer one append.
    """

    sequence: int
    sent_ns: int
    part: int = 0

    def write(self) -> bytes:
        return b"%010d/%020d/%03d/" % (self.sequence, self.sent_ns, self.part)

    @classmethod
    def read(cls, octets: bytes) -> "Stamp":
        return cls(int(octets[:10]), int(octets[11:31]), int(octets[32:35]))


class Template:
    """An event of a fixed size, all of it fixed but its stamp."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head = head
        self._tail = tail
        self._stamp_end = len(head) + STAMP_BYTES

    @property
    def tail(self) -> bytes:
        """All that follows the stamp."""
        return self._tail

    def with_head(self, head: bytes) -> "Template":
        """The same with another head."""
        return Template(head, self._tail)

    def write(self, stamp: Stamp) -> bytes:
        return b"".join((self._head, stamp.write(), self._tail))

    def read(self, event: bytes) -> Stamp | None:
        """The event's stamp, or None where it is another event or one byte of it is not as it was written."""
        if not event.startswith(self._head) or event[self._stamp_end :] != self._tail:
            return None
        return Stamp.read(event[len(self._head) : self._stamp_end])


class BytesTemplate:
    """The audio of an event whose stamp heads it, as peers have it that speak audio in bytes.

    See `relay.core.binary_audio`.

    Args:
        item_id: of the item that it belongs to; None for what goes up, which has no header.
    """

    def __init__(self, event: Template, item_id: bytes | None = None) -> None:
        self._rest = base64.b64decode(event.tail.removesuffix(b'"}'), validate=True)
        self._item_id = item_id

    def write(self, stamp: Stamp) -> bytes:
        return base64.b64decode(stamp.write(), validate=True) + self._rest

    def read(self, message: bytes) -> Stamp | None:
        """The message's stamp, or None where it is another one, or one byte of it is not as it was written.

        How much of the item came before is not looked at.
        """
        begin = 0
        if self._item_id is not None:
            begin = message[1]
            if message[:1] + message[2:4] != b"\1\0\0" or message[8:begin].rstrip(b"\0") != self._item_id:
                return None
        end = begin + STAMP_BYTES // 4 * 3
        return Stamp.read(base64.b64encode(message[begin:end])) if message[end:] == self._rest else None


_APPENDS = {
    PLAIN: (b'{"type":"input_audio_buffer.append","audio":"', b"", b'"}'),
    ID_SECOND: (b'{"type":"input_audio_buffer.append","event_id":"evt_', b'","audio":"', b'"}'),
    ID_FIRST: (b'{"event_id":"evt_', b'","type":"input_audio_buffer.append","audio":"', b'"}'),
}


def append_template(event_bytes: int, shape: str = PLAIN, *, in_bytes: bool = False) -> Template:
    """`input_audio_buffer.append`, that many bytes long, or what the relay makes of one `in_bytes`.

    The SDKs write the type and the audio alone; others put an id second; the reference client of 2024, and gateways
    that sort their keys, put it first.
    """
    return _template(*_APPENDS[PLAIN if in_bytes else shape], event_bytes, is_whole=in_bytes)


def delta_template(event_bytes: int, *, beta: bool = False, in_bytes: bool = False) -> Template:
    """`response.output_audio.delta`, that many bytes long.

    Args:
        beta: it is as a beta peer gets it.
        in_bytes: its stamp heads its audio, since no more than that reaches a peer that has audio in bytes.
    """
    head = b'{"type":"response.output_audio.delta","event_id":"event_'
    ids = b'","response_id":"resp_bench","item_id":"%b","output_index":0,"content_index":0,"delta":"' % ITEM_ID
    if in_bytes:
        return _template(head + b"1" + ids, b"", b'"}', event_bytes, is_whole=True)
    template = _template(head, ids, b'"}', event_bytes)
    return template.with_head(head.replace(b"output_audio", b"audio")) if beta else template


def _template(head: bytes, middle: bytes, end: bytes, event_bytes: int, *, is_whole: bool = False) -> Template:
    """An event of that size, or up to three bytes shorter where its audio has to be whole base64."""
    audio_bytes = event_bytes - len(head) - STAMP_BYTES - len(middle) - len(end)
    if is_whole:
        audio_bytes -= audio_bytes % 4
    if audio_bytes < 0:
        raise ValueError(f"an event of {event_bytes} bytes has no room for audio")
    noise = base64.b64encode(random.Random(event_bytes).randbytes(audio_bytes))  # seeded: both ends make the same
    return Template(head, middle + noise[:audio_bytes] + end)


class Script:
    """All events of a talk, made once for all sessions of a process.

    Args:
        beta: what comes down comes as the beta has it.
        at_peer: these are the peer's; an upstream has JSON, whatever its peer speaks.

    Attributes:
        deltas: by their size in bytes, as the upstream sends them.
        created, updated: what the upstream says of the session.
    """

    def __init__(self, talk: Talk, *, beta: bool = False, at_peer: bool = False) -> None:
        self.talk = talk
        self.created, self.updated = (CREATED_IN_BETA, UPDATED_IN_BETA) if beta else (CREATED, UPDATED)
        self.append: Template | BytesTemplate
        self.deltas: dict[int, Template] | dict[int, BytesTemplate]
        append = append_template(talk.append_bytes, talk.shape, in_bytes=talk.in_bytes)
        deltas = {size: delta_template(size, beta=beta, in_bytes=talk.in_bytes) for size in talk.delta_bytes}
        if talk.in_bytes and at_peer:
            self.append = BytesTemplate(append)
            self.deltas = {size: BytesTemplate(delta, ITEM_ID) for size, delta in deltas.items()}
        else:
            self.append, self.deltas = append, deltas
