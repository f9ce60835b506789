import json

import pytest

from relay.core.events import MOST_VALUES, read_peer_event
from relay.core.harmless import is_harmless, may_ask_for_an_answer

ASKS = '{"type":"response.create"}'
MANY = f'"x":[{"0," * MOST_VALUES}0]'
DEEP = f'"x":{"[" * 300}{"]" * 300}'


@pytest.mark.parametrize(
    "data",
    [
        ASKS,
        f'{{"type":"response.create",{MANY}}}',
        f'{{{MANY},"type":"response.create"}}',
        f'{{"type":"response.create",{DEEP}}}',
        f'{{"type":"session.update",{DEEP},"type":"response.create"}}',
        '{"type":"response.create","x":"\\ud83d"}',
        '{"type":"response.create","x":NaN}',
        '{"type":"response.create","x":"a\nb"}',
        '{"Type":"response.create"}',
        '\ufeff{"type":"response.create"}',
        "{'type':'response.create'}",
        "{'type':'Response.CREATE'}",
        "{'type':'response\\u002ecreate'}",
        '{"type":"response\\u002ecreate"}',
        ASKS.encode(),
        b" " + ASKS.encode(),
        ASKS.encode("utf-8-sig"),
        f'{{"type":"response.create",{MANY}}}'.encode(),
    ],
    ids=lambda data: str(data)[:40],
)
def test_a_request_in_any_spelling_may_ask(data) -> None:
    """Whatever an upstream may read as a request for an answer is taken for one."""
    event = read_peer_event(data)
    assert may_ask_for_an_answer(event)
    assert not is_harmless(event)


NO_REQUESTS = [
    '{"type":"session.update"}',
    '{"type":"x"}',
    "{",
    "{'type':'session.update'}",
    "ping",
    "[1]",
    b"\x00\x01",
    b"{\x00",
]


@pytest.mark.parametrize("data", NO_REQUESTS)
def test_sound_and_other_events_do_not_ask(data) -> None:
    """What is a request for nobody passes without money."""
    assert not may_ask_for_an_answer(read_peer_event(data))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ('{"type":"input_audio_buffer.append","audio":"AAAA"}', True),
        ('{"type":"conversation.item.truncate","item_id":"i","content_index":0,"audio_end_ms":5}', True),
        ('{"type":"response.cancel"}', True),
        (b"\x00\x01", True),
        ('{"type":"response.cancel","Type":"response.create"}', False),
        ('{"type":"response.create","type":"response.cancel"}', False),
        (f'{{"type":"response.cancel",{MANY}}}', False),
        ('{"type":"response.cancel","x":"\\ud83d"}', True),
        ('{"type":"input_audio_buffer.commit"}', False),
        ('{"type":"session.update","session":{}}', False),
        ('{"type":"conversation.item.create","item":{}}', False),
        ('{"type":"unheard.of"}', False),
        (json.dumps({"type": "response.create"}).encode(), False),
        ("ping", False),
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_proved_to_cost_nothing(data, expected) -> None:
    """Harmless is what is known to be, and has one meaning for every reader."""
    assert is_harmless(read_peer_event(data)) is expected
