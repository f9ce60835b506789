# The types of messages, each with a number, and what the lanes have forwarded of each: `LaneTally`.

cdef enum:
    TYPES = 128
    TYPE_WORDS = 2
    TYPE_CHARS = 64
    PLACES = 512
    BUCKETS = 32


cdef struct Type:
    int64_t events
    int64_t octets
    Py_ssize_t length
    char[TYPE_CHARS] name


cdef class LaneCount:
    """Messages and bytes of one type."""

    cdef readonly int64_t events, octets


cdef class LaneTally:
    """What the lanes of one direction have forwarded, in one process, and the types that they know.

    Args:
        types: what messages are counted as; those of other types do not pass.
        bounds: of the histogram, ascending, in seconds.
    """

    cdef Type[TYPES] _types
    cdef uint8_t[PLACES] _places
    cdef int _known
    cdef list _names
    cdef double[BUCKETS] _bounds
    cdef int64_t[BUCKETS + 1] _buckets
    cdef int _size
    cdef readonly double sum

    def __init__(self, types, bounds):
        self._names = [name for name in types if len(name) < TYPE_CHARS]
        self._size = len(bounds)
        if self._size > BUCKETS or len(self._names) > TYPES:
            raise ValueError("too many buckets or types")
        for i in range(self._size):
            self._bounds[i] = bounds[i]
        for name in self._names:
            self._add(name.encode("ascii"))
        self.sum = 0.0

    @property
    def by_type(self):
        """Messages and bytes, by event type."""
        counts = {}
        for i in range(self._known):
            count = counts[self._names[i]] = LaneCount()
            count.events, count.octets = self._types[i].events, self._types[i].octets
        return counts

    @property
    def counts(self):
        """How many messages stayed so long, by bucket."""
        return [self._buckets[i] for i in range(self._size + 1)]

    cdef int _add(self, bytes name) except -1:
        cdef Type* entry = &self._types[self._known]
        cdef int place = _hash(name, len(name))
        entry.length = len(name)
        memcpy(entry.name, <const char*>name, entry.length)
        while self._places[place]:
            place = (place + 1) % PLACES
        self._known += 1
        self._places[place] = self._known
        return 0

    cdef int number_of(self, const char* name, Py_ssize_t length) noexcept:
        """The type's number, or -1 where it is not known."""
        cdef int place = _hash(name, length)
        cdef int found = self._places[place]
        while found:
            if self._types[found - 1].length == length and memcmp(self._types[found - 1].name, name, length) == 0:
                return found - 1
            place = (place + 1) % PLACES
            found = self._places[place]
        return -1

    cdef inline void count(self, int number, Py_ssize_t size) noexcept:
        self._types[number].events += 1
        self._types[number].octets += size

    cdef inline void observe(self, double seconds, int messages) noexcept:
        cdef int i = 0
        while i < self._size and seconds > self._bounds[i]:
            i += 1
        self._buckets[i] += messages
        self.sum += seconds * messages


cdef inline int _hash(const char* name, Py_ssize_t length) noexcept nogil:
    if length == 0:
        return 0
    return (length + 7 * <uint8_t>name[length - 1] + 31 * <uint8_t>name[length // 2] + 61 * <uint8_t>name[0]) % PLACES
