"""Turns, found from what an ear says of each frame."""

from typing import Any

import pytest

from relay.cascade.completeness import Completeness
from relay.cascade.turns import TurnTaker
from relay.engine.errors import Refused
from relay.engine.listening import SpeechStarted, SpeechStopped

FRAME_MS = 20
SERVER_VAD = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 100, "silence_duration_ms": 200}
SEMANTIC_VAD = {"type": "semantic_vad", "eagerness": "auto"}


class Watcher:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.sounding = False
        self.streamed_ms = 0

    def is_sounding(self) -> bool:
        return self.sounding

    def turn_began(self, pcm: bytes) -> None:
        self.told.append(f"began {len(pcm) // 48}")

    def turn_went_on(self, pcm: bytes) -> None:
        self.streamed_ms += len(pcm) // 48

    def turn_paused(self, pcm: bytes, spoken_ms: int, *, judges: bool) -> None:
        self.told.append(f"paused {len(pcm) // 48} {spoken_ms}{' judge' if judges else ''}")

    def turn_resumed(self) -> None:
        self.told.append("resumed")

    def turn_ended(self, spoken_ms: int) -> None:
        self.told.append(f"ended {spoken_ms}")

    def turn_forgotten(self) -> None:
        self.told.append("forgotten")


class Room:
    """A turn taker, and an ear that hears what is written: `S` is a frame of speech, `.` one of silence."""

    def __init__(self, detection: dict[str, Any] | None = SERVER_VAD, hold_ms: int = 800) -> None:
        self.watcher = Watcher()
        self.turns = TurnTaker(self.watcher, frame_ms=FRAME_MS, hold_ms=hold_ms)
        self.turns.detect_turns(detection)

    def hear(self, frames: str) -> list[SpeechStarted | SpeechStopped]:
        """What is found in these frames."""
        assert list(self.turns.append(bytes(len(frames) * FRAME_MS * 48))) == []
        given = self.turns.take_frames()
        assert given is not None
        probabilities = [{"S": 0.9, "s": 0.4, ".": 0.1}[frame] for frame in frames]
        return list(self.turns.hear(given.stretch, probabilities))


