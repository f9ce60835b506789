"""The socket of a stand-in, as its session's exchange uses it."""

from collections.abc import AsyncIterator

from websockets.asyncio.server import ServerConnection

from relay.core.events import Data


class Wire:
    """A connection that was accepted, as an exchange uses it."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection

    def messages(self) -> AsyncIterator[Data]:
        """What the client sends, until it has closed."""
        return aiter(self._connection)

    async def send(self, data: Data) -> None:
        """Send a message; waits while the client does not read.

        Raises:
            ConnectionClosed: it has gone.
        """
        await self._connection.send(data)

    async def close(self, code: int, reason: str) -> None:
        """Close with a handshake."""
        await self._connection.close(code, reason)

    def abort(self) -> None:
        """Let go of the connection without a word."""
        self._connection.transport.abort()
