"""Speech that no item was made of."""

import base64
import json
from collections.abc import Callable

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
    unfinished.format(detects_turns=True, bytes_per_s=8000)
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


def test_what_had_been_said_before() -> None:
    """How much came before what is unfinished is known, of whatever was forgotten and in each format."""
    unfinished = Unfinished()
    for _ in range(50):
        unfinished.append(append(0.1))
    assert round(unfinished.begins_ms + 100 * len(unfinished.appends)) == 5000
    unfinished.cleared()
    unfinished.format(detects_turns=True, bytes_per_s=8000)
    unfinished.append(append(0.1))
    assert round(unfinished.begins_ms) == 5000
    unfinished.cleared()
    assert round(unfinished.begins_ms) == 5600


class Lane:
    """Keeps what a test says that it has kept."""

    def __init__(self) -> None:
        self.whole = False
        self.kept: tuple[int, str] | None = None

    def keep_appends(self, told: Callable[[int, str], None]) -> "Lane":
        self._told = told
        return self

    def tell(self) -> int:
        kept, self.kept = self.kept, None
        if kept is not None:
            self._told(*kept)
        return 0


def test_what_a_lane_keeps() -> None:
    """A lane tells the latest appends and the bytes of all, in order with those that do not pass it."""
    unfinished, lane = Unfinished(), Lane()
    unfinished.keep_in(lane)
    assert (unfinished.is_in_lane, lane.whole) == (True, False)
    lane.kept = (480_000, "\0".join([append(0.4)] * 4))
    assert (len(unfinished.appends), round(unfinished.begins_ms)) == (2, 9200)
    unfinished.started()
    wanted = [lane.whole]
    lane.kept = (240_000, "\0".join([append(1.0)] * 5))
    unfinished.append(append(0.5))
    assert [len(json.loads(data)["audio"]) for data in unfinished.appends] == [25600] * 2 + [64000] * 5 + [32000]
    lane.kept = (48, append(0.001))
    unfinished.stopped("u1")
    assert unfinished.speech_of("u1") == base64.b64encode(bytes(48 * 6301)).decode()
    assert [*wanted, lane.whole] == [True, False]
    lane.kept = (4800, "")
    assert (unfinished.appends, round(unfinished.begins_ms)) == ([], 15601)
    unfinished.leave_lane()
    assert not unfinished.is_in_lane
