# What a user said last, kept as it passes, so that another upstream can be told it: `LaneAppends`.

cdef enum:
    KEPT_BYTES = 68 * 1024
    KEPT_MESSAGES = 256


cdef class LaneAppends:
    """The latest appends of a session that have passed, and how much audio there was in all of them.

    About a second of them stays here, in memory that is used again and again; of `whole` nothing is forgotten, but told
    whenever there is no more room.

    Args:
        told: is given the bytes of audio since it was told last, and the messages, as one text with NUL between them.

    Attributes:
        whole: whether the older ones are wanted, too.
    """

    cdef public bint whole
    cdef char* _room
    cdef Py_ssize_t _begin, _used
    cdef int _first, _count
    cdef int[KEPT_MESSAGES] _sizes
    cdef int64_t _octets
    cdef object _told

    def __cinit__(self, told):
        self._told = told
        self._room = <char*>malloc(KEPT_BYTES)
        if self._room == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._room)

    cpdef int tell(self) except -1:
        """Tell what has passed, and keep it no longer."""
        cdef Py_ssize_t used = max(self._used - 1, 0)  # without the last NUL
        cdef Py_ssize_t head = min(used, KEPT_BYTES - self._begin)
        cdef int64_t octets = self._octets
        cdef bytes messages
        if octets or used:
            messages = self._room[self._begin:self._begin + head] + self._room[:used - head]
            self._octets = self._begin = self._used = self._count = 0
            self._told(octets, messages.decode("ascii"))
        return 0

    cdef int put(self, const char* text, Py_ssize_t size, Py_ssize_t octets) except -1:
        """Keep an append with so many bytes of audio, which fits."""
        cdef Py_ssize_t at, head
        while self._used + size + 1 > KEPT_BYTES or self._count == KEPT_MESSAGES:
            if self.whole:
                self.tell()
            else:
                self._forget()
        at = (self._begin + self._used) % KEPT_BYTES
        head = min(size, KEPT_BYTES - at)
        memcpy(self._room + at, text, head)
        memcpy(self._room, text + head, size - head)
        self._room[(at + size) % KEPT_BYTES] = 0
        self._sizes[(self._first + self._count) % KEPT_MESSAGES] = <int>size + 1
        self._used += size + 1
        self._count += 1
        self._octets += octets
        return 0

    cdef inline void _forget(self) noexcept:
        cdef int size = self._sizes[self._first]
        self._begin = (self._begin + size) % KEPT_BYTES
        self._used -= size
        self._first = (self._first + 1) % KEPT_MESSAGES
        self._count -= 1


cdef Py_ssize_t _audio_bytes(const char* text, Py_ssize_t size) noexcept nogil:
    """How many bytes of audio a peer's proved append has, by the length of its base64."""
    cdef const char* end = text + size
    cdef const char* at = text
    cdef const char* quote
    while True:
        at = <const char*>memmem(at, end - at, b'"audio"', 7)
        if at == NULL:
            return 0
        at = _past_space(at + 7, end)
        if at < end and at[0] == b':':
            break
    at = _past_space(at + 1, end)
    if at >= end or at[0] != b'"':
        return 0
    at += 1
    quote = <const char*>memchr(at, b'"', end - at)
    if quote == NULL:
        return 0
    while quote > at and (quote - 1)[0] == b'=':
        quote -= 1
    return (quote - at) * 3 // 4
