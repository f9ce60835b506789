# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=False
"""The fast lane: whole text messages that nobody wants to see go from one socket to the other in compiled code.

Theory of operation. A leg on picows is a `LaneListener`. picows calls it for each frame, and it hands the frame to the
leg's Python (`on_frame`), unless all of this is so:

    joined     the session has joined this leg's lane to the other leg's (`join_lanes`)
    direct     nothing that came before waits in this leg, so that order is kept over both paths
    let        what the peer may still send is not used up by it
    clear      the other leg's socket takes what it is given, and is not closing
    whole      the frame is one whole text message, not too large, without reserved bits
    plain      its payload is ASCII, so it is valid UTF-8; of a peer, it is also proved to have one meaning (below)
    unwanted   the session has said that nobody wants to see messages of its type

Then the message leaves as it came: its own header, written anew in front of it, in the very buffer that it was read
into. Messages that lie side by side in one read buffer leave in one write. The session is asked once for each type and
session, and again when what is wanted has changed; a type that is met for the first time goes through Python.

The proof. An upstream is trusted to say the type first, perhaps after an id: a match is proof enough. A peer may lie,
so only a message with no room for a second meaning passes unread: one flat JSON object of at most `MOST_MEMBERS`
members, each a plain lower-case key, none twice, with a plain string, no escapes, and a type among them.

Audio in bytes. Where a peer has agreed on `relay.binary.v1` its leg has a `BinaryAudio`, and the lane does what that
does: a peer's binary message leaves as the event that it stands for, and an audio delta as a binary message. A delta of
another form than the API's own goes through Python.

Recordings. Where the upstream's leg is recorded, each message is put aside for its recorder before it leaves.

Counted here, and read when somebody asks: messages and bytes by type, and how long each stayed in the relay.
"""

from time import monotonic

from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memchr, memcmp, memcpy
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType, WSTransport

cdef enum:
    KINDS = 16
    KIND_CHARS = 64
    BATCH = 256
    BATCH_BYTES = 262144
    MOST_MEMBERS = 4
    MOST_KEY_CHARS = 32
    HEADER_BYTES = 14
    AUDIO_HEADER_BYTES = 256
    MOST_FIELDS = 16
    BUCKETS = 32


cdef struct Kind:
    char name[KIND_CHARS]
    Py_ssize_t length
    bint wanted


cdef struct Span:
    const char* start
    Py_ssize_t length


cdef inline double _now() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return <double>time.tv_sec + <double>time.tv_nsec * 1e-9


include "lane_reading.pxi"
include "lane_base64.pxi"


def proved_type(bytes message, bint is_peers):
    """The type of a message that the lane would read, or None where it hands it to Python; for tests."""
    cdef Span type_
    cdef const char* text = message
    cdef bint found = (_peer_type if is_peers else _upstream_type)(text, len(message), &type_)
    return type_.start[:type_.length].decode("ascii") if found else None


# Counting.

cdef class LaneCount:
    """Messages and bytes of one type."""

    cdef public int64_t events, octets

    def __cinit__(self):
        self.events = self.octets = 0


cdef class LaneTally:
    """What the lanes of one direction have forwarded, in one process.

    Attributes:
        by_type: messages and bytes, by event type.

    Args:
        bounds: of the histogram, ascending, in seconds.
    """

    cdef readonly dict by_type
    cdef double[BUCKETS] _bounds
    cdef int64_t[BUCKETS + 1] _buckets
    cdef int _size
    cdef readonly double sum

    def __init__(self, bounds):
        self.by_type = {}
        self._size = len(bounds)
        if self._size > BUCKETS:
            raise ValueError("too many buckets")
        for i in range(self._size):
            self._bounds[i] = bounds[i]
        for i in range(self._size + 1):
            self._buckets[i] = 0
        self.sum = 0.0

    @property
    def counts(self):
        """How many messages stayed so long, by bucket."""
        return [self._buckets[i] for i in range(self._size + 1)]

    cdef LaneCount count_of(self, str kind):
        count = self.by_type.get(kind)
        if count is None:
            count = self.by_type[kind] = LaneCount()
        return <LaneCount>count

    cdef inline void observe(self, double seconds) noexcept:
        cdef int i = 0
        while i < self._size and seconds > self._bounds[i]:
            i += 1
        self._buckets[i] += 1
        self.sum += seconds


# Forwarding.

