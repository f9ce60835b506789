"""The events of the benchmarks."""

import json

import pytest

from bench.talk import ID_FIRST, ID_SECOND, PLAIN, Talk
from bench.wire import CREATED, UPDATED, WRONG, Script, Stamp, append_template, delta_template
from relay.core.binary_audio import BinaryAudio
from relay.core.dialect import Translation

STAMP = Stamp(sequence=12, sent_ns=1_234_567_890_123, part=3)


@pytest.mark.parametrize("template", [append_template, delta_template])
@pytest.mark.parametrize("size", [1300, 2600, 16384])
def test_events_have_the_size_that_was_asked_for(template, size) -> None:
    """The whole event counts, and its stamp can be read again."""
    event = template(size).write(STAMP)
    assert len(event) == size
    assert template(size).read(event) == STAMP


def test_events_are_the_apis_own() -> None:
    """A relay that parses them finds what the API would send."""
    assert list(json.loads(append_template(1300, PLAIN).write(STAMP))) == ["type", "audio"]
    assert list(json.loads(append_template(1300, ID_SECOND).write(STAMP))) == ["type", "event_id", "audio"]
    assert list(json.loads(append_template(1300, ID_FIRST).write(STAMP))) == ["event_id", "type", "audio"]
    assert json.loads(delta_template(1300).write(STAMP))["type"] == "response.output_audio.delta"
    assert [json.loads(event)["type"] for event in (CREATED, UPDATED, WRONG)] == [
        "session.created", "session.updated", "error",
    ]  # fmt: skip


def test_the_beta_has_the_same_events() -> None:
    """What a beta peer expects is what the translation makes of what the upstream says."""
    talk = Talk(append_bytes=1300, delta_bytes=(1300,))
    script, to_peer = Script(talk, beta=True), Translation().to_peer
    for said, expected in [
        (CREATED, script.created),
        (UPDATED, script.updated),
        (delta_template(1300).write(STAMP), script.deltas[1300].write(STAMP)),
    ]:
        assert to_peer(said.decode()) == (expected.decode(),)


def test_audio_in_bytes_is_what_the_relay_makes_of_the_events() -> None:
    """What such a peer says becomes the append that the upstream expects, and a delta what the peer expects."""
    talk = Talk(append_bytes=1300, delta_bytes=(1300,), in_bytes=True)
    peer, upstream, relay = Script(talk, at_peer=True), Script(talk), BinaryAudio()
    assert relay.up(peer.append.write(STAMP)) == upstream.append.write(STAMP).decode()
    message = relay.down(upstream.deltas[1300].write(STAMP).decode())
    assert isinstance(message, bytes)
    assert peer.deltas[1300].read(message) == STAMP
    assert len(upstream.append.write(STAMP)) in range(1297, 1301)


@pytest.mark.parametrize("place", [0, 2, 8, 200, 700])
def test_one_changed_byte_of_bytes_is_noticed(place) -> None:
    """In their header or in their audio."""
    talk = Talk(append_bytes=1300, delta_bytes=(1300,), in_bytes=True)
    message = BinaryAudio().down(Script(talk).deltas[1300].write(STAMP).decode())
    assert isinstance(message, bytes)
    changed = bytearray(message)
    changed[place] ^= 1
    assert Script(talk, at_peer=True).deltas[1300].read(bytes(changed)) is None


@pytest.mark.parametrize("place", [0, 20, 150, 1299])
def test_one_changed_byte_is_noticed(place) -> None:
    """Wherever it stands but in the stamp, which the sequence tells."""
    event = bytearray(append_template(1300).write(STAMP))
    event[place] ^= 1
    assert append_template(1300).read(bytes(event)) is None


@pytest.mark.parametrize("size", [1299, 1301])
def test_a_missing_or_further_byte_is_noticed(size) -> None:
    """An event that was cut or padded is not the one that was sent."""
    event = append_template(1300).write(STAMP).ljust(size, b" ")[:size]
    assert append_template(1300).read(event) is None


def test_an_event_without_room_for_audio_is_refused() -> None:
    """A size below the bare event's cannot be made."""
    with pytest.raises(ValueError, match="no room"):
        delta_template(100)
