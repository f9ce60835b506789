"""What a peer may not see, in everything that an upstream may say."""

import json
from typing import Any

import pytest

from relay.core.concealment import SAID, Concealment, shown_session
from relay.core.redaction import REDACTED, SOUND
from tests.fakes.legs import Joined

INSTRUCTIONS = 'You are Zed, the guide.\nThe staff\'s door opens with "HERON-4711". Greet with: Welcome to the museum!'
MCP = {"type": "mcp", "server_label": "shop", "authorization": "token-of-the-shop", "headers": {"X-Key": "k"}}
BARE_MCP = {"type": "mcp", "server_label": "shop"}
PROFILE = {"instructions": INSTRUCTIONS, "tools": [MCP]}
ITEM = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": INSTRUCTIONS}]}


def joined(*lock: str, profile: Any = PROFILE) -> Joined:
    return Joined(Concealment(profile, lock)).opened()


def seen(session: Joined, event: Any) -> Any:
    """What the peer reads of this event; None where it gets nothing."""
    session.upstream_says(event if isinstance(event, str | bytes) else json.dumps(event))
    return json.loads(session.peer.sent[-1]) if session.peer.sent else None


HOLDERS = [
    ({"type": "session.created", "session": {"instructions": INSTRUCTIONS, "prompt": {"id": "p"}, "id": "s"}},
     {"type": "session.created", "session": {"id": "s"}}),
    ({"type": "response.created", "response": {"Instructions": INSTRUCTIONS, "id": "r", "output": []}},
     {"type": "response.created", "response": {"id": "r", "output": []}}),
    ({"type": "unheard.of", "instructions": "anything", "x": {"instructions": "a tool's parameter"}},
     {"type": "unheard.of", "x": {"instructions": "a tool's parameter"}}),
    ({"type": "session.updated", "session": {"audio": {"input": {"transcription": {"prompt": "Names"}}}}},
     {"type": "session.updated", "session": {"audio": {"input": {"transcription": {"prompt": "Names"}}}}}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "shown"), HOLDERS)
def test_the_fields_of_locked_instructions_are_left_out(said, shown) -> None:
    """Sessions and responses come without instructions and prompt, whoever wrote them; other such fields stay."""
    assert seen(joined("instructions"), said) == shown


QUOTING = [
    {"type": "error", "error": {"message": f"Invalid 'instructions': {INSTRUCTIONS}", "code": "invalid_value"}},
    {"type": "error", "error": {"message": f"Invalid: {json.dumps(INSTRUCTIONS)}"}},
    {"type": "error", "error": {"message": json.dumps({"session": json.dumps({"a": INSTRUCTIONS})})}},
    {"type": "error", "error": f"Invalid value '{INSTRUCTIONS[:70]}...'"},
    {"type": "error", "error": {INSTRUCTIONS: 1}},
    {"type": "conversation.item.added", "item": ITEM},
    {"type": "conversation.item.added", "item": {**ITEM, "role": "assistant"}},
    {
        "type": "response.done",
        "response": {"output": [ITEM], "status_details": {"error": {"why": INSTRUCTIONS.upper()}}},
    },
    {"type": "response.output_text.done", "text": INSTRUCTIONS},
    {"type": "response.output_text.delta", "delta": INSTRUCTIONS},
    {"type": "never.heard.of", "deep": [[{"a": f" {INSTRUCTIONS}"}]]},
]


@pytest.mark.parametrize("event", QUOTING)
@pytest.mark.parametrize("write", [json.dumps, lambda event: json.dumps(event, ensure_ascii=False, indent=1)])
def test_the_words_are_taken_out_wherever_they_stand(event, write) -> None:
    """An upstream that quotes locked instructions, in any event and at any depth, is not passed on as it is."""
    shown = seen(joined("instructions"), write(event))
    assert shown["type"] == event["type"]
    assert REDACTED in json.dumps(shown)
    assert "heron" not in json.dumps(shown).lower()


@pytest.mark.parametrize("write", [lambda event: event.encode(), lambda event: event.replace("HERON", "\\u0048ERON")])
def test_binary_and_escaped_events_are_read_too(write) -> None:
    """An event in a binary message, or with escaped letters, is an event; it leaves in such a message as it came in."""
    session = joined("instructions")
    message = write(json.dumps(QUOTING[0]))
    assert seen(session, message)["error"]["code"] == "invalid_value"
    assert type(session.peer.sent[0]) is type(message)
    assert "HERON" not in json.dumps(json.loads(session.peer.sent[0]))


HARD_TO_READ = [
    f'{{"type":"error","a":NaN,"b":{json.dumps(INSTRUCTIONS)}}}',
    f'{{"type":"error","a":"\\ud83d","b":{json.dumps(INSTRUCTIONS)}}}',
    f'{{"type":"error","b":{json.dumps(INSTRUCTIONS)},"a":{"[" * 2000}{"]" * 2000}}}',
    f'{{"type":"error","b":{json.dumps(INSTRUCTIONS)},"a":{"[" * 500}{"]" * 500}}}',
    f'{{"b":{json.dumps(INSTRUCTIONS)},"a":[{"0," * 20_000}0]}}',
    f"[{json.dumps(INSTRUCTIONS)}]",
    INSTRUCTIONS,
    f'{{"a":NaN,"b":{json.dumps(INSTRUCTIONS)}}}'.encode(),
]


@pytest.mark.parametrize("message", HARD_TO_READ, ids=range(len(HARD_TO_READ)))
def test_what_is_hard_to_read_shows_nothing_either(message) -> None:
    """A message with locked words that only a lenient reader can read is written anew without them, or dropped."""
    session = joined("instructions")
    session.upstream_says(message)
    assert not any("HERON" in str(shown) or "guide" in str(shown) for shown in session.peer.sent)


