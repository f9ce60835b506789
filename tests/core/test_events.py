import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.events import (
    BINARY,
    MALFORMED,
    MOST_VALUES,
    Event,
    read_peer_event,
    read_upstream_event,
    size_bytes,
    write_event,
)

NOT_EVENTS = [
    pytest.param("", id="empty"),
    pytest.param("{", id="cut off"),
    pytest.param("nonsense", id="not JSON"),
    pytest.param('["type"]', id="a list"),
    pytest.param('"type"', id="a string"),
    pytest.param("null", id="null"),
    pytest.param("{}", id="no type"),
    pytest.param('{"type":7}', id="a type that is no string"),
    pytest.param("[" * 100_000, id="100,000 open brackets"),
    pytest.param('{"a":' * 100_000, id="100,000 open braces"),
]


@pytest.mark.parametrize("data", NOT_EVENTS)
@pytest.mark.parametrize("read", [read_peer_event, read_upstream_event])
def test_what_is_not_an_event_is_a_message_all_the_same(read, data) -> None:
    """Whatever is not a JSON object with a type is called malformed, and keeps its data."""
    event = read(data)
    assert (event.type, event.data, event.body.get("type") in (None, 7)) == (MALFORMED, data, True)


@pytest.mark.parametrize("read", [read_peer_event, read_upstream_event])
def test_binary_is_not_read(read) -> None:
    """A binary message is of the binary kind, even where it holds JSON."""
    assert read(b'{"type":"error"}').type == BINARY


@pytest.mark.parametrize("value", ["0", "[]", "{}", '{"a":[0]}'])
def test_a_message_of_very_many_values_is_not_read(value) -> None:
    """Reading a peer's message takes a bounded time: one with too many values for an event is called malformed."""
    few = '{"type":"x","values":[' + ",".join([value] * (MOST_VALUES // 4)) + "]}"
    many = '{"type":"x","values":[' + ",".join([value] * MOST_VALUES) + "]}"
    assert read_peer_event(few).type == "x"
    event = read_peer_event(many)
    assert (event.type, event.data, event.body) == (MALFORMED, many, {})


@pytest.mark.parametrize("data", ['{"type":"a","type":"b"}', '{"\\u0074ype":"b"}', '{"x":1,"type":"b"}'])
def test_a_peer_cannot_hide_a_type(data) -> None:
    """A second, escaped or late type in a peer's event counts as the API's own parser would count it."""
    assert read_peer_event(data).type == "b"


PIECES = ("{", "}", '"', '"type"', '"x"', ":", ": ", ",", ", ", '"a.b"', '"c"', "\\", "\\u0074", "AAA", "é", " ", "0")
SHARP = ('c","type":"b', "c\\", 'c"', "c")


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join) | st.sampled_from(SHARP))
def test_what_is_read_in_part_is_what_it_is_as_a_whole(rest) -> None:
    """Where a peer's event has room for nothing but its type and a string, its type alone is read; nothing else passes
    for such a one.
    """
    for data in (rest, f'{{"type":"a.b","x":"{rest}"}}', f'{{"type": "a.b", "x": "{rest}"}}'):
        try:
            whole = json.loads(data)
        except ValueError:
            whole = None
        said = whole.get("type") if isinstance(whole, dict) else None
        assert read_peer_event(data).type == (said if isinstance(said, str) else MALFORMED)


@pytest.mark.parametrize("data", ['{"type":"a.b_c","x":[', ' {\n "type" :\t"a.b_c" , "x": 1}'])
def test_an_upstream_event_is_read_by_its_prefix(data) -> None:
    """An upstream event whose type comes first is not parsed any further."""
    assert read_upstream_event(data).type == "a.b_c"


@pytest.mark.parametrize("data", ['{"event_id":"e","type":"late"}', '{"type":"l\\u0061te"}'])
def test_an_upstream_event_without_that_prefix_is_parsed(data) -> None:
    """An upstream event whose prefix does not tell its type is read in full."""
    assert read_upstream_event(data).type == "late"


def test_a_body_is_parsed_when_asked_for() -> None:
    """The body of an event read by its prefix is there for who asks."""
    assert read_upstream_event('{"type":"a","n":1}').body == {"type": "a", "n": 1}


def test_a_body_of_malformed_data_is_empty() -> None:
    """What cannot be parsed has no fields."""
    assert Event("{", "a").body == {}


def test_written_events_are_compact_text() -> None:
    """An event of the relay's own is text JSON without white space, in the order given."""
    event = write_event({"type": "a", "b": "é"})
    assert (event.data, event.type, event.body) == ('{"type":"a","b":"é"}', "a", {"type": "a", "b": "é"})


@given(st.one_of(st.text(), st.binary()))
def test_sizes_are_what_the_wire_carries(data) -> None:
    """The size of a message is its length in UTF-8 bytes."""
    assert size_bytes(data) == (len(data) if isinstance(data, bytes) else len(data.encode()))


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_no_json_makes_the_readers_fail(value) -> None:
    """Any JSON at all is an event or malformed, the same for both directions."""
    data = json.dumps(value)
    assert read_peer_event(data).type == read_upstream_event(data).type
