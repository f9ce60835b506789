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
WRONG = b'{"type":"error","event_id":"event_wrong","error":{"type":"bench_error","message":"not what was sent"}}'

_STAMP_BYTES = 10 + 1 + 20 + 1 + 3


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
        return b"%010d_%020d_%03d" % (self.sequence, self.sent_ns, self.part)

    @classmethod
    def read(cls, octets: bytes) -> "Stamp":
        return cls(int(octets[:10]), int(octets[11:31]), int(octets[32:]))


class Template:
    """An event of a fixed size, all of it fixed but its stamp."""

    def __init__(self, head: bytes, tail: bytes) -> None:
        self._head = head
        self._tail = tail
        self._stamp_end = len(head) + _STAMP_BYTES

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


_APPENDS = {
    PLAIN: (b'{"type":"input_audio_buffer.append","audio":"', b"", b'"}'),
    ID_SECOND: (b'{"type":"input_audio_buffer.append","event_id":"evt_', b'","audio":"', b'"}'),
    ID_FIRST: (b'{"event_id":"evt_', b'","type":"input_audio_buffer.append","audio":"', b'"}'),
}


def append_template(event_bytes: int, shape: str = PLAIN) -> Template:
    """`input_audio_buffer.append`, that many bytes long.

    The SDKs write the type and the audio alone; others put an id second; the reference client of 2024, and gateways
    that sort their keys, put it first.
    """
    return _template(*_APPENDS[shape], event_bytes)


def delta_template(event_bytes: int, *, beta: bool = False) -> Template:
    """`response.output_audio.delta`, that many bytes long; with `beta`, the same as a beta peer gets it."""
    head = b'{"type":"response.output_audio.delta","event_id":"event_'
    ids = b'","response_id":"resp_bench","item_id":"item_bench","output_index":0,"content_index":0,"delta":"'
    template = _template(head, ids, b'"}', event_bytes)
    return template.with_head(head.replace(b"output_audio", b"audio")) if beta else template


def _template(head: bytes, middle: bytes, end: bytes, event_bytes: int) -> Template:
    audio_bytes = event_bytes - len(head) - _STAMP_BYTES - len(middle) - len(end)
    if audio_bytes < 0:
        raise ValueError(f"an event of {event_bytes} bytes has no room for audio")
    noise = base64.b64encode(random.Random(event_bytes).randbytes(audio_bytes))  # seeded: both ends make the same
    return Template(head, middle + noise[:audio_bytes] + end)


class Script:
    """All events of a talk, made once for all sessions of a process.

    Args:
        beta: what comes down comes as the beta has it.

    Attributes:
        deltas: by their size in bytes, as the upstream sends them.
        created, updated: what the upstream says of the session.
    """

    def __init__(self, talk: Talk, *, beta: bool = False) -> None:
        self.talk = talk
        self.created, self.updated = (CREATED_IN_BETA, UPDATED_IN_BETA) if beta else (CREATED, UPDATED)
        self.append = append_template(talk.append_bytes, talk.shape)
        self.deltas = {size: delta_template(size, beta=beta) for size in talk.delta_bytes}