cdef class LaneListener(WSListener):
    """A leg's listener, with a lane out of it.

    Attributes:
        lane_direct: whether the next message would be delivered at once; the leg keeps it up to date.
        fragmented: whether a message in fragments is under way; the leg keeps it up to date.
        lane_shut: whether this end takes nothing from a lane: it is congested, or closing.
        heard: set by each frame, for the keepalive.
        events, octets: what went through the lane out of this leg.
    """

    cdef public bint lane_direct, lane_shut, fragmented, heard
    cdef readonly int64_t events, octets
    cdef double _events_left, _octets_left
    cdef WSTransport _own_transport
    cdef LaneListener _sink
    cdef LaneTally _tally
    cdef object _flow
    cdef bint _is_peers
    cdef Py_ssize_t _most_bytes
    cdef Kind[KINDS] _kinds
    cdef list _counts, _names
    cdef int _known, _oldest, _last
    cdef object _audio, _recorder
    cdef bytes _append, _append_kind
    cdef char* _scratch
    cdef Py_ssize_t _scratch_bytes
    cdef char* _batch
    cdef Py_ssize_t _batch_bytes
    cdef int _batched
    cdef double[BATCH] _arrived_at

    def __cinit__(self):
        self.lane_direct = self.fragmented = self.heard = False
        self.lane_shut = True
        self.events = self.octets = 0
        self._events_left = self._octets_left = INFINITY
        self._known = self._oldest = self._batched = 0
        self._last = -1
        self._scratch = NULL
        self._scratch_bytes = 0

    def __dealloc__(self):
        free(self._scratch)

    def lane_connected(self, WSTransport transport):
        """The leg's connection is there."""
        self._own_transport = transport
        self.lane_shut = False

    def join_lane(self, LaneListener sink, flow, LaneTally tally, bint is_peers, Py_ssize_t most_bytes):
        """Open the lane from this leg to `sink`.

        Args:
            flow: the direction, as the session has it: asked which types are wanted, and told which came last.
            tally: counts for the process.
            is_peers: whether a peer speaks here, of whom everything is proved.
            most_bytes: a larger message goes through Python.
        """
        self._tally = tally
        self._flow = flow
        self._is_peers = is_peers
        self._most_bytes = most_bytes
        self.forget()
        self._sink = sink

    def speak_bytes(self, audio):
        """This leg's peer speaks audio in bytes, as `audio` (a `BinaryAudio`) has it."""
        self._audio = audio
        self._append_kind = audio.append.encode("ascii")
        self._append = b'{"type":"' + self._append_kind + b'","audio":"'

    def record_with(self, recorder):
        """This leg's upstream is recorded: what leaves for it is told `sent_up`, what comes from it `came_down`."""
        self._recorder = recorder

    def leave_lane(self):
        """Close the lane for good."""
        self._sink = None
        self._flow = None
        self._own_transport = None

    def forget(self):
        """What is wanted has changed: ask anew for each type."""
        self._known = self._oldest = 0
        self._last = -1
        self._counts = [None] * KINDS
        self._names = [None] * KINDS

    def let(self, double events, double octets):
        """Let less than so many pass, those that go through Python counted in, which is told the last one."""
        self._events_left = events
        self._octets_left = octets

    cpdef on_ws_frame(self, WSTransport transport, WSFrame frame):
        cdef int kind
        self.heard = True
        self._events_left -= 1
        self._octets_left -= frame.payload_size
        if (
            self._sink is not None
            and self.lane_direct
            and not self._sink.lane_shut
            and frame.fin
            and not self.fragmented
            and not (frame.rsv1 or frame.rsv2 or frame.rsv3)
            and frame.payload_size <= self._most_bytes
            and self._events_left > 0
            and self._octets_left > 0
        ):
            kind = self._kind_of(frame)
            if kind >= 0 and not self._kinds[kind].wanted and self._pass_on(frame, kind):
                return
        if self._batched:
            self._flush()
        self._last = -1
        self.on_frame(transport, frame)

    cdef int _kind_of(self, WSFrame frame) except -2:
        """The number of the message's type, or -1 where none is proved."""
        cdef Span type_
        cdef int i
        cdef bint found
        if frame.msg_type == WSMsgType.BINARY and self._append is not None:
            type_.start = self._append_kind
            type_.length = len(self._append_kind)
            found = True
        elif frame.msg_type != WSMsgType.TEXT:
            found = False
        elif self._is_peers:
            found = _peer_type(frame.payload_ptr, frame.payload_size, &type_)
        else:
            found = _upstream_type(frame.payload_ptr, frame.payload_size, &type_)
        if not found:
            return -1
        for i in range(self._known):
            if self._kinds[i].length == type_.length and memcmp(self._kinds[i].name, type_.start, type_.length) == 0:
                return i
        return self._learn(&type_)

    cdef int _learn(self, Span* type_) except -2:
        """Ask whether the type is wanted, and keep the answer in the place of the oldest."""
        cdef int i = self._oldest
        cdef Kind* entry = &self._kinds[i]
        cdef str kind = type_.start[:type_.length].decode("ascii")
        entry.wanted = self._flow.wants(kind)
        entry.length = type_.length
        memcpy(entry.name, type_.start, type_.length)
        self._counts[i] = self._tally.count_of(self._flow.label(kind))
        self._names[i] = kind
        self._oldest = (i + 1) % KINDS
        self._known = max(self._known, i + 1)
        if self._last == i:
            self._last = -1
        return i

    cdef bint _pass_on(self, WSFrame frame, int kind) except -1:
        """Send the message as it is, or as the other end wants it; returns whether that was done."""
        cdef str name = self._names[kind]
        if frame.msg_type == WSMsgType.BINARY:
            return self._forward_bytes(frame, kind)
        if self._sink._audio is not None and (name == "response.output_audio.delta" or name == "session.output_audio.delta"):
            return name == "response.output_audio.delta" and self._forward_delta(frame, kind)
        self._forward(frame, kind)
        return True

    cdef char* _room(self, Py_ssize_t size) except NULL:
        """Memory for a message of this size that is made anew, with room for its headers before it."""
        cdef Py_ssize_t needed = HEADER_BYTES + AUDIO_HEADER_BYTES + size
        if needed > self._scratch_bytes:
            free(self._scratch)
            self._scratch = <char*>malloc(needed)
            self._scratch_bytes = needed if self._scratch != NULL else 0
            if self._scratch == NULL:
                raise MemoryError
        return self._scratch + HEADER_BYTES + AUDIO_HEADER_BYTES

    cdef bint _forward_bytes(self, WSFrame frame, int kind) except -1:
        """Send a peer's audio as the event that it stands for."""
        cdef double arrived_at = _now()
        cdef Py_ssize_t prefix = len(self._append)
        cdef Py_ssize_t encoded = (frame.payload_size + 2) // 3 * 4
        cdef char* message = self._room(prefix + encoded + 2)
        memcpy(message, <const char*>self._append, prefix)
        _encode(<const uint8_t*>frame.payload_ptr, frame.payload_size, message + prefix)
        message[prefix + encoded] = b'"'
        message[prefix + encoded + 1] = b'}'
        self._octets_left -= prefix + encoded + 2 - frame.payload_size
        self._record(message, prefix + encoded + 2)
        self._send_made(WSMsgType.TEXT, message, prefix + encoded + 2, prefix + encoded + 2, kind, arrived_at)
        return True

    cdef bint _forward_delta(self, WSFrame frame, int kind) except -1:
        """Send a piece of an answer's audio as bytes, with the header that says whose it is."""
        cdef double arrived_at = _now()
        cdef Delta delta
        cdef Py_ssize_t size
        cdef char* audio
        cdef bytes header
        if not _read_delta(frame.payload_ptr, frame.payload_size, &delta):
            return False
        audio = self._room(delta.audio.length)
        size = _decode(<const uint8_t*>delta.audio.start, delta.audio.length, <uint8_t*>audio)
        if size < 0 or delta.item_id.length > AUDIO_HEADER_BYTES // 2:
            return False
        item_id = delta.item_id.start[:delta.item_id.length].decode("ascii")
        header = self._sink._audio.header(item_id, delta.content_index, size)
        memcpy(audio - len(header), <const char*>header, len(header))
        self._record(frame.payload_ptr, frame.payload_size)
        self._send_made(
            WSMsgType.BINARY, audio - len(header), len(header) + size, frame.payload_size, kind, arrived_at
        )
        return True

    cdef int _send_made(
        self, WSMsgType form, char* message, Py_ssize_t size, Py_ssize_t counted, int kind, double arrived_at
    ) except -1:
        """Send a message that was made in `_room`, behind those that wait to leave together."""
        cdef WSTransport target = self._sink._own_transport
        if self._batched:
            self._flush()
        self._count(kind, counted)
        if not (target.is_close_frame_sent or target.is_disconnected):
            target.send_reuse_external_buffer(form, message, size)
        self._tally.observe(_now() - arrived_at)
        return 0

    cdef inline int _record(self, const char* text, Py_ssize_t size) except -1:
        recorder = self._sink._recorder if self._is_peers else self._recorder
        if recorder is not None:
            (recorder.sent_up if self._is_peers else recorder.came_down)(text[:size].decode("ascii"), monotonic())
        return 0

    cdef int _count(self, int kind, Py_ssize_t size) except -1:
        cdef LaneCount count = <LaneCount>self._counts[kind]
        count.events += 1
        count.octets += size
        self.events += 1
        self.octets += size
        if kind != self._last:
            self._last = kind
            self._flow.last_type = self._names[kind]
        return 0

    cdef int _forward(self, WSFrame frame, int kind) except -1:
        """Put the message behind those that leave together, and let them go when the read buffer has no more."""
        cdef WSTransport target = self._sink._own_transport
        cdef Py_ssize_t size = frame.payload_size
        cdef Py_ssize_t header_bytes = target._get_header_size(size)
        cdef char* start = frame.payload_ptr - header_bytes
        if self._batched and (start != self._batch + self._batch_bytes or self._batched == BATCH):
            self._flush()
        self._record(frame.payload_ptr, size)
        cdef uint32_t mask = target._prepare_header(<uint8_t*>start, WSMsgType.TEXT, size, True, False, False, False)
        if mask:
            _mask(<uint8_t*>frame.payload_ptr, size, mask)
        if self._batched == 0:
            self._batch = start
            self._batch_bytes = 0
        self._batch_bytes += header_bytes + size
        self._arrived_at[self._batched] = _now()
        self._batched += 1
        self._count(kind, size)
        if self._batch_bytes >= BATCH_BYTES or not self._another_follows(frame):
            self._flush()
        return 0

    cdef inline bint _another_follows(self, WSFrame frame) noexcept:
        """Whether this leg is sure to be called for the next frame, so that what is batched does not stay behind.

        picows drops a frame that it has read where the one after it breaks the protocol, so both are looked at.
        """
        cdef const uint8_t* at = <const uint8_t*>(frame.payload_ptr + frame.payload_size)
        cdef Py_ssize_t left = frame.tail_size
        cdef Py_ssize_t size
        if frame.last_in_buffer:
            return False
        size = self._whole_text(at, left)
        if size <= 0 or size > left:
            return False
        at += size
        left -= size
        return left < 2 or self._whole_text(at, left) != 0

    cdef inline Py_ssize_t _whole_text(self, const uint8_t* at, Py_ssize_t left) noexcept:
        """How long a frame is that is a whole text message as this lane takes it; 0 for others, -1 for not there yet."""
        cdef Py_ssize_t size, mask_bytes = 4 if self._is_peers else 0
        if left < 2:
            return -1
        if at[0] != 0x81 or (at[1] >= 0x80) != self._is_peers:
            return 0
        size = at[1] & 0x7F
        if size < 126:
            return 2 + mask_bytes + size
        if size == 127:
            return 0
        if left < 4:
            return -1
        size = (<Py_ssize_t>at[2] << 8) | at[3]
        return 4 + mask_bytes + size if size <= self._most_bytes else 0

    cdef int _flush(self) except -1:
        cdef WSTransport target
        cdef int i, batched = self._batched
        cdef double now
        self._batched = 0
        if self._sink is None:
            return 0
        target = self._sink._own_transport
        if target is not None and not (target.is_close_frame_sent or target.is_disconnected):
            target._fast_write(self._batch, self._batch_bytes)
        now = _now()
        for i in range(batched):
            self._tally.observe(now - self._arrived_at[i])
        return 0


cdef inline void _mask(uint8_t* payload, Py_ssize_t size, uint32_t mask) noexcept nogil:
    """Mask a payload where it lies (RFC 6455, 5.3), eight bytes at a time."""
    cdef uint64_t wide = (<uint64_t>mask << 32) | mask
    cdef uint64_t word
    cdef Py_ssize_t i = 0
    while i + 8 <= size:
        memcpy(&word, payload + i, 8)
        word ^= wide
        memcpy(payload + i, &word, 8)
        i += 8
    while i < size:
        payload[i] ^= (<uint8_t*>&mask)[i & 3]
        i += 1
