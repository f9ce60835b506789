# Base64 (RFC 4648, 4): a table for each of the four characters that make three bytes.

cdef const char* DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
cdef uint32_t WRONG = 0x01000000
cdef uint32_t[256] FIRST, SECOND, THIRD, FOURTH


cdef void _make_tables() noexcept:
    cdef int i
    for i in range(256):
        FIRST[i] = SECOND[i] = THIRD[i] = FOURTH[i] = WRONG
    for i in range(64):
        FIRST[<uint8_t>DIGITS[i]] = i << 18
        SECOND[<uint8_t>DIGITS[i]] = i << 12
        THIRD[<uint8_t>DIGITS[i]] = i << 6
        FOURTH[<uint8_t>DIGITS[i]] = i


_make_tables()


cdef Py_ssize_t _decode(const uint8_t* text, Py_ssize_t length, uint8_t* out) noexcept nogil:
    """Decode into `out`, which has room; returns how many bytes, or -1 for what is not canonical base64."""
    cdef Py_ssize_t i, whole = length
    cdef uint32_t word, wrong = 0
    cdef uint8_t* at = out
    if length % 4:
        return -1
    if length and text[length - 1] == 0x3D:
        whole -= 4
    for i in range(0, whole, 4):
        word = FIRST[text[i]] | SECOND[text[i + 1]] | THIRD[text[i + 2]] | FOURTH[text[i + 3]]
        wrong |= word
        at[0] = <uint8_t>(word >> 16)
        at[1] = <uint8_t>(word >> 8)
        at[2] = <uint8_t>word
        at += 3
    if whole < length:
        word = FIRST[text[whole]] | SECOND[text[whole + 1]]
        at[0] = <uint8_t>(word >> 16)
        at += 1
        if text[whole + 2] != 0x3D:
            word |= THIRD[text[whole + 2]]
            at[0] = <uint8_t>(word >> 8)
            at += 1
        wrong |= word
    return -1 if wrong & WRONG else at - out


cdef void _encode(const uint8_t* octets, Py_ssize_t length, char* out) noexcept nogil:
    """Encode into `out`, which has room for four characters to each three bytes, the last ones filled up with `=`."""
    cdef Py_ssize_t i = 0
    cdef uint32_t word
    while i + 3 <= length:
        word = (<uint32_t>octets[i] << 16) | (<uint32_t>octets[i + 1] << 8) | octets[i + 2]
        out[0] = DIGITS[word >> 18]
        out[1] = DIGITS[(word >> 12) & 63]
        out[2] = DIGITS[(word >> 6) & 63]
        out[3] = DIGITS[word & 63]
        out += 4
        i += 3
    if i < length:
        word = <uint32_t>octets[i] << 16
        if i + 1 < length:
            word |= <uint32_t>octets[i + 1] << 8
        out[0] = DIGITS[word >> 18]
        out[1] = DIGITS[(word >> 12) & 63]
        out[2] = DIGITS[(word >> 6) & 63] if i + 1 < length else 0x3D
        out[3] = 0x3D
