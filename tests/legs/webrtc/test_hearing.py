"""Sound made into events, line by line with a clock of its own."""

import base64

import orjson

from relay.legs.webrtc.hearing import LATE_S, Hearing
from relay.legs.webrtc.media import BYTES_PER_S

COMMIT = '{"type":"input_audio_buffer.commit"}'
CLEAR = '{"type":"input_audio_buffer.clear"}'
CREATE = '{"type":"response.create"}'


def audio(data) -> bytes:
    body = orjson.loads(data)
    assert body["type"] == "input_audio_buffer.append"
    return base64.b64decode(body["audio"])


def test_sound_goes_up_in_pieces_of_40_ms() -> None:
    """Pieces of 10 ms are gathered, and none of them is lost or turned round."""
    hearing = Hearing()
    sound = bytes(range(240)) * 8
    went_up = [data for n in range(0, len(sound), 480) for data in hearing.heard(sound[n : n + 480])]
    assert [audio(data) for data in went_up] == [sound]


def test_silence_stands_for_what_does_not_come() -> None:
    """However long a track is muted, as much sound has gone up as time has passed, but for what may still come."""
    hearing = Hearing()
    hearing.begin(10.0)
    assert list(hearing.passed(10.0 + LATE_S)) == []
    went_up = b"".join(audio(data) for n in range(501) for data in hearing.passed(10.0 + n / 50))
    assert not went_up.strip(b"\0")
    assert abs(len(went_up) - (10.0 - LATE_S) * BYTES_PER_S) <= 0.04 * BYTES_PER_S


def test_late_sound_is_not_thrown_away() -> None:
    """What comes after silence had taken its place goes up, and no silence follows until time has caught up with it."""
    hearing = Hearing()
    hearing.begin(0.0)
    silence = [audio(data) for data in hearing.passed(1.2)]
    assert len(b"".join(silence)) == BYTES_PER_S - BYTES_PER_S % 1920
    late = list(hearing.heard(b"\1\0" * (BYTES_PER_S // 2)))
    assert b"".join(map(audio, late)).count(b"\1") == BYTES_PER_S // 2
    assert list(hearing.passed(2.0)) == []


def test_a_commit_waits_for_what_was_spoken_before() -> None:
    """A commit, and all that is said after it, goes up behind the sound that was still on its way."""
    hearing = Hearing()
    hearing.begin(0.0)
    list(hearing.heard(bytes(BYTES_PER_S // 10)))
    assert list(hearing.said(CREATE, 0.1)) == [CREATE]
    assert list(hearing.said(COMMIT, 0.1)) == []
    assert list(hearing.said(CREATE, 0.11)) == []
    assert hearing.held_bytes == len(COMMIT + CREATE)
    list(hearing.heard(b"\1\0" * 600))
    assert list(hearing.passed(0.29)) == []
    *sound, commit, create = hearing.passed(0.31)
    assert (commit, create) == (COMMIT, CREATE)
    assert audio(sound[-1]).endswith(b"\1\0")
    assert hearing.held_bytes == 0


def test_each_waits_in_its_turn() -> None:
    """Of two that wait the second does not overtake, nor does the first wait for it."""
    hearing = Hearing()
    hearing.begin(0.0)
    list(hearing.heard(bytes(BYTES_PER_S)))
    assert [*hearing.said(CLEAR, 0.5), *hearing.said(COMMIT, 0.6)] == []
    assert list(hearing.passed(0.7))[-1] == CLEAR
    assert list(hearing.passed(0.85))[-1] == COMMIT


def test_nothing_waits_before_there_is_sound() -> None:
    """Before the peer can be heard a commit goes up at once, for the upstream to say what it thinks of it."""
    assert list(Hearing().said(COMMIT, 0.0)) == [COMMIT]
