# From bytes to frames (RFC 6455, 5.2), and from a socket to picows: `LaneProtocol`.

cdef enum:
    WHOLE_TEXT = 0x81
    WHOLE_BINARY = 0x82
    READ_BYTES = 65536
    PEER_READ_BYTES = 16384
    REST_BYTES = 65536 + 14


cdef int _frame_header(const uint8_t* at, Py_ssize_t left, Py_ssize_t* size) noexcept nogil:
    """How long a frame's header is, its mask included: 0 where it is not all there, -1 where its size is wrong."""
    cdef int mask_bytes, i
    cdef uint64_t long_size = 0
    if left < 2:
        return 0
    mask_bytes = 4 if at[1] & 0x80 else 0
    size[0] = at[1] & 0x7F
    if size[0] < 126:
        return 2 + mask_bytes if left >= 2 + mask_bytes else 0
    if size[0] == 126:
        if left < 4 + mask_bytes:
            return 0
        size[0] = (<Py_ssize_t>at[2] << 8) | at[3]
        return 4 + mask_bytes if size[0] >= 126 else -1
    if left < 10 + mask_bytes:
        return 0
    for i in range(8):
        long_size = (long_size << 8) | at[2 + i]
    if long_size < 65536 or long_size >> 63:
        return -1
    size[0] = <Py_ssize_t>long_size
    return 10 + mask_bytes


cdef inline void _apply_mask(char* payload, Py_ssize_t size, uint32_t mask) noexcept nogil:
    """Mask or unmask a payload where it lies (RFC 6455, 5.3), eight bytes at a time."""
    cdef uint64_t wide = (<uint64_t>mask << 32) | mask
    cdef uint64_t word
    cdef Py_ssize_t i = 0
    while i + 8 <= size:
        memcpy(&word, payload + i, 8)
        word ^= wide
        memcpy(payload + i, &word, 8)
        i += 8
    while i < size:
        payload[i] ^= (<char*>&mask)[i & 3]
        i += 1


cdef inline void _unmask(char* payload, Py_ssize_t size) noexcept nogil:
    """Unmask what follows its mask, which is zeros from then on."""
    cdef uint32_t mask
    memcpy(&mask, payload - 4, 4)
    _apply_mask(payload, size, mask)
    memset(payload - 4, 0, 4)


cdef inline void _mask(char* payload, Py_ssize_t size) noexcept nogil:
    """Mask a payload anew, with room for the mask before it."""
    cdef uint32_t mask = <uint32_t>rand() ^ (<uint32_t>rand() << 16)
    memcpy(payload - 4, &mask, 4)
    _apply_mask(payload, size, mask)


