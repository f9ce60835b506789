import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.events import (
    BINARY,
    MALFORMED,
    MOST_VALUES,
    Event,
    read_as_text,
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


NESTED = "[" * 1100 + "]" * 1100
LONG = "9" * 5000
LENIENT = [
    pytest.param('{"type":"a","x":"\\ud83d"}', id="half an emoji"),
    pytest.param('{"type":"a","x":NaN,"y":-Infinity}', id="NaN"),
    pytest.param('{"type":"a","x":1e999}', id="a number that is infinite"),
    pytest.param('{"type":"a","x":NaN,"y":' + LONG + "}", id="5,000 digits"),
    pytest.param('\ufeff{"type":"a"}', id="a byte order mark"),
    pytest.param('{"x":' + NESTED + ',"type":"a"}', id="1,100 levels"),
    pytest.param('{"x":' + NESTED[900:1300] + ',"type":"a"}', id="200 levels"),
]


@pytest.mark.parametrize("data", LENIENT)
@pytest.mark.parametrize("read", [read_peer_event, read_upstream_event])
def test_what_others_can_read_has_its_type_here_too(read, data) -> None:
    """What JavaScript and Python write and read, and the fast reader does not, is the event that it is for them."""
    assert (read(data).type, read(data).data) == ("a", data)


@pytest.mark.parametrize("data", [*LENIENT, pytest.param('{"type":"a","x":"two\nlines"}', id="a line's end")])
def test_an_upstreams_body_is_read_by_whichever_reader_can(data) -> None:
    """An upstream's event may be a bill: it is read whatever stands in it, and what is nested too deeply is null."""
    event = read_upstream_event(data)
    assert event.body["type"] == "a"
    assert json.loads(write_event(event.body).data)["type"] == "a"


def test_an_upstream_is_not_read_by_the_peers_limits() -> None:
    """An upstream that sorts its keys is read however many values come before the type."""
    data = '{"event_id":"e","response":{"output":[' + ",".join(["0"] * MOST_VALUES) + ']},"type":"response.done"}'
    event = read_upstream_event(data)
    assert (event.type, len(event.body["response"]["output"])) == ("response.done", MOST_VALUES)


def test_what_is_nested_too_deeply_is_left_out_of_the_body() -> None:
    """What stands beside it is there, and the event says that it is not whole."""
    deep = '{"type":"a","x":{"y":' + NESTED + ',"z":[[1]]},"n":2}'
    event = read_upstream_event(deep)
    assert (event.body["x"]["z"], event.body["n"], event.is_whole) == ([[1]], 2, False)
    assert read_upstream_event('{"type":"a","x":[[1]]}').is_whole
    assert json.loads(write_event(event.body).data) == event.body


def test_half_an_emoji_can_be_written_again() -> None:
    """Half of a pair of surrogates is the replacement character in what the relay writes; a whole pair stays."""
    event = read_peer_event('{"type":"a","x":"\\ud83d \\\\ud83d \\ud83d\\ude00 \\ude00"}')
    assert event.body["x"] == "\ufffd \\ud83d \U0001f600 \ufffd"
    assert json.loads(write_event(event.body).data)["x"] == event.body["x"]


def test_numbers_of_any_length_can_be_written_again() -> None:
    """A number that does not fit into 64 bits is written as it was read."""
    body = {"type": "a", "n": 2**70}
    assert json.loads(write_event(body).data) == body


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b'{"type":"response.create"}', "response.create"),
        (b'\xef\xbb\xbf \n{"type":"response.create"}', "response.create"),
        (b'{"Type":"response.create"}', MALFORMED),
        (b"{\x00\x01\xff", None),
        (b"{\x00\x01\x02", None),
        (b"\x00\x00", None),
        (b"", None),
    ],
)
def test_a_binary_message_may_be_an_event_for_others(data, kind) -> None:
    """Upstreams that take JSON in any frame find it in a binary one too; sound is none."""
    event = read_as_text(data)
    assert (event and event.type) == kind


@pytest.mark.parametrize("read", [read_peer_event, read_upstream_event])
def test_binary_is_not_read(read) -> None:
    """A binary message is of the binary kind, even where it holds JSON."""
    assert read(b'{"type":"error"}').type == BINARY


@pytest.mark.parametrize("value", ["0", "[]", "{}", '"type"'])
def test_of_a_message_of_very_many_values_only_the_type_is_read(value) -> None:
    """Reading takes a bounded time: of a peer's event with too many values the type alone is known."""
    few = '{"type":"x","values":[' + ",".join([value] * (MOST_VALUES // 4)) + "]}"
    many = '{"type":"x","values":[' + ",".join([value] * MOST_VALUES) + "]}"
    assert read_peer_event(few).type == "x"
    event = read_peer_event(many)
    assert (event.type, event.data, event.body) == ("x", many, {})


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
