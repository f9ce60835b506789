"""What a session that says nothing holds: there may be thousands of them."""

import gc

from starlette.websockets import WebSocket

from relay.legs.upgrade import UpgradeReader
from relay.stand_ins.mock import serve_mock
from tests.fakes.running import running


async def test_a_session_holds_nothing_of_its_handshakes() -> None:
    """A session that runs has let go of the request it was opened with, and of what its upstream answered."""
    async with serve_mock() as mock, running(mock.url) as relay, relay.peer() as peer:
        await peer.recv()
        gc.collect()
        left = gc.get_objects()
        assert not [each for each in left if isinstance(each, WebSocket)]
        assert not [each for each in left if isinstance(each, UpgradeReader) and hasattr(each, "transport")]
        assert len(relay.sessions) == 1
