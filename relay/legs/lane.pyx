# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
# cython: auto_pickle=False, freethreading_compatible=False
"""The fast lane: whole text messages that nobody wants to see go from one socket to the other in compiled code.

Theory of operation. A leg on picows is a `LaneListener`, and before its picows stands a `LaneProtocol`, which splits
what is read into frames and offers them to the leg. The leg takes one and forwards it where all of this is so:

    joined     the session has joined this leg's lane to the other leg's (`join_lane`)
    direct     nothing that came before waits in this leg, so that order is kept over both paths
    let        what the peer may still send is not used up by it
    clear      the other leg's socket takes what it is given, and neither leg is closing
    whole      the frame is one whole text message, not too large, without reserved bits
    plain      its payload is ASCII, so it is valid UTF-8; of a peer, it is also proved to have one meaning (below)
    unwanted   the session has said that nobody wants to see messages of its type

Everything else is told picows, which parses it and calls the leg's Python (`on_frame`). What passes leaves as it came,
in the very buffer that it was read into, with another mask where the other end wants one. Messages that lie side by
side in what one read brought leave in one write. The session is asked once for each type and session, and again when
what is wanted has changed.

The sockets. Once a leg without TLS is joined, its socket is no longer read by the event loop but by a `LanePoll`: the
loop is told once a turn that some of its sockets can be read, and the poll reads each of them once, all into the same
buffer. So nothing is allocated, and Python is not entered, for what passes.

The proof. An upstream is trusted to say the type first, perhaps after an id: a match is proof enough. A peer may lie,
so only a message with no room for a second meaning passes unread: one flat JSON object of at most `MOST_MEMBERS`
members, each a plain lower-case key, none twice, with a plain string, no escapes, and a type among them.

Audio in bytes. Where a peer has agreed on `relay.binary.v1` its leg has a `BinaryAudio`, and the lane does what that
does: a peer's binary message leaves as the event that it stands for, and an audio delta as a binary message. A delta of
another form than the API's own goes through Python.

Dialects. What a translation does not touch passes; what it only calls otherwise passes under its other name, so that
an old client's audio is forwarded like any other. What it writes anew goes through Python. Nothing that goes up is
called otherwise.

Sound. Where somebody has to know how long each answer is (`relay.core.sound`), the bytes of its audio are counted as
they pass; that is told when another item begins, or when it is asked for.

Recordings. Where the upstream's leg is recorded, each message is put aside for its recorder before it leaves; the lines
of frequent ones are made here (`LaneLines`).

What was said last. Where another upstream may have to be told it, the latest appends are kept as they pass, and how much
audio there was in all (`LaneAppends`).

Counted here, and read when somebody asks: messages and bytes by type, and how long each stayed in the relay.
"""

import asyncio
import contextvars

from cpython.buffer cimport PyBUF_WRITABLE, PyBUF_WRITE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_FromMemory
from libc.errno cimport EAGAIN, EINTR, errno
from libc.math cimport INFINITY
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.stdio cimport snprintf
from libc.stdlib cimport free, malloc, rand, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset, strlen
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

from picows.picows cimport WSFrame, WSListener, WSMsgType, WSTransport

EDITION = 6
"""To be counted up with what Python calls here, so that a build that was left over is not taken for this one."""

cdef enum:
    MOST_MEMBERS = 4
    MOST_KEY_CHARS = 32
    HEADER_BYTES = 14
    AUDIO_HEADER_BYTES = 256
    ITEM_ID_CHARS = 64
    MOST_FIELDS = 16


cdef struct Span:
    const char* start
    Py_ssize_t length


cdef inline double _now() noexcept nogil:
    cdef timespec time
    clock_gettime(CLOCK_MONOTONIC, &time)
    return <double>time.tv_sec + <double>time.tv_nsec * 1e-9


