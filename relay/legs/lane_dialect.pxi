# Messages under another name: what a dialect does to the frequent ones.

cdef bytes _in_words_of(one_way, bytes name):
    """What events of this type are called behind a translation (a `OneWay`); itself where it calls them the same."""
    cdef str told = name.decode("ascii")
    return one_way.renames.get(told, told).encode("ascii")


cdef inline bint _is_same(const Span* type_, bytes name) noexcept:
    return type_.length == len(name) and memcmp(type_.start, <const char*>name, type_.length) == 0


cdef Py_ssize_t _write_named(char* out, const char* text, Py_ssize_t size, const Span* type_, bytes name) noexcept:
    """Write the message with another name for its type; returns its new size.

    `out` may lie before `text` and overlap it where the name is no longer than the type was.
    """
    cdef Py_ssize_t before = type_.start - text
    cdef Py_ssize_t behind = size - before - type_.length
    cdef const char* rest = type_.start + type_.length
    memmove(out, text, before)
    memcpy(out + before, <const char*>name, len(name))
    memmove(out + before + len(name), rest, behind)
    return before + len(name) + behind
