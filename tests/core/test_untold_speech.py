"""Speech without words, kept as sound within bounds."""

import json

from relay.core.remembered import MESSAGE, Remembered
from relay.core.unfinished import MOST_S, Unfinished
from relay.core.untold_speech import RETRIEVED_WITHIN_S, SPOKEN, UntoldSpeech

AUDIO_OF_20_S = "AAAA" * (20 * 16_000)


def spoken(number: int) -> Remembered:
    return Remembered(f"u{number}", MESSAGE, "user", None)


def retrieved(item_id: str, audio: object) -> dict[str, object]:
    content = [{"type": "input_audio", "audio": audio}]
    return {"type": "conversation.item.retrieved", "item": {"id": item_id, "content": content}}


def test_what_is_asked_for() -> None:
    """Speech of the user without words is asked for, the latest first, and waited for a moment."""
    speech = UntoldSpeech(Unfinished())
    items = [
        spoken(1),
        Remembered("u2", MESSAGE, "user", "written"),
        Remembered("a1", MESSAGE, "assistant", None),
        spoken(3),
    ]
    assert list(speech.ask(items, 5.0)) == ["u3", "u1"]
    assert speech.is_asking(5.0 + RETRIEVED_WITHIN_S - 0.1)
    assert not speech.is_asking(5.0 + RETRIEVED_WITHIN_S)
    assert speech.retrieved(retrieved("u1", "AAAA"))
    assert not speech.retrieved(retrieved("u1", "AAAA"))
    assert list(speech.ask(items, 6.0)) == ["u3"]
    speech.forget_asked()
    assert not speech.is_asking(6.0)


def test_a_minute_is_kept() -> None:
    """Of long speech the latest minute is said again, whoever it came from."""
    unfinished = Unfinished()
    speech = UntoldSpeech(unfinished)
    items = [spoken(number) for number in range(5)]
    for _ in speech.ask(items, 0.0):
        pass
    for item in items:
        speech.retrieved(retrieved(item.id, AUDIO_OF_20_S))
    assert [item.text for item in speech.marked(items)] == [None, None, None, SPOKEN, SPOKEN]
    for number in range(9):
        unfinished.started()
        unfinished.append(json.dumps({"audio": AUDIO_OF_20_S}))
        unfinished.stopped(f"v{number}")
        speech.keep_turn(f"v{number}")
    kept = speech.marked([Remembered(f"v{number}", MESSAGE, "user", None) for number in range(9)])
    assert 20 * sum(item.text == SPOKEN for item in kept) <= MOST_S


def test_what_brings_no_sound() -> None:
    """An answer without sound, or of another shape, leaves the item without."""
    speech = UntoldSpeech(Unfinished())
    list(speech.ask([spoken(1), spoken(2)], 0.0))
    assert speech.retrieved(retrieved("u1", None))
    assert speech.retrieved({"item": {"id": "u2", "content": "odd"}})
    assert not speech.retrieved({"item": []})
    assert [item.text for item in speech.marked([spoken(1)])] == [None]
    assert speech.content(spoken(1)) is None
