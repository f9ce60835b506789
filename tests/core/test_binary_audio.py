import base64
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.core.binary_audio import BinaryAudio


def delta(item_id: str, audio: bytes, content_index: int = 0) -> str:
    return json.dumps({
        "type": "response.output_audio.delta", "event_id": "event_1", "response_id": "resp_1", "item_id": item_id,
        "output_index": 0, "content_index": content_index, "delta": base64.b64encode(audio).decode(),
    })  # fmt: skip


def unpacked(message: object) -> tuple[int, str, int, int, bytes]:
    assert isinstance(message, bytes)
    version, length, content_index, position = struct.unpack_from("<BBHI", message)
    assert length % 4 == 0
    return version, message[8:length].rstrip(b"\0").decode(), content_index, position, message[length:]


@given(st.binary())
def test_what_goes_up_is_the_microphones_audio(audio) -> None:
    """A binary message of the peer's becomes an append with the same audio."""
    event = json.loads(BinaryAudio().up(audio))
    assert event == {"type": "input_audio_buffer.append", "audio": base64.b64encode(audio).decode()}


@given(st.text(min_size=1, max_size=50).filter(lambda text: "\0" not in text), st.lists(st.binary(min_size=1)))
def test_what_comes_down_is_the_answers_audio(item_id, chunks) -> None:
    """An audio delta becomes its header and its audio, and the position counts what came before of the item."""
    audio, position = BinaryAudio(), 0
    for chunk in chunks:
        assert unpacked(audio.down(delta(item_id, chunk))) == (1, item_id, 0, position, chunk)
        position += len(chunk)


def test_each_item_begins_at_zero() -> None:
    """The position starts anew with each item and each part of it."""
    audio = BinaryAudio()
    for item_id, index, position in [("a", 0, 0), ("a", 0, 4), ("b", 0, 0), ("b", 1, 0), ("b", 1, 4)]:
        assert unpacked(audio.down(delta(item_id, b"abcd", index)))[2:4] == (index, position)


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"session.update"}',
        "{",
        b"\x00",
        '{"type":"response.output_audio.delta"}',
        '{"type":"response.output_audio.delta","item_id":"a","content_index":0,"delta":"not base64!"}',
        '{"type":"response.output_audio.delta","item_id":"a","content_index":0,"delta":7}',
        '{"type":"response.output_audio.delta","item_id":"a","content_index":-1,"delta":"AAAA"}',
        delta("x" * 300, b"abcd"),
    ],
)
def test_what_has_no_header_stays_as_it_is(data) -> None:
    """Other events, and deltas of a form that a header cannot say, come down untouched."""
    assert BinaryAudio().down(data) is data


def test_text_goes_up_as_it_is() -> None:
    """A peer's text is not touched."""
    data = '{"type":"response.create"}'
    assert BinaryAudio().up(data) is data


def test_sessions_without_items_have_audio_in_bytes_too() -> None:
    """A delta of a translation or Live session has an empty item, and what goes up is named as such a session wants."""
    audio = BinaryAudio("session.input_audio.append")
    said = json.dumps({"type": "session.output_audio.delta", "delta": base64.b64encode(b"abcd").decode()})
    assert unpacked(audio.down(said)) == (1, "", 0, 0, b"abcd")
    assert unpacked(audio.down(said)) == (1, "", 0, 4, b"abcd")
    assert json.loads(audio.up(b"abc")) == {"type": "session.input_audio.append", "audio": "YWJj"}
