"""Long texts are read as orjson reads them, whatever is cut out on the way."""

import json
import random

import orjson
import pytest

from relay.core.events import read_peer_event
from relay.core.long_json import LONG_STRING, LONG_TEXT, read_long

LONG = "A" * (LONG_STRING + 1)
FILLED = "x" * LONG_TEXT


def drawn(draw: random.Random, level: int = 0):
    """A value with strings of all sorts in it."""
    kind = draw.randrange(6 if level < 3 else 3)
    if kind == 3:
        return [drawn(draw, level + 1) for _ in range(draw.randrange(4))]
    if kind > 3:
        return {draw.choice(["a", "b\\", LONG, "é"]): drawn(draw, level + 1) for _ in range(draw.randrange(4))}
    return draw.choice([None, 1, "", "a", "\\", '"', '\\"', "\0relay:0\0", LONG, LONG + "\\", LONG + '"', LONG + "é"])


@pytest.mark.parametrize("seed", range(10))
def test_it_reads_what_orjson_reads(seed) -> None:
    """A text of more than 256 KB has the same meaning, whether its long strings are cut out or not."""
    draw = random.Random(seed)
    for _ in range(30):
        value = {"long": FILLED, "value": drawn(draw)}
        text = json.dumps(value, ensure_ascii=draw.random() < 0.5, indent=draw.choice([None, 2]))
        assert read_long(text) == orjson.loads(text) == value
        assert read_peer_event(text).body == value


def test_a_long_event_is_read_as_a_short_one() -> None:
    """A picture of any size is an event of its type, and its body has all of it."""
    for picture in (LONG, FILLED, FILLED * 8):
        body = {"type": "conversation.item.create", "item": {"content": [{"image_url": picture}]}}
        event = read_peer_event(json.dumps(body))
        assert (event.type, event.body, event.body) == ("conversation.item.create", body, body)
    assert read_peer_event(json.dumps({"item": {}, "type": FILLED})).type == FILLED


@pytest.mark.parametrize("cut", [1, 2, 3, LONG_TEXT // 2, LONG_TEXT + 1])
def test_what_is_no_json_is_refused(cut) -> None:
    """A long text whose end is missing is no JSON."""
    text = json.dumps({"long": FILLED, "escaped": LONG + '\\"'})
    with pytest.raises(orjson.JSONDecodeError):
        read_long(text[:-cut])


@pytest.mark.parametrize(
    "text", [f'{{"a":"{FILLED}","a":"\\u0000relay:0\\u0000"}}', f'{{"{FILLED}":1}}', f'"{FILLED}"']
)
def test_nothing_is_taken_for_a_mark(text) -> None:
    """Where a mark stands in the text itself, or a name is long, it is read as it is."""
    assert read_long(text) == orjson.loads(text)


def test_many_quotes_are_not_looked_at() -> None:
    """A text with a hundred thousand strings is read as it is."""
    value = [FILLED, *(["a"] * 100_000)]
    assert read_long(json.dumps(value)) == value
