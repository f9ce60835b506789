import pytest

from relay.core.lenient_json import (
    MOST_BRACKETS,
    MOST_LEVELS,
    MOST_SCANNED_CHARS,
    MOST_TOKENS,
    is_too_deep,
    read_leniently,
    read_pruned,
    scan_type,
)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ('{"type":"a"}', "a"),
        ('{"x":[{"type":"b"}],"type":"a"}', "a"),
        ('{"type":"a","x":{"type":"b"}}', "a"),
        ('{"type":"a","type":"b"}', "b"),
        ('{"typ\\u0065":"a"}', "a"),
        ('{"type" : "a\\u0062"}', "ab"),
        ('{"x":"type","y":"b","type":"a"}', "a"),
        ('{"x":"\\"type\\":\\"b\\"","type":"a"}', "a"),
        ('\ufeff {"type":"a"}', "a"),
        ('{"type":"a","type":5}', None),
        ('{"type":["a"]}', None),
        ('{"type":"a","type":{"b":"c"}}', None),
        ('{"Type":"a"}', None),
        ('["type","a"]', None),
        ('[{"type":"a"}]', None),
        ('{"type":"a"', None),
        ('{"type":"\\q"}', None),
        ('{"type":"' + "a" * MOST_SCANNED_CHARS + '"}', None),
        ('{"type":"a","x":[' + '[],{"type":"b"},"[",' * MOST_TOKENS + "0]}", "a"),
        ('{"x":' + "[" * 200_000 + '"]"' + "]" * 200_000 + ',"type":"a"}', "a"),
        ('{"x":{"y":[{"z":{}}],"type":"b"}}', None),
        ('{"type":"a","x":[' + "[[]]," * MOST_TOKENS + "0]}", None),
        ("", None),
    ],
)
def test_the_type_is_found_without_reading_the_rest(data, kind) -> None:
    """It is the last one at the top of the object, as for a reader of the whole; what cannot be said is None."""
    assert scan_type(data) == kind


@pytest.mark.parametrize(
    ("levels", "expected"), [(1, False), (MOST_LEVELS, False), (MOST_LEVELS + 1, True), (5000, True)]
)
def test_levels_are_counted(levels, expected) -> None:
    """Text is too deep beyond so many levels; brackets in strings and beside each other are no levels."""
    data = '{"s":"[[[{{{","n":[' + "[]," * 2 * MOST_LEVELS + "0]," + '"x":'
    assert is_too_deep(data + "[" * (levels - 1) + "]" * (levels - 1) + "}" if levels > 1 else data + "0}") is expected


def test_brackets_that_nothing_closes_are_too_deep() -> None:
    """Of a text that is cut off nobody can say how deep it is."""
    assert is_too_deep("[" * (MOST_LEVELS + 1))


def test_only_what_is_too_deep_is_pruned() -> None:
    """Each part below the last level is null, and what stands beside it stays."""
    assert read_pruned('{"a":[[1],2,{"b":[3]}],"c":{"d":{}},"e":"[[["}', 2) == {
        "a": [None, 2, None],
        "c": {"d": None},
        "e": "[[[",
    }


def test_what_has_too_many_brackets_is_not_read() -> None:
    """An event that could hold up everybody is not looked through, however wide or deep it is."""
    wide = '{"a":[' + "[]," * MOST_BRACKETS + "0]}"
    assert is_too_deep(wide)
    assert read_pruned(wide, MOST_LEVELS) is None


@pytest.mark.parametrize("data", ["", "[1]", "{", '{"a":1}x', "{'a':1}", '{"a":1,}'])
def test_what_nobody_reads_is_not_read(data) -> None:
    """What is no JSON for anybody, or no object, is None."""
    assert read_leniently(data) is None
