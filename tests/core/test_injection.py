import json

from relay.core.injection import Injection
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
