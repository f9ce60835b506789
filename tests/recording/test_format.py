"""The lines of a recording, made and read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.recording.format import End, Header, Message, Side, Stopped, Unreadable, read_line, write_line, write_message

HEADER = Header("s1", "2026-11-21T09:30:00.125Z", "gpt-realtime-2.1", "default", "0.1.0")
END = End(61.25, "peer_closed", 3, Side(1000, "bye", "peer"), Side(1000, "", "relay"))


@pytest.mark.parametrize(
    "line",
    [
        HEADER,
        Header("s1", "now", None, "minutes", "9", 429, "relay.binary.v1", "hash", "redacted"),
        Message(0.5, "up", '{"type":"response.create"}', 0),
        Message(0.5, "up", '{"type":"session.update","event_id":"relay_s1_1"}', 0, by_relay=True),
        Message(1.5, "down", b"\x00\xff", 7),
        END,
        Stopped(9.0, "max_bytes"),
    ],
)
def test_a_line_is_read_as_it_was_written(line) -> None:
    """What is written is one line of JSON, and is read back as the same."""
    written = write_line(line)
    assert written.count(b"\n") == 1
    assert written.endswith(b"\n")
    assert read_line(written) == line


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.binary(), st.booleans())
def test_a_message_is_kept_to_the_byte(data, by_relay) -> None:
    """Whatever a message holds, JSON or not, text or binary, comes back unchanged and with its opcode."""
    assert read_line(write_message(0.25, "down", data, 2, by_relay)) == Message(0.25, "down", data, 2, by_relay)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\n", "not JSON"),
        (b"[]\n", "not a JSON object"),
        (b"{}\n", "neither a header, nor a message, nor an end"),
        (b'{"format":"har","version":1}\n', "`format` is not realtime-relay-recording"),
        (b'{"format":"realtime-relay-recording","version":2}\n', "version 2 of the format; this relay reads version 1"),
        (b'{"at":0,"dir":"sideways","op":"text","data":""}\n', "`dir` is none of up, down"),
        (b'{"at":0,"dir":"up","op":"text","after":0}\n', "`data` is missing"),
        (b'{"at":"0","dir":"up","op":"text","after":0,"data":""}\n', "`at` is not a number"),
        (b'{"at":0,"dir":"up","op":"binary","after":0,"data":"?"}\n', "`data` of a binary message is not base64"),
        (b'{"at":0,"end":"full","after":0,"peer":{"by":"moon"}}\n', "`peer.by` is none of peer, upstream, relay"),
    ],
)
def test_a_line_that_is_none_says_why(raw, why) -> None:
    """What cannot be read is told in words that name the key."""
    with pytest.raises(Unreadable, match=why):
        read_line(raw)


def test_what_a_later_version_adds_is_ignored() -> None:
    """A key that is not known is no error."""
    assert read_line(b'{"at":0,"dir":"up","after":0,"op":"text","data":"x","new":1}\n') == Message(0.0, "up", "x", 0)