include "lane_counting.pxi"
include "lane_reading.pxi"
include "lane_base64.pxi"
include "lane_dialect.pxi"
include "lane_recording.pxi"
include "lane_appends.pxi"


def proved_type(bytes message, bint is_peers):
    """The type of a message that the lane would read, or None where it hands it to Python; for tests."""
    cdef Span type_
    cdef const char* text = message
    cdef bint found = (_peer_type if is_peers else _upstream_type)(text, len(message), &type_)
    return type_.start[:type_.length].decode("ascii") if found else None


cdef class LaneProtocol
cdef class LanePoll


cdef class LaneListener(WSListener):
    """A leg's listener, with a lane out of it.

    Attributes:
        lane_direct: whether the next message would be delivered at once; the leg keeps it up to date.
        fragmented: whether a message in fragments is under way; the leg keeps it up to date.
        lane_shut: whether this end takes nothing from a lane: it is congested, or closing.
        lane_unsure: whether something that was sent past the lane may still wait to leave; the leg sets it.
        heard: set by whatever arrives, for the keepalive.
        events, octets: what went through the lane out of this leg.
    """

    # What each message needs comes first: it lies in two or three lines of the processor's cache, which are mostly cold.
    cdef public bint lane_shut, lane_unsure, lane_direct, fragmented, heard
    cdef bint _is_peers, lane_closed
    cdef int _socket, _last, _batched
    cdef LaneListener _sink
    cdef LaneTally _tally
    cdef uint64_t[TYPE_WORDS] _asked
    cdef uint64_t[TYPE_WORDS] _wanted
    cdef double _events_left, _octets_left, _arrived_at
    cdef readonly int64_t events, octets
    cdef Py_ssize_t _most_bytes, _batch_bytes
    cdef char* _batch
    cdef object _recorder, _audio, _dialect_heard, _dialect_said
    cdef LaneLines _lines
    cdef LaneProtocol _protocol
    cdef WSTransport _own_transport
    cdef object _flow
    cdef bytes _append
    cdef int _append_number, _sound_number, _sound_part
    cdef object _add_sound
    cdef int64_t _sound_octets
    cdef Py_ssize_t _sound_chars
    cdef char[ITEM_ID_CHARS] _sound_item
    cdef int _kept_number
    cdef LaneAppends _kept

    def __cinit__(self):
        self.lane_direct = self.fragmented = self.heard = self.lane_unsure = False
        self.lane_shut = True
        self.events = self.octets = 0
        self._events_left = self._octets_left = INFINITY
        self._batched = 0
        self._last = self._socket = self._append_number = self._sound_number = self._kept_number = -1
        self._sound_octets = self._sound_chars = self._sound_part = 0

    def lane_connected(self, WSTransport transport):
        """The leg's connection is there."""
        self._own_transport = transport
        self._socket = -1 if transport.is_secure else transport._socket
        self.lane_shut = False

    def join_lane(self, LaneListener sink, flow, LaneTally tally, bint is_peers, Py_ssize_t most_bytes, LanePoll poll):
        """Open the lane from this leg to `sink`.

        Args:
            flow: the direction, as the session has it: asked which types are wanted, and told which came last.
            tally: counts for the process.
            is_peers: whether a peer speaks here, of whom everything is proved.
            most_bytes: a larger message goes through Python.
            poll: reads this leg's socket from now on.
        """
        self._tally = tally
        self._flow = flow
        self._is_peers = is_peers
        self._most_bytes = most_bytes
        self.forget()
        self._sink = sink
        if self._own_transport is not None:  # else the connection has ended meanwhile
            self._own_transport.request = self._own_transport.response = None  # of a handshake that is over
        if self._append is not None:
            kind = self._audio.append.encode("ascii")
            self._append_number = tally.number_of(kind, len(kind))
        if self._protocol is not None:
            self._protocol.join(poll)

    def speak_bytes(self, audio):
        """This leg's peer speaks audio in bytes, as `audio` (a `BinaryAudio`) has it."""
        self._audio = audio
        self._append = f'{{"type":"{audio.append}","audio":"'.encode("ascii")

    def speak_dialect(self, heard, said):
        """This leg's end speaks a dialect; `OneWay`s have what becomes of what it says and is told, or None for GA."""
        self._dialect_heard, self._dialect_said = heard, said
        self.forget()
        if self._sink is not None:
            self._sink.forget()

    def count_sound(self, add):
        """Count the audio of this leg's upstream, and tell `add` item, part and bytes; see `relay.core.sound`."""
        cdef bytes kind = b"response.output_audio.delta"
        self._add_sound = add
        self._sound_number = self._tally.number_of(kind, len(kind))

    def tell_sound(self):
        """Tell what has been counted and not told."""
        cdef int64_t octets = self._sound_octets
        self._sound_octets = 0
        if octets and self._add_sound is not None:
            self._add_sound(self._sound_item[:self._sound_chars].decode("ascii"), self._sound_part, octets)

    def keep_appends(self, told):
        """Keep what this leg's peer says last, from now on; see `relay.core.unfinished`. Returns the `LaneAppends`."""
        cdef bytes kind = b"input_audio_buffer.append"
        self._kept_number = self._tally.number_of(kind, len(kind))
        self._kept = LaneAppends(told)
        return self._kept

    def record_with(self, recorder):
        """This leg's upstream is recorded: what leaves for it is told `sent_up`, what comes from it `came_down`.

        Of what is plain the line is made here and put by `put_line`, unless `plain_secrets` is None.
        """
        self._recorder = recorder
        secrets = recorder.plain_secrets
        self._lines = None if secrets is None else LaneLines(recorder, secrets, recorder.opened_at)

    def lane_reads(self, bint on):
        """Read the connection, or read it no further; returns whether that is the lane's to do."""
        return self._protocol is not None and self._protocol.read(on)

    def relink(self, LaneListener sink):
        """Have the lane out of this leg end at another leg."""
        self._sink = sink
        self.forget()
        if self._protocol is not None and self._protocol._slot >= 0:
            self._protocol._poll.slots[self._protocol._slot].sink = <void*>sink

    def unlink(self):
        """Have nothing pass any more; what was counted stays to be read."""
        self.tell_sound()
        self._add_sound = None
        self._sink = None

    def leave_lane(self):
        """Close the lane for good."""
        self.unlink()
        self._flow = self._kept = None
        self._kept_number = -1
        self._own_transport = None

    def forget(self):
        """What is wanted has changed: ask anew for each type."""
        self._asked[0] = self._asked[1] = 0

    def let(self, double events, double octets):
        """Let less than so many pass, those that go through Python counted in, which is told the last one."""
        self._events_left = events
        self._octets_left = octets

    cpdef on_ws_frame(self, WSTransport transport, WSFrame frame):
        self.heard = True
        self._events_left -= 1
        self._octets_left -= frame.payload_size
        self._last = -1
        try:
            self.on_frame(transport, frame)
        except BaseException:
            self.lane_shut = True  # picows closes the connection
            raise

    # What the protocol calls.

    cdef inline bint may_pass(self, uint8_t first) noexcept:
        """Whether a message whose frame begins like that could pass now."""
        return (
            self._sink is not None
            and self.lane_direct
            and not self._sink.lane_shut
            and not self.lane_closed
            and (first == WHOLE_TEXT or (first == WHOLE_BINARY and self._append_number >= 0))
            and not self.fragmented
        )

    cdef bint offer(self, char* frame, int header_bytes, Py_ssize_t size) except -1:
        """Let the message pass, which is all there and may be written over, with room for a header before it.

        Returns:
            Whether it has passed. If not, the frame is still to be read, with a mask of zeros where it had one.
        """
        cdef char* payload = frame + header_bytes
        cdef Span type_
        cdef int number
        if self._events_left <= 1 or self._octets_left <= size:
            return False
        if self._is_peers:
            _unmask(payload, size)
        number = self._type_of(<uint8_t>frame[0], payload, size, &type_)
        if number < 0 or self._is_wanted(number) or not self._pass_on(frame, header_bytes, size, number, &type_):
            return False
        self._events_left -= 1
        self._octets_left -= size
        return True

    cdef int flush(self) except -1:
        """Let go what waits to leave together."""
        cdef int batched = self._batched
        if batched and self._sink is not None:
            self._batched = 0
            self._sink.put(self._batch, self._batch_bytes)
            self._tally.observe(_now() - self._arrived_at, batched)
        return 0

    cdef int put(self, char* frames, Py_ssize_t size) except -1:
        """Send these bytes to this leg's end, behind what waits for it."""
        cdef Py_ssize_t sent
        if (self.lane_shut or self.lane_unsure or self._socket < 0) and not self._is_clear():
            return self._write(frames, size)
        sent = lane_send(self._socket, frames, size)
        return 0 if sent == size else self._write(frames + max(sent, 0), size - max(sent, 0))

    cdef bint _is_clear(self) except -1:
        """Whether nothing waits for this leg's end, so that its socket can be written."""
        if self.lane_shut or self._socket < 0 or self._own_transport._tr_get_write_buffer_size():
            return False
        self.lane_unsure = False
        return True

    cdef int _write(self, const char* octets, Py_ssize_t size) except -1:
        """Have the transport send these bytes when it can, unless the connection is closing."""
        cdef WSTransport transport = self._own_transport
        self.lane_unsure = True
        if transport is not None and not (transport.is_close_frame_sent or transport.is_disconnected):
            transport._tr_write(octets[:size])
        return 0

    # How it is done.

    cdef int _type_of(self, uint8_t first, const char* payload, Py_ssize_t size, Span* type_) except -2:
        """The number of the message's type in GA, or -1 where none is proved, or none that is known."""
        cdef bytes name
        if first == WHOLE_BINARY:
            return self._append_number
        if not (_peer_type if self._is_peers else _upstream_type)(payload, size, type_):
            return -1
        if self._dialect_heard is not None and not self._is_peers:
            name = _in_words_of(self._dialect_heard, type_.start[:type_.length])
            return self._tally.number_of(name, len(name))
        return self._tally.number_of(type_.start, type_.length)

    cdef inline bint _is_wanted(self, int number) except -1:
        """Whether the session has said, or says now, that somebody wants to see it."""
        cdef uint64_t bit = <uint64_t>1 << (number & 63)
        cdef int word = number >> 6
        if not self._asked[word] & bit:
            if self._flow.wants(self._tally._names[number]) or self._is_rewritten(self._tally._names[number]):
                self._wanted[word] |= bit
            else:
                self._wanted[word] &= ~bit
            self._asked[word] |= bit
        return (self._wanted[word] & bit) != 0

    cdef bint _is_rewritten(self, str name) except -1:
        """Whether a translation at either end makes other events of those of this type."""
        heard, said = self._dialect_heard, self._sink._dialect_said
        return (heard is not None and heard.rewrites(name)) or (said is not None and said.rewrites(name))

    cdef bint _pass_on(self, char* frame, int header_bytes, Py_ssize_t size, int number, Span* type_) except -1:
        """Send the message as it is, or as the other end wants it; returns whether that was done."""
        cdef str name
        if <uint8_t>frame[0] == WHOLE_BINARY:
            return self._forward_bytes(frame + header_bytes, size, number)
        if self._sink._audio is not None:
            name = self._tally._names[number]
            if name == "response.output_audio.delta":
                return type_.length == len(name) and self._forward_delta(frame + header_bytes, size, number)
            if name == "session.output_audio.delta":
                return False
        elif number == self._sound_number and not self._count_delta(frame + header_bytes, size):
            return False
        if not self._is_peers and (self._dialect_heard is not None or self._sink._dialect_said is not None):
            self._forward_named(frame, header_bytes, size, number, type_)
        else:
            self._forward(frame, header_bytes, size, number)
        return True

    cdef bint _forward_bytes(self, const char* octets, Py_ssize_t size, int number) except -1:
        """Send a peer's audio as the event that it stands for."""
        cdef Py_ssize_t prefix = len(self._append)
        cdef Py_ssize_t encoded = (size + 2) // 3 * 4
        cdef char* message
        if number == self._kept_number and prefix + encoded + 2 >= KEPT_BYTES:
            return False
        message = self._protocol.scratch(prefix + encoded + 2)
        memcpy(message, <const char*>self._append, prefix)
        _encode(<const uint8_t*>octets, size, message + prefix)
        message[prefix + encoded] = b'"'
        message[prefix + encoded + 1] = b'}'
        self._octets_left -= prefix + encoded + 2 - size
        self._record(message, prefix + encoded + 2)
        if number == self._kept_number:
            self._kept.put(message, prefix + encoded + 2, size)
        self._send_made(WSMsgType.TEXT, message, prefix + encoded + 2, prefix + encoded + 2, number)
        return True

    cdef bint _forward_delta(self, const char* text, Py_ssize_t size, int number) except -1:
        """Send a piece of an answer's audio as bytes, with the header that says whose it is."""
        cdef Delta delta
        cdef Py_ssize_t audio_bytes
        cdef char* audio
        cdef bytes header
        memset(&delta, 0, sizeof(delta))
        if not _read_delta(text, size, &delta):
            return False
        audio = self._protocol.scratch(delta.audio.length)
        audio_bytes = _decode(<const uint8_t*>delta.audio.start, delta.audio.length, <uint8_t*>audio)
        if audio_bytes < 0 or delta.item_id.length > AUDIO_HEADER_BYTES // 2:
            return False
        if number == self._sound_number and not self._count_sound(&delta):
            return False
        item_id = delta.item_id.start[:delta.item_id.length].decode("ascii")
        header = self._sink._audio.header(item_id, delta.content_index, audio_bytes)
        memcpy(audio - len(header), <const char*>header, len(header))
        self._record(text, size)
        self._send_made(WSMsgType.BINARY, audio - len(header), len(header) + audio_bytes, size, number)
        return True

    cdef bint _count_delta(self, const char* text, Py_ssize_t size) except -1:
        """Count the audio of a message; returns whether it is of the API's own form."""
        cdef Delta delta
        memset(&delta, 0, sizeof(delta))
        return _read_delta(text, size, &delta) and self._count_sound(&delta)

    cdef bint _count_sound(self, Delta* delta) except -1:
        cdef const char* encoded = delta.audio.start
        cdef Py_ssize_t chars = delta.audio.length
        cdef bint is_same = (
            delta.item_id.length == self._sound_chars
            and delta.content_index == self._sound_part
            and memcmp(delta.item_id.start, self._sound_item, self._sound_chars) == 0
        )
        if not is_same:
            if delta.item_id.length > ITEM_ID_CHARS:
                return False
            self.tell_sound()
            memcpy(self._sound_item, delta.item_id.start, delta.item_id.length)
            self._sound_chars, self._sound_part = delta.item_id.length, delta.content_index
        while chars and encoded[chars - 1] == b'=':
            chars -= 1
        self._sound_octets += chars * 3 // 4
        return True

    cdef int _send_made(self, WSMsgType form, char* message, Py_ssize_t size, Py_ssize_t counted, int number) except -1:
        """Send a message that was made in scratch memory, behind those that wait to leave together."""
        cdef WSTransport target = self._sink._own_transport
        cdef int header_bytes = target._get_header_size(size)
        self.flush()
        self._count(number, counted)
        target._prepare_header(<uint8_t*>message - header_bytes, form, size, True, False, False, False)
        if self._is_peers:
            _mask(message, size)
        self._sink.put(message - header_bytes, header_bytes + size)
        self._tally.observe(_now() - self._arrived_at, 1)
        return 0

    cdef inline int _record(self, const char* text, Py_ssize_t size) except -1:
        cdef LaneListener leg = self._sink if self._is_peers else self
        cdef double now
        if leg._recorder is None:
            return 0
        now = _now()
        if leg._lines is None or not leg._lines.put(text, size, self._is_peers, now):
            (leg._recorder.sent_up if self._is_peers else leg._recorder.came_down)(text[:size].decode("ascii"), now)
        return 0

    cdef inline int _count(self, int number, Py_ssize_t size) except -1:
        self._tally.count(number, size)
        self.events += 1
        self.octets += size
        if number != self._last:
            self._last = number
            self._flow.last_type = self._tally._names[number]
        return 0

    cdef int _forward(self, char* frame, int header_bytes, Py_ssize_t size, int number) except -1:
        """Send the message with its header as it is.

        What a peer masks has to be masked for an upstream, too, and nothing the other way.
        """
        self._record(frame + header_bytes, size)
        if number == self._kept_number:
            self._kept.put(frame + header_bytes, size, _audio_bytes(frame + header_bytes, size))
        if self._is_peers:
            _mask(frame + header_bytes, size)
        self._line_up(frame, header_bytes + size)
        self._count(number, size)
        return 0

    cdef int _forward_named(self, char* frame, int header_bytes, Py_ssize_t size, int number, Span* type_) except -1:
        """Send an upstream's message under the name that the peer has for its type; it is counted as GA has it."""
        cdef str in_ga = self._tally._names[number]
        cdef bytes name = in_ga.encode("ascii")
        cdef Py_ssize_t counted = size + len(name) - type_.length
        cdef char* made
        if self._recorder is not None:
            self._record_named(frame + header_bytes, size, type_, name)
        if self._sink._dialect_said is not None:
            name = _in_words_of(self._sink._dialect_said, name)
        if _is_same(type_, name):
            self._line_up(frame, header_bytes + size)
        elif len(name) < type_.length:
            self._line_up_shorter(frame, header_bytes, size, type_, name)
        else:
            made = self._protocol.scratch(size + len(name))
            size = _write_named(made, frame + header_bytes, size, type_, name)
            self._send_made(WSMsgType.TEXT, made, size, counted, number)
            return 0
        self._count(number, counted)
        return 0

    cdef int _record_named(self, const char* text, Py_ssize_t size, Span* type_, bytes name) except -1:
        """Record an upstream's message as GA has it."""
        cdef char* made
        if _is_same(type_, name):
            return self._record(text, size)
        made = self._protocol.scratch(size + len(name))
        return self._record(made, _write_named(made, text, size, type_, name))

    cdef int _line_up_shorter(self, char* frame, int header_bytes, Py_ssize_t size, Span* type_, bytes name) except -1:
        """Make the message shorter where it lies, right behind those that leave together."""
        cdef WSTransport target = self._sink._own_transport
        cdef char* at = self._batch + self._batch_bytes if self._batched else frame
        cdef int new_header_bytes = target._get_header_size(size - type_.length + len(name))
        size = _write_named(at + new_header_bytes, frame + header_bytes, size, type_, name)
        target._prepare_header(<uint8_t*>at, WSMsgType.TEXT, size, True, False, False, False)
        return self._line_up(at, new_header_bytes + size)

    cdef int _line_up(self, char* frame, Py_ssize_t size) except -1:
        """Put a frame behind those that leave together."""
        if self._batched and frame != self._batch + self._batch_bytes:
            self.flush()
        if self._batched == 0:
            self._batch = frame
            self._batch_bytes = 0
        self._batch_bytes += size
        self._batched += 1
        return 0


include "lane_frames.pxi"
include "lane_poll.pxi"
