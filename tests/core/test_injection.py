import json

import pytest

from relay.core.injection import Injection, Start
from tests.fakes.legs import Joined


def test_the_profile_goes_first() -> None:
    """The upstream's first message is a session.update with the profile's session; the peer's come after it."""
    joined = Joined(Injection({"type": "realtime", "instructions": "Be kind."})).opened()
    joined.peer_says('{"type":"response.create"}')
    first, second = joined.upstream.sent
    update = json.loads(first)
    assert update.pop("event_id").startswith("relay_")
    assert update == {"type": "session.update", "session": {"type": "realtime", "instructions": "Be kind."}}
    assert second == '{"type":"response.create"}'
    assert joined.peer.sent == []


PROFILE = {"model": "gpt-live-1", "instructions": "Be kind.", "audio": {"output": {"voice": "marin"}}}


@pytest.mark.parametrize(
    ("said", "started"),
    [
        ({}, PROFILE),
        ({"instructions": "Be brief."}, {**PROFILE, "instructions": "Be brief."}),
        (
            {"audio": {"format": {"type": "audio/pcmu"}}},
            {**PROFILE, "audio": {"output": {"voice": "marin"}, "format": {"type": "audio/pcmu"}}},
        ),
        ({"unheard_of": 1}, {**PROFILE, "unheard_of": 1}),
    ],
)
def test_the_profile_completes_the_start(said, started) -> None:
    """What the peer's session.start leaves open the profile says, and what the peer says itself counts."""
    joined = Joined(Start(PROFILE)).opened()
    assert joined.upstream.sent == []
    joined.peer_says(json.dumps({"type": "session.start", "event_id": "e1", "session": said}))
    assert json.loads(joined.upstream.sent[0]) == {"type": "session.start", "event_id": "e1", "session": started}


@pytest.mark.parametrize("session", [PROFILE, None, [], "odd"])
def test_a_start_that_needs_nothing_is_untouched(session) -> None:
    """A start that says all that the profile does, or is none, leaves as it arrived."""
    joined = Joined(Start(PROFILE)).opened()
    said = json.dumps({"type": "session.start", "session": session}, indent=1)
    joined.peer_says(said)
    assert joined.upstream.sent[0] is said


def test_a_start_that_is_nested_without_end() -> None:
    """A start that could not be written again is refused, and the session waits for another one."""
    joined = Joined(Start(PROFILE)).opened()
    joined.peer_says('{"type":"session.start","event_id":"e1","session":{"a":' + "[" * 300 + "]" * 300 + "}}")
    assert joined.upstream.sent == []
    assert json.loads(joined.peer.sent[0])["error"]["code"] == "event_refused"