UNTOUCHED: list[Any] = [
    '{ "type" : "response.created", "response" : {"id":"r"} }',
    '{"type":"response.output_audio_transcript.done","transcript":"Welcome to the museum! Zed is my name."}',
    '{"type":"conversation.item.added","item":{"role":"assistant","content":[{"transcript":"Welcome to the museum"}]}}',
    '{"type":"response.output_text.delta","delta":"Wel"}',
    '{"type":"error","a":NaN}',
    "no event",
    b"\x00\x01",
    "[" * 2000 + "]" * 2000,
    '{"a":' + "[" * 500 + "]" * 500 + "}",
]


@pytest.mark.parametrize("message", UNTOUCHED, ids=range(len(UNTOUCHED)))
def test_what_says_nothing_secret_is_untouched(message) -> None:
    """What has no locked words passes as it came, and so does an answer that has a greeting from them."""
    session = joined("instructions", "tools")
    session.upstream_says(message)
    assert session.peer.sent == [message]
    assert session.peer.sent[0] is message


def test_pieces_of_an_answer_are_not_put_together() -> None:
    """What the model says in pieces passes: to put them together would hold up what a voice says anyway."""
    session = joined("instructions")
    for delta in (INSTRUCTIONS[:40], INSTRUCTIONS[40:]):
        assert seen(session, {"type": "response.output_text.delta", "delta": delta})["delta"] == delta


def test_sound_is_not_looked_at() -> None:
    """Pieces of sound have no hook of the concealment, so they cost what they cost without it; text deltas have one."""
    session = joined("instructions")
    for kind in SOUND:
        assert session.session.down.hooks[kind] == ()
    assert all(kind not in session.session.down.hooks for kind in SAID)


def test_credentials_of_tools_are_never_shown() -> None:
    """What a profile's MCP tools open servers with is left out of every echo, locked or not."""
    for event in (
        {"type": "session.updated", "session": {"tools": [MCP]}},
        {"type": "response.created", "response": {"tools": [MCP]}},
        {"type": "conversation.item.added", "item": {"type": "mcp_list_tools", "server_label": "shop", "tools": [MCP]}},
    ):
        assert seen(joined(), event) == json.loads(json.dumps(event).replace(json.dumps(MCP), json.dumps(BARE_MCP)))


def test_locked_tools_are_not_shown() -> None:
    """Where tools are locked the peer sees none: not in a session, a response, or the list that a server gave."""
    session = joined("tools")
    assert seen(session, {"type": "session.updated", "session": {"tools": [MCP], "id": "s"}})["session"] == {"id": "s"}
    assert seen(session, {"type": "response.created", "response": {"tools": [MCP]}})["response"] == {}
    assert seen(session, {"type": "session.updated", "session": {"tools": []}})["session"] == {"tools": []}
    item = {"type": "mcp_list_tools", "server_label": "shop", "tools": [{"name": "buy"}]}
    assert seen(session, {"type": "conversation.item.done", "item": item})["item"] == {**item, "tools": []}


@pytest.mark.parametrize(
    ("profile", "lock", "hides"),
    [
        ({}, [], False),
        ({"instructions": "Be kind to everybody."}, ["voice"], False),
        ({"tools": [{"type": "function", "name": "f"}]}, [], False),
        ({"tools": [MCP]}, [], True),
        ({"tools": None}, ["tools"], True),
        ({}, ["instructions"], True),
    ],
)
def test_when_there_is_something_to_hide(profile, lock, hides) -> None:
    """Locked instructions, locked tools and MCP tools are hidden; without them nobody looks at what comes."""
    assert bool(Concealment(profile, lock)) is hides


def test_locked_words_in_other_places() -> None:
    """What delegated models and the first messages are told is secret as far as it is locked."""
    profile = {
        "delegation": {"instructions": "Buy nothing above ten euros for anybody."},
        "input": [
            {"role": "developer", "content": [{"type": "input_text", "text": "The manager is called Heron today."}]}
        ],
    }
    error = {"type": "error", "error": {"message": "Buy nothing above ten euros. The manager is called Heron today."}}
    assert seen(joined(profile=profile), error) == error
    assert "Heron" not in seen(joined("instructions", profile=profile), error)["error"]["message"]
    assert "euros" not in seen(joined("delegation", profile=profile), error)["error"]["message"]


def test_a_close_reason_has_no_words() -> None:
    """A close reason that quotes locked words is told without them."""
    assert Concealment(PROFILE, ["instructions"]).reason(f"bad: {INSTRUCTIONS[:70]}") == REDACTED
    assert Concealment(PROFILE, []).reason("bad session") == "bad session"


def test_the_session_as_it_is_shown() -> None:
    """Whoever mints is shown the session without what its peers may not see."""
    assert shown_session({**PROFILE, "speed": 1}, []) == {"instructions": INSTRUCTIONS, "tools": [BARE_MCP], "speed": 1}
    assert shown_session({**PROFILE, "prompt": {"id": "p"}, "speed": 1}, ["instructions", "tools"]) == {"speed": 1}


def test_pieces_of_an_answer_are_passed_by_where_only_tools_are_hidden() -> None:
    """Where no words are secret, what is said is not looked at."""
    session, data = joined("tools", profile={"tools": [MCP]}), '{"type":"response.output_text.delta","tools":[1]}'
    session.upstream_says(data)
    assert session.peer.sent[0] is data