def spans(found: list[SpeechStarted | SpeechStopped]) -> list[tuple[str, int, int]]:
    """What was found: where a turn starts, or where it ends and how long it is."""
    return [
        ("start", one.start_ms, 0) if isinstance(one, SpeechStarted) else ("stop", one.end_ms, len(one.pcm) // 48)
        for one in found
    ]


def test_a_turn() -> None:
    """A turn starts at its onset less the padding, pauses at 100 ms of silence, and is over after all of it."""
    room = Room()
    found = room.hear("." * 10 + "S" * 20 + "." * 15)
    assert spans(found) == [("start", 100, 0), ("stop", 800, 700)]
    assert room.watcher.told == ["began 160", "paused 600 400", "ended 400"]
    assert room.turns.end_ms == 900


def test_a_click_is_no_turn() -> None:
    """Less than 60 ms of speech do not count, however often."""
    room = Room()
    assert room.hear("SS...SS...SS...") == []
    assert room.watcher.told == []


def test_a_turn_that_goes_on() -> None:
    """Speech behind a pause takes the turn up again, as often as it likes; less loud speech counts, too."""
    room = Room()
    found = room.hear("S" * 10 + "." * 6 + "S" * 5 + "." * 5 + "s" + "." * 12)
    assert [kind for kind, *_ in spans(found)] == ["start", "stop"]
    assert [told.split()[0] for told in room.watcher.told] == [
        "began", "paused", "resumed", "paused", "resumed", "paused", "ended",
    ]  # fmt: skip
    assert room.watcher.told[-1] == "ended 320"


def test_an_interruption_takes_longer() -> None:
    """While sound plays, 300 ms of speech interrupt, and 280 do not."""
    room = Room()
    room.watcher.sounding = True
    assert room.hear("S" * 14 + "." * 20) == []
    assert spans(room.hear("S" * 15)) == [("start", 580, 0)]
    assert room.watcher.told == ["began 400"]


def test_a_turn_that_sounds_complete() -> None:
    """With semantic_vad a turn that was judged complete is over after 200 ms of silence, others after hold_ms."""
    room = Room(SEMANTIC_VAD)
    assert spans(room.hear("S" * 20 + "." * 6)) == [("start", 0, 0)]
    assert room.watcher.told[-1] == "paused 500 400 judge"
    room.turns.judge(Completeness.COMPLETE)
    assert spans(room.hear("." * 4)) == [("stop", 600, 600)]
    assert spans(room.hear("S" * 20 + "." * 39)) == [("start", 600, 0)]
    assert [kind for kind, *_ in spans(room.hear("."))] == ["stop"]


def test_a_verdict_holds_for_its_pause() -> None:
    """What was judged complete is not, once speech goes on."""
    room = Room(SEMANTIC_VAD)
    room.hear("S" * 20 + "." * 6)
    room.turns.judge(Completeness.COMPLETE)
    assert room.hear("S" * 5 + "." * 20) == []
    room.turns.judge(Completeness.UNCERTAIN)
    assert room.hear("." * 19) == []


@pytest.mark.parametrize(
    ("eagerness", "uncertain_ms", "incomplete_ms"),
    [("low", 1600, 8000), ("medium", 800, 4000), ("auto", 800, 4000), ("high", 400, 2000)],
)
def test_eagerness(eagerness: str, uncertain_ms: int, incomplete_ms: int) -> None:
    """Eagerness says how long a turn is waited for that is not complete, or of which nothing says whether it is."""
    for completeness, silence_ms in ((Completeness.UNCERTAIN, uncertain_ms), (Completeness.INCOMPLETE, incomplete_ms)):
        room = Room({"type": "semantic_vad", "eagerness": eagerness})
        room.hear("S" * 20 + "." * 6)
        room.turns.judge(completeness)
        assert room.hear("." * (silence_ms // FRAME_MS - 7)) == []
        assert [kind for kind, *_ in spans(room.hear("."))] == ["stop"]


def test_no_wait_is_longer_than_eagerness_allows() -> None:
    """However long an operator holds a turn, the eagerness that its session asked for bounds the wait."""
    room = Room({"type": "semantic_vad", "eagerness": "high"}, hold_ms=10_000)
    room.hear("S" * 20)
    assert room.hear("." * (2000 // FRAME_MS - 1)) == []
    assert [kind for kind, *_ in spans(room.hear("."))] == ["stop"]


def test_push_to_talk() -> None:
    """Without detection nothing is found and the ear gets nothing; a commit takes everything."""
    room = Room(None)
    list(room.turns.append(bytes(4800 * 5)))
    assert room.turns.take_frames() is None
    assert len(room.turns.commit()) == 4800 * 5
    with pytest.raises(Refused):
        room.turns.commit()


def test_an_ear_that_answers_late() -> None:
    """What an ear says of sound that was cleared, committed, or heard under other rules is dropped."""
    room = Room()
    list(room.turns.append(bytes(FRAME_MS * 48 * 20)))
    given = room.turns.take_frames()
    assert given is not None
    room.turns.clear()
    assert list(room.turns.hear(given.stretch, [0.9] * 20)) == []
    assert not room.turns.is_speaking
    assert spans(room.hear("S" * 5)) == [("start", 400, 0)]


def test_a_turn_that_is_forgotten() -> None:
    """Clearing or committing in the middle of a turn forgets it, and says so."""
    room = Room()
    room.hear("S" * 20)
    room.turns.clear()
    room.hear("S" * 20)
    assert len(room.turns.commit()) == 400 * 48
    assert room.watcher.told == ["began 60", "forgotten", "began 60", "forgotten"]


def test_asking_for_what_is_done_already() -> None:
    """The same detection again leaves a turn alone; another begins anew."""
    room = Room()
    room.hear("S" * 20)
    room.turns.detect_turns(dict(SERVER_VAD))
    assert room.turns.is_speaking
    room.turns.detect_turns(SEMANTIC_VAD)
    assert not room.turns.is_speaking


def test_a_burst_longer_than_what_is_kept() -> None:
    """A minute in one piece is heard to its end, though 15 s of silence are all that is kept."""
    room = Room()
    found = room.hear("." * 2900 + "S" * 30 + "." * 70)
    assert [kind for kind, *_ in spans(found)] == ["start", "stop"]


def test_an_ear_that_never_answers() -> None:
    """Sound is kept for six minutes, and forgotten then, as is the turn in it."""
    room = Room()
    room.hear("S" * 20)
    list(room.turns.append(bytes(361_000 * 48)))
    assert not room.turns.is_speaking
    assert room.turns.end_ms == 361_400
    assert room.turns.take_frames() is None
