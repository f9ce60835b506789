"""What the portable WebSocket protocol does beyond uvicorn's own; floods are in tests/relaying/test_floods.py."""

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from relay.serving.portable import PatientWebSocketProtocol

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


class LeavingTransport(asyncio.Transport):
    """A connection whose end has been seen, and not yet been told."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return True

    def close(self) -> None:
        """It is closing already."""


async def test_a_peer_that_is_leaving_is_not_accepted() -> None:
    """An application that accepts a peer whose connection is closing is told that it has gone."""
    told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with pytest.raises(OSError) as failure:  # noqa: PT011 - the class is all that the specification says
            await send({"type": "websocket.accept"})
        told.set_result(failure.value)
        raise failure.value

    config = uvicorn.Config(app, ws=PatientWebSocketProtocol, log_config=None, lifespan="off")
    config.load()
    protocol = PatientWebSocketProtocol(config, ServerState(), {})
    transport = LeavingTransport()
    protocol.connection_made(transport)
    protocol.conn.receive_data(UPGRADE)
    protocol.handle_events()
    await told
    protocol.connection_lost(OSError())
