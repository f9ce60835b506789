"""When pictures are shown, line by line."""

from typing import Any

import pytest

from relay.core.events import Event, write_event
from relay.core.pictures import Pictures

SPEECH = write_event({"type": "input_audio_buffer.speech_started"})
COMMIT = write_event({"type": "input_audio_buffer.commit"})


def pictures(when: str = "turn", most: int = 9, keep: int = 0) -> Pictures:
    return Pictures("0123456789abcdef", when=when, interval_s=5, most=most, keep=keep)


def refusal(event_id: Any) -> Event:
    return write_event({"type": "error", "error": {"event_id": event_id, "message": "no images here"}})


@pytest.mark.parametrize(("when", "wanted"), [("turn", True), ("interval", False), ("never", False)])
def test_a_turn_wants_a_picture(when: str, wanted: bool) -> None:
    """Speech that begins, and a commit of the peer's own, want one where the settings say so; nothing else does."""
    shown = pictures(when)
    assert (shown.wanted_at(SPEECH), shown.wanted_at(COMMIT)) == (wanted, wanted)
    assert not shown.wanted_at(write_event({"type": "response.created"}))


def test_an_interval() -> None:
    """The first is wanted at once, the next when its time has come."""
    shown = pictures("interval")
    assert [shown.wanted_by(now) for now in (100.0, 104.9, 105.0, 105.1)] == [True, False, True, False]
    assert not pictures("turn").wanted_by(100.0)


def test_a_picture_is_an_item() -> None:
    """It is the user's, as JPEG, with an id that the API takes and no other session has."""
    [body] = pictures().show(b"\xff\xd8")
    item = body["item"]
    assert (body["type"], item["type"], item["role"]) == ("conversation.item.create", "message", "user")
    assert item["content"] == [{"type": "input_image", "image_url": "data:image/jpeg;base64,/9g="}]
    assert len(item["id"]) <= 32


def test_no_more_than_there_may_be() -> None:
    """After the last that a session may show, none is wanted, and one that was being made is dropped."""
    shown = pictures(most=2)
    assert [len([*shown.show(b"x")]) for _ in range(3)] == [1, 1, 0]
    assert not shown.wanted_at(SPEECH)


def test_old_pictures_make_room() -> None:
    """Where so many are kept the oldest is deleted when another one comes."""
    shown = pictures(keep=2)
    said = [[body["type"].rpartition(".")[2] for body in shown.show(b"x")] for _ in range(4)]
    assert said == [["create"], ["create"], ["create", "delete"], ["create", "delete"]]
    [created, deleted] = shown.show(b"x")
    assert (created["item"]["id"][-2:], deleted["item_id"][-2:]) == ("_5", "_3")


def test_an_upstream_that_takes_no_pictures() -> None:
    """Its first refusal is the last; errors about something else change nothing."""
    shown = pictures()
    [body] = shown.show(b"x")
    for event_id in ("mine", None):
        assert not shown.wanted_at(refusal(event_id))
    assert shown.wanted_at(SPEECH)
    shown.wanted_at(refusal(body["event_id"]))
    assert not shown.wanted_at(SPEECH)
