"""How long each item's speech is, told by the length of its base64."""

import base64
import json

import pytest

from relay.core.sound import AUDIO, AUDIO_OF_BETA, MOST_ITEMS, SoundCount
from tests.fakes.legs import Joined


class Counting:
    def __init__(self) -> None:
        self.sound = SoundCount()
        self.joined = Joined(self.sound).opened()

    def down(self, kind: str, **fields: object) -> None:
        self.joined.upstream_says(json.dumps({"type": kind, **fields}))

    def hears(self, octets: int, item_id: str = "a1", kind: str = AUDIO, index: int = 0) -> None:
        self.down(
            kind, item_id=item_id, content_index=index, delta=base64.b64encode(bytes(octets)).decode(), obfuscation="="
        )


def output(audio_format: object) -> dict[str, object]:
    return {"audio": {"output": {"format": audio_format}}}


@pytest.mark.parametrize("pieces", [[4800], [1, 2, 4797], [4799, 1], [1600] * 3])
def test_pieces_add_up_to_the_byte(pieces) -> None:
    """Pieces of any length are counted to the byte, padding or not."""
    counting = Counting()
    for octets in pieces:
        counting.hears(octets)
    assert counting.sound.length_ms("a1") == 100


def test_what_was_said_before_it_was_cut() -> None:
    """After a cut it is still known how long the speech was."""
    counting = Counting()
    counting.hears(4800)
    counting.sound.cut("a1", 0, 40)
    counting.down("conversation.item.truncated", item_id="a1", content_index=0, audio_end_ms=40)
    assert (counting.sound.length_ms("a1"), counting.sound.said_ms("a1")) == (40, 100)
    assert counting.sound.said_ms("other") is None


def test_items_and_parts_are_counted_apart() -> None:
    """Each item has its own sound, and each part of its content; of others none is known."""
    counting = Counting()
    for octets, item_id, index in ((480, "a", 0), (960, "b", 0), (480, "a", 0), (4800, "a", 1)):
        counting.hears(octets, item_id, index=index)
    lengths = [counting.sound.length_ms("a"), counting.sound.length_ms("b"), counting.sound.length_ms("a", 1)]
    assert lengths == [20, 20, 100]
    assert counting.sound.length_ms("c") is None


def test_two_names_for_one_piece() -> None:
    """An upstream that says each piece twice, under its old name and its new one, has said it once."""
    counting = Counting()
    for kind in (AUDIO, AUDIO_OF_BETA, AUDIO, AUDIO_OF_BETA):
        counting.hears(480, kind=kind)
    assert counting.sound.length_ms("a1") == 20


@pytest.mark.parametrize(
    ("audio_format", "length_ms"),
    [
        ({"type": "audio/pcm", "rate": 24000}, 100), ({"type": "audio/pcm", "rate": 16000}, 150),
        ({"type": "audio/pcmu"}, 600), ({"type": "audio/pcma"}, 600), ("g711_ulaw", 600), ("pcm16", 100),
        ({"type": "audio/pcm", "rate": "odd"}, 100), ({"type": 7}, 100), (None, 100),
    ],
)  # fmt: skip
def test_how_long_bytes_are(audio_format, length_ms) -> None:
    """A millisecond has as many bytes as the session's output format says."""
    counting = Counting()
    counting.down("session.updated", session=output(audio_format))
    counting.hears(4800)
    assert counting.sound.length_ms("a1") == length_ms


def test_an_answer_with_a_format_of_its_own() -> None:
    """A response may have another format than its session, and then its items have it."""
    counting = Counting()
    counting.down("response.created", response={"id": "r1", **output({"type": "audio/pcmu"})})
    counting.down("response.output_item.added", response_id="r1", item={"id": "a1"})
    counting.down("response.created", response={"id": "r2"})
    counting.down("response.output_item.added", response_id="r2", item={"id": "a2"})
    counting.hears(4800, "a1")
    counting.hears(4800, "a2")
    assert [counting.sound.length_ms(item) for item in ("a1", "a2")] == [600, 100]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (AUDIO, {"delta": "AAAA"}), (AUDIO, {"item_id": "a1", "delta": "A A"}), (AUDIO, {"item_id": "a1", "delta": 7}),
        ("conversation.item.truncated", {"item_id": "a1"}), ("response.created", {"response": []}),
        ("response.output_item.added", {"item": {"id": 7}}), ("session.updated", {"session": {"audio": []}}),
        ("conversation.item.truncated", {"item_id": "other", "audio_end_ms": 5}),
    ],
)  # fmt: skip
def test_what_says_nothing_is_passed_over(kind, fields) -> None:
    """What an upstream says otherwise than the API changes nothing of what is known."""
    counting = Counting()
    counting.hears(4800)
    counting.down(kind, **fields)
    assert counting.sound.length_ms("a1") == 100


def test_what_is_known_is_bounded() -> None:
    """A session of many answers knows the latest."""
    counting = Counting()
    for number in range(MOST_ITEMS + 1):
        counting.hears(480, str(number))
    assert (counting.sound.length_ms("0"), counting.sound.length_ms("1")) == (None, 10)