cdef class LaneProtocol:
    """A connection's protocol: offers its leg the messages that may pass, and tells picows all else that is read.

    Until the leg is joined picows is told everything, and here it is only kept in mind where the frames begin.

    Attributes:
        picows: the protocol that parses what does not pass.
    """

    cdef LaneListener _leg
    cdef LanePoll _poll
    cdef readonly object picows
    cdef bint _is_framed, _is_broken, _is_lent
    cdef int _slot, _header_bytes
    cdef Py_ssize_t _owed, _rest_bytes
    cdef char* _rest
    cdef char* _room
    cdef uint8_t[HEADER_BYTES] _header

    def __cinit__(self):
        self._slot = -1
        self._is_framed = self._is_broken = self._is_lent = False
        self._header_bytes = 0
        self._owed = self._rest_bytes = 0
        self._rest = NULL

    def __init__(self, picows, LaneListener leg):
        self.picows = picows
        self._leg = leg

    def __dealloc__(self):
        free(self._rest)

    # What the transport calls.

    @property
    def transport(self):
        return self.picows.transport

    def connection_made(self, transport):
        self.picows.connection_made(transport)

    def connection_lost(self, exc):
        self._leave()
        self._poll = None
        self._leg._protocol = None
        self.picows.connection_lost(exc)

    def eof_received(self):
        return self.picows.eof_received()

    def pause_writing(self):
        self.picows.pause_writing()

    def resume_writing(self):
        self.picows.resume_writing()

    def get_buffer(self, size_hint):
        cdef Py_ssize_t size
        cdef Py_buffer room
        self._is_lent = self._poll is not None and not self._poll.is_busy
        if self._is_lent:
            self._room = self._poll.buffer + HEADER_BYTES + self._rest_bytes
            return PyMemoryView_FromMemory(self._room, self._most(), PyBUF_WRITE)
        if self._rest_bytes:
            self._tell_rest()
        view = self.picows.get_buffer(size_hint)
        PyObject_GetBuffer(view, &room, PyBUF_WRITABLE)
        self._room = <char*>room.buf
        size = min(room.len, <Py_ssize_t>PEER_READ_BYTES)
        PyBuffer_Release(&room)
        return PyMemoryView_FromMemory(self._room, size, PyBUF_WRITE)

    def buffer_updated(self, Py_ssize_t size):
        if self._is_lent:
            self._is_lent = False
            self._take_behind_rest(size, _now())
            return
        if self._is_framed:
            self._follow(self._room, size)
        self.picows.buffer_updated(size)
        if not self._is_framed and self._leg._own_transport is not None:
            self._is_framed = True  # what was told so far was the handshake
            self._leg._protocol = self

    # What the leg calls.

    cdef char* scratch(self, Py_ssize_t size) except NULL:
        """Memory for a message of this size that is made anew, with room for its headers before it."""
        return self._poll.scratch(HEADER_BYTES + AUDIO_HEADER_BYTES + size) + HEADER_BYTES + AUDIO_HEADER_BYTES

    cdef int join(self, LanePoll poll) except -1:
        """Offer messages from now on, and read the socket, if it has no TLS, with the poll."""
        cdef WSTransport transport = self._leg._own_transport
        cdef Slot* slot
        self._poll = poll
        if not transport.is_secure and poll.enter(self):
            slot = &self._poll.slots[self._slot]
            slot.socket, slot.is_read = transport._socket, False
            slot.protocol, slot.leg, slot.sink = <void*>self, <void*>self._leg, <void*>self._leg._sink
            self._expect()
            if transport.underlying_transport.is_reading():
                transport.underlying_transport.pause_reading()
                self.read(True)
        return 0

    cdef bint read(self, bint on) except -1:
        """Read the socket, or read it no further; returns whether it is read here."""
        if self._slot < 0:
            return False
        if on != self._poll.slots[self._slot].is_read:
            if not on or not self._leg._own_transport.underlying_transport.is_closing():
                self._poll.watch(self, on)
        return True

    # What the poll calls.

    cdef int received(self, Py_ssize_t size, double now) except -1:
        """Deal with what was read into the poll's buffer, with room for the rest before it."""
        if size > 0:
            self._take_behind_rest(size, now)
        else:
            self._hand_back()
        return 0

    # How it is done.

    cdef inline Py_ssize_t _most(self) noexcept:
        """How much is read at a time.

        A peer may fill it with thousands of frames that picows has to be told, and all are dealt with in a row. An
        upstream does not, and neither is there more than one frame in the middle of a large one.
        """
        return PEER_READ_BYTES if self._leg._is_peers and self._owed < READ_BYTES else READ_BYTES

    cdef inline void _expect(self) noexcept:
        """Say how much is to be read next, and how much stands before it."""
        if self._slot >= 0:
            self._poll.slots[self._slot].rest_bytes = self._rest_bytes
            self._poll.slots[self._slot].most_bytes = self._most()

    cdef int _take_behind_rest(self, Py_ssize_t size, double now) except -1:
        """Deal with what was read, and the kept beginning before it; what that raises is the leg's to tell."""
        cdef char* data = self._poll.buffer + HEADER_BYTES
        if self._rest_bytes:
            memcpy(data, self._rest, self._rest_bytes)
            size += self._rest_bytes
            self._forget_rest()
        self._leg.heard = True
        self._leg._arrived_at = now
        self._poll.is_busy = True
        try:
            self._split(data, size)
            self._expect()
        except Exception as failure:
            self._leg.lane_failed(failure)
        finally:
            if self._poll is not None:
                self._poll.is_busy = False
        return 0

    cdef int _split(self, char* data, Py_ssize_t size) except -1:
        """Offer each whole message that may pass, and tell picows all else, in order."""
        cdef LaneListener leg = self._leg
        cdef Py_ssize_t at = 0, told = 0, payload = 0
        cdef int header_bytes
        while at < size:
            if self._owed or self._header_bytes or self._is_broken or not leg.may_pass(<uint8_t>data[at]):
                at += self._step(<const uint8_t*>data + at, size - at)
                continue
            header_bytes = _frame_header(<const uint8_t*>data + at, size - at, &payload)
            if self._is_no_offer(<const uint8_t*>data + at, size - at, header_bytes, payload):
                at += self._step(<const uint8_t*>data + at, size - at)
                continue
            if told < at:
                self._tell(data + told, at - told)
                told = at
                continue  # which may have changed what may pass
            if header_bytes == 0 or payload > size - at - header_bytes:
                break
            at += header_bytes + payload
            if leg.offer(data + told, header_bytes, payload):
                told = at
        leg.flush()
        if told < at:
            self._tell(data + told, at - told)
        if at < size:
            self._keep(data + at, size - at)
        return 0

    cdef inline bint _is_no_offer(
        self, const uint8_t* at, Py_ssize_t left, int header_bytes, Py_ssize_t payload
    ) noexcept:
        """Whether the frame cannot pass, as far as its header is there."""
        if header_bytes < 0 or (header_bytes > 0 and payload > self._leg._most_bytes):
            return True
        return left > 1 and (at[1] >= 0x80) != self._leg._is_peers

    cdef Py_ssize_t _step(self, const uint8_t* at, Py_ssize_t left) noexcept:
        """How many of these bytes, at least one, are of the frame that picows is being told."""
        cdef Py_ssize_t taken = 0, size = 0
        cdef int header_bytes
        while self._owed == 0:
            if self._is_broken:
                return left
            if taken == left:
                return taken
            self._header[self._header_bytes] = at[taken]
            self._header_bytes += 1
            taken += 1
            header_bytes = _frame_header(self._header, self._header_bytes, &size)
            if header_bytes < 0:
                self._is_broken = True  # picows fails the connection
            elif header_bytes > 0:
                self._header_bytes = 0
                self._owed = size
                if size == 0:
                    return taken
        size = min(self._owed, left - taken)
        self._owed -= size
        return taken + size

    cdef void _follow(self, const char* data, Py_ssize_t size) noexcept:
        """Keep in mind where in the frames picows is, which is told this."""
        cdef Py_ssize_t at = 0
        while at < size:
            at += self._step(<const uint8_t*>data + at, size - at)

    cdef int _tell(self, const char* data, Py_ssize_t size) except -1:
        """Have picows parse this, unless the connection is closing."""
        cdef Py_buffer room
        cdef Py_ssize_t taken
        self._leg.flush()
        if self._slot >= 0 and self._leg._own_transport.underlying_transport.is_closing():
            self._leave()
            return 0
        while size:
            view = self.picows.get_buffer(-1)
            PyObject_GetBuffer(view, &room, PyBUF_WRITABLE)
            taken = min(room.len, size)
            memcpy(room.buf, data, taken)
            PyBuffer_Release(&room)
            self.picows.buffer_updated(taken)
            data += taken
            size -= taken
        if self._leg._own_transport is None or self._leg._own_transport.is_close_frame_sent:
            self._leg.lane_closed = self._leg.lane_shut = True
        return 0

    cdef int _keep(self, const char* data, Py_ssize_t size) except -1:
        """Keep the beginning of a message whose end is still to come."""
        cdef char* rest = <char*>malloc(size)
        if rest == NULL:
            raise MemoryError
        memcpy(rest, data, size)
        self._rest, self._rest_bytes = rest, size
        return 0

    cdef void _forget_rest(self) noexcept:
        free(self._rest)
        self._rest, self._rest_bytes = NULL, 0

    cdef int _tell_rest(self) except -1:
        cdef bytes rest = self._rest[:self._rest_bytes]
        self._forget_rest()
        self._follow(rest, len(rest))
        return self._tell(rest, len(rest))

    cdef int _hand_back(self) except -1:
        """Let the event loop see for itself that the connection has ended."""
        self._leave()
        transport = self._leg._own_transport.underlying_transport
        if not transport.is_closing():
            transport.resume_reading()
        return 0

    cdef int _leave(self) except -1:
        if self._slot >= 0:
            self.read(False)
            self._poll.leave(self)
        return 0
