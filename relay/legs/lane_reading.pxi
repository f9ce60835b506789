# Reading a message, as far as the lane wants to know it.

cdef inline bint _is_plain(const char* text, Py_ssize_t length, bint is_string) noexcept nogil:
    """Whether all of it is ASCII; and for what has to be free of escapes and line ends, that too."""
    cdef const uint8_t* octets = <const uint8_t*>text
    cdef uint8_t found = 0
    cdef Py_ssize_t i
    if is_string:
        for i in range(length):
            found |= (octets[i] & 0x80) | (octets[i] < 0x20) | (octets[i] == 0x5c)
    else:
        for i in range(length):
            found |= octets[i] & 0x80
    return found == 0


cdef inline const char* _past_space(const char* at, const char* end) noexcept nogil:
    while at < end and (at[0] == b' ' or at[0] == b'\n' or at[0] == b'\r' or at[0] == b'\t'):
        at += 1
    return at


cdef inline const char* _key(const char* at, const char* end, Span* key) noexcept nogil:
    """Read `"key" :` and what space is around it; NULL where it is not that, or not plain."""
    at = _past_space(at, end)
    if at >= end or at[0] != b'"':
        return NULL
    at += 1
    key.start = at
    while at < end and (b'a' <= at[0] <= b'z' or b'0' <= at[0] <= b'9' or at[0] == b'_'):
        at += 1
    key.length = at - key.start
    if key.length == 0 or key.length > MOST_KEY_CHARS or at >= end or at[0] != b'"':
        return NULL
    at = _past_space(at + 1, end)
    if at >= end or at[0] != b':':
        return NULL
    return _past_space(at + 1, end)


cdef inline const char* _string(const char* at, const char* end, Span* value) noexcept nogil:
    """Read a string up to its closing quote; whether there are escapes in it is looked for elsewhere."""
    cdef const char* closing
    if at >= end or at[0] != b'"':
        return NULL
    value.start = at + 1
    closing = <const char*>memchr(value.start, b'"', end - value.start)
    if closing == NULL:
        return NULL
    value.length = closing - value.start
    return closing + 1


cdef inline bint _is_type(Span* key) noexcept nogil:
    return key.length == 4 and memcmp(key.start, b"type", 4) == 0


cdef inline bint _names_a_type(Span* value) noexcept nogil:
    cdef Py_ssize_t i
    cdef char c
    if value.length == 0 or value.length >= TYPE_CHARS:
        return False
    for i in range(value.length):
        c = value.start[i]
        if not (b'a' <= c <= b'z' or b'0' <= c <= b'9' or c == b'_' or c == b'.'):
            return False
    return True


cdef bint _peer_type(const char* text, Py_ssize_t length, Span* type_) noexcept nogil:
    """Prove that the message has one meaning, and find its type."""
    cdef const char* end = text + length
    cdef const char* at = _past_space(text, end)
    cdef Span[MOST_MEMBERS] keys
    cdef Span value
    cdef int count = 0, i
    cdef bint found = False
    if at >= end or at[0] != b'{' or not _is_plain(text, length, True):
        return False
    at += 1
    while True:
        if count == MOST_MEMBERS:
            return False
        at = _key(at, end, &keys[count])
        if at == NULL:
            return False
        for i in range(count):
            if keys[i].length == keys[count].length and memcmp(keys[i].start, keys[count].start, keys[i].length) == 0:
                return False
        at = _string(at, end, &value)
        if at == NULL:
            return False
        if _is_type(&keys[count]):
            if not _names_a_type(&value):
                return False
            type_[0] = value
            found = True
        count += 1
        at = _past_space(at, end)
        if at >= end:
            return False
        if at[0] == b'}':
            return found and _past_space(at + 1, end) == end
        if at[0] != b',':
            return False
        at += 1


cdef bint _upstream_type(const char* text, Py_ssize_t length, Span* type_) noexcept nogil:
    """Find the type where it stands first, or after an id."""
    cdef const char* end = text + length
    cdef const char* at = _past_space(text, end)
    cdef Span key, value
    cdef int i
    if at >= end or at[0] != b'{':
        return False
    at += 1
    for i in range(2):
        at = _key(at, end, &key)
        if at == NULL:
            return False
        at = _string(at, end, &value)
        if at == NULL:
            return False
        if _is_type(&key):
            if not _names_a_type(&value):
                return False
            type_[0] = value
            return _is_plain(text, length, False)
        if not (key.length == 8 and memcmp(key.start, b"event_id", 8) == 0 and _is_plain(value.start, value.length, True)):
            return False
        at = _past_space(at, end)
        if at >= end or at[0] != b',':
            return False
        at += 1
    return False


cdef struct Delta:
    Span item_id
    Span audio
    int content_index


cdef bint _read_delta(const char* text, Py_ssize_t length, Delta* delta) noexcept nogil:
    """Read an audio delta as the API writes it: a flat object of plain strings and whole numbers."""
    cdef const char* end = text + length
    cdef const char* at = _past_space(text, end)
    cdef Span key, value
    cdef int field, number
    cdef int found = 0
    if at >= end or at[0] != b'{' or not _is_plain(text, length, True):
        return False
    at += 1
    for field in range(MOST_FIELDS):
        at = _key(at, end, &key)
        if at == NULL or at >= end:
            return False
        if at[0] == b'"':
            at = _string(at, end, &value)
            if at == NULL:
                return False
            if key.length == 7 and memcmp(key.start, b"item_id", 7) == 0:
                delta.item_id = value
                found |= 1
            elif key.length == 5 and memcmp(key.start, b"delta", 5) == 0:
                delta.audio = value
                found |= 2
        else:
            number = 0
            value.start = at
            while at < end and b'0' <= at[0] <= b'9' and number < 65536:
                number = number * 10 + at[0] - 0x30
                at += 1
            if at == value.start or number >= 65536:
                return False
            if key.length == 13 and memcmp(key.start, b"content_index", 13) == 0:
                delta.content_index = number
                found |= 4
        at = _past_space(at, end)
        if at >= end:
            return False
        if at[0] == b'}':
            return found == 7 and _past_space(at + 1, end) == end
        if at[0] != b',':
            return False
        at += 1
    return False
