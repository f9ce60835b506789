"""Speech that no item was made of."""

import base64
import json

from relay.core.unfinished import MOST_S, Unfinished


def append(seconds: float) -> str:
    return json.dumps(
        {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(int(48000 * seconds))).decode()}
    )


def test_silence_is_kept_for_a_second() -> None:
    """While nobody speaks about a second is kept."""
    unfinished = Unfinished()
    for _ in range(50):
        unfinished.append(append(0.1))
    assert 8 <= len(unfinished.appends) <= 10


def test_speech_is_kept_for_a_minute() -> None:
    """Speech is kept from its beginning, up to a minute; of G.711 as many seconds are less."""
    unfinished = Unfinished()
    unfinished.started()
    for _ in range(100):
        unfinished.append(append(1.0))
    assert MOST_S - 2 <= len(unfinished.appends) <= MOST_S
    unfinished.bytes_per_s = 8000
    unfinished.append(append(1.0))
    assert len(unfinished.appends) <= MOST_S / 6 + 1


def test_one_huge_message_is_not_kept() -> None:
    """An append of more than a minute is nobody's speech, and is not kept."""
    unfinished = Unfinished()
    unfinished.started()
    unfinished.append(append(MOST_S + 1))
    assert unfinished.appends == []


def test_a_turn_is_known_as_sound() -> None:
    """The last turn is known as it was appended, by the item that it became; nothing is unfinished then."""
    unfinished = Unfinished()
    unfinished.started()
    unfinished.append('{"type":"input_audio_buffer.append","audio":"AQ=="}')
    unfinished.append('{"audio": "AgM=", "type": "input_audio_buffer.append"}')
    assert unfinished.is_speaking
    unfinished.stopped("u1")
    assert (unfinished.appends, unfinished.speech_of("u1"), unfinished.speech_of("u2")) == ([], "AQID", None)
    unfinished.append('{"audio": "A", "type": "input_audio_buffer.append"}')
    unfinished.stopped("u3")
    assert unfinished.speech_of("u3") is None
