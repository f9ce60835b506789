"""A conversation of another day, said to a new upstream."""

import json

from relay.core.remembered import Remembered
from relay.core.replayed import ReplayedItems, opening_session
from relay.core.session import Session
from relay.core.tally import Tally
from tests.fakes.legs import FakeLeg

ITEMS = (
    Remembered("item_1", "message", "user", "I am Ada."),
    Remembered("item_2", "message", "assistant", "Hello, Ada."),
)


def joined(items, *, relay_events: bool) -> tuple[Session, FakeLeg, FakeLeg]:
    peer, upstream = FakeLeg(), FakeLeg()
    session = Session("s", peer, upstream, [ReplayedItems("c1", items, 2)], Tally(), relay_events=relay_events)
    session.open(0.0)
    return session, peer, upstream


def test_the_items_go_up_first() -> None:
    """They are said when the session opens, in order, with ids of the relay's own events."""
    _, _, upstream = joined(ITEMS, relay_events=False)
    said = [json.loads(data) for data in upstream.sent]
    assert [event["item"]["content"][0]["text"] for event in said] == ["I am Ada.", "Hello, Ada."]
    assert all(event["event_id"].startswith("relay_") for event in said)


def test_who_asked_is_told_behind_the_upstreams_first_word() -> None:
    """A peer that asked for relay events is told which conversation it is in, once, and others nothing."""
    for relay_events, told in ((True, ["relay.conversation"]), (False, [])):
        session, peer, _ = joined((), relay_events=relay_events)
        for _ in range(2):
            session.upstream_listener.on_message('{"type":"session.created"}', 1.0)
        kinds = [json.loads(data)["type"] for data in peer.sent]
        assert kinds == ["session.created", *told, "session.created"]


def test_the_session_that_opens() -> None:
    """With text before it the session says that it speaks, unless the profile says otherwise."""
    assert opening_session({}, (), in_instructions=False) == {}
    assert opening_session({}, ITEMS, in_instructions=False) == {"type": "realtime", "output_modalities": ["audio"]}
    silent = opening_session({"output_modalities": ["text"]}, ITEMS, in_instructions=False)
    assert silent["output_modalities"] == ["text"]
    told = opening_session({"instructions": "Be kind."}, ITEMS, in_instructions=True)["instructions"]
    assert told.startswith("Be kind.\n")
    assert told.endswith("User: I am Ada.\nAssistant: Hello, Ada.")
