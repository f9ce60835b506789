# A recording's lines for what the lane forwards, as `relay.recording.format.write_message` writes them: `LaneLines`.

cdef extern from "string.h":
    void* memmem(const void* haystack, size_t size, const void* needle, size_t length) nogil

cdef enum:
    LINE_HEAD_BYTES = 160
    OWN_EVENT_WITHIN = 160


cdef const char* OWN_EVENT = b'"event_id":"relay_'


cdef class LaneLines:
    """Makes lines of frequent messages and puts them into the buffer of one recording.

    Frequent is what `relay.recording.redaction.Redactor.plain` takes: audio appended, and the pieces of answers. They
    are searched for secrets here; one that has any, and whatever is not quite plain, is Python's to write.

    Args:
        recorder: has how many of the peer's messages went up, and takes lines.
        secrets: what must not be in a line.
        opened_at: when the recording began.
    """

    cdef object _recorder
    cdef list _secrets
    cdef double _opened_at

    def __init__(self, recorder, secrets, double opened_at):
        self._recorder = recorder
        self._secrets = list(secrets)
        self._opened_at = opened_at

    cdef bint put(self, const char* text, Py_ssize_t size, bint is_up, double now) except -1:
        """Put the message's line; returns whether it was one for here."""
        line = self.line(text, size, is_up, now)
        if line is None:
            return False
        self._recorder.put_line(line, now, is_up)
        return True

    cdef bytes line(self, const char* text, Py_ssize_t size, bint is_up, double now):
        """The message's line; None where Python has to write it."""
        cdef char[LINE_HEAD_BYTES] head
        cdef Py_ssize_t head_bytes, quotes
        cdef bint is_escaped = False
        cdef bytes line
        cdef char* at
        if not _is_frequent(text, size) or self._has_secret(text, size):
            return None
        quotes = _count_quotes(text, size, &is_escaped)
        if quotes < 0 or (is_up and memmem(text, min(size, OWN_EVENT_WITHIN), OWN_EVENT, strlen(OWN_EVENT)) != NULL):
            return None
        head_bytes = _write_head(head, now - self._opened_at, is_up, self._recorder.peer_messages)
        line = PyBytes_FromStringAndSize(NULL, head_bytes + size + quotes + 3)
        at = <char*>line
        memcpy(at, head, head_bytes)
        at = _write_quoted(at + head_bytes, text, size, is_escaped)
        memcpy(at, b'"}\n', 3)
        return line

    cdef bint _has_secret(self, const char* text, Py_ssize_t size) except -1:
        cdef bytes secret
        for secret in self._secrets:
            if _is_within(secret, len(secret), text, size):
                return True
        return False


cdef bint _is_within(const char* secret, Py_ssize_t length, const char* text, Py_ssize_t size) noexcept nogil:
    """Whether the secret is anywhere in the text: a character of it that no base64 has is found ten times sooner."""
    cdef const char* end = text + size
    cdef const char* at = text
    cdef Py_ssize_t rare = 0
    while rare < length and secret[rare] != b'-' and secret[rare] != b'.':
        rare += 1
    if rare == length:
        return memmem(text, size, secret, length) != NULL
    while True:
        at = <const char*>memchr(at, secret[rare], end - at)
        if at == NULL:
            return False
        if at - text >= rare and end - at >= length - rare and memcmp(at - rare, secret, length) == 0:
            return True
        at += 1


cdef bint _is_frequent(const char* text, Py_ssize_t size) noexcept nogil:
    """Whether it begins with the type of a frequent event, as `relay.recording.redaction` has them."""
    cdef const char* end = text + size
    cdef const char* name
    cdef const char* at
    if size < 10 or memcmp(text, b'{"type":', 8) != 0:
        return False
    name = text + (9 if text[8] == b' ' else 8)
    if name[0] != b'"':
        return False
    name += 1
    at = name
    while at < end and (b'a' <= at[0] <= b'z' or at[0] == b'_' or at[0] == b'.'):
        at += 1
    if at == end or at[0] != b'"':
        return False
    return (at - name > 6 and memcmp(at - 6, b".delta", 6) == 0) or (
        (at - name == 25 and memcmp(name, b"input_audio_buffer.append", 25) == 0)
        or (at - name == 33 and memcmp(name, b"session.input_audio_buffer.append", 33) == 0)
        or (at - name == 18 and memcmp(name, b"input_audio.append", 18) == 0)
        or (at - name == 26 and memcmp(name, b"session.input_audio.append", 26) == 0)
    )


cdef Py_ssize_t _count_quotes(const char* text, Py_ssize_t size, bint* is_escaped) noexcept nogil:
    """How many characters JSON escapes by a backslash before them; -1 where there are others that it escapes."""
    cdef const uint8_t* octets = <const uint8_t*>text
    cdef uint8_t quotes, backslashes, others = 0
    cdef Py_ssize_t found = 0, end, i = 0
    is_escaped[0] = False
    while i < size:
        end = min(i + 255, size)
        quotes = backslashes = 0
        for i in range(i, end):
            quotes += <uint8_t>(octets[i] == 0x22)
            backslashes += <uint8_t>(octets[i] == 0x5c)
            others |= <uint8_t>(octets[i] < 0x20)
        i = end
        found += quotes + backslashes
        is_escaped[0] |= backslashes
    return -1 if others else found


cdef char* _write_quoted(char* out, const char* text, Py_ssize_t size, bint is_escaped) noexcept nogil:
    """Write what stands in a JSON string for this text; returns where that ends."""
    cdef const char* end = text + size
    cdef const char* quote
    while text < end and not is_escaped:
        quote = <const char*>memchr(text, b'"', end - text)
        if quote == NULL:
            quote = end
        memcpy(out, text, quote - text)
        out += quote - text
        text = quote
        if text < end:
            memcpy(out, b'\\"', 2)
            out += 2
            text += 1
    while text < end:
        if text[0] == b'"' or text[0] == b'\\':
            out[0] = b'\\'
            out += 1
        out[0] = text[0]
        out += 1
        text += 1
    return out


cdef Py_ssize_t _write_head(char* out, double at_s, bint is_up, int64_t after) noexcept nogil:
    """Write all of a line that comes before the message, with its time in microseconds at most."""
    cdef int64_t us = <int64_t>(at_s * 1e6 + 0.5) if at_s > 0 else 0
    cdef char* direction = b"up" if is_up else b"down"
    cdef int size = snprintf(out, LINE_HEAD_BYTES, b'{"at":%lld.%06lld', <long long>(us // 1000000), <long long>(us % 1000000))
    while out[size - 1] == b'0' and out[size - 2] != b'.':
        size -= 1
    return size + snprintf(
        out + size,
        LINE_HEAD_BYTES - size,
        b',"dir":"%s","after":%lld,"op":"text","data":"',
        direction,
        <long long>after,
    )


def recorded_line(recorder, secrets, double opened_at, bytes message, bint is_up, double now):
    """The line that a message of the lane's is recorded with, or None where Python writes it; for tests."""
    cdef LaneLines lines = LaneLines(recorder, secrets, opened_at)
    return lines.line(message, len(message), is_up, now)
