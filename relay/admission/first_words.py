"""What a peer says before its upstream is dialled, and the model that it names there.

The address that is dialled fixes the model. The Agents SDKs dial the address that they were given as it is, so it may
name none, and say their model in the `session.update` that they send as soon as they are connected. Where nobody else
has chosen a model, such a peer is accepted first and listened to, and its upstream is dialled then.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketState

from relay.admission.credentials import choose_subprotocol, offered_subprotocols
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.closing import ABNORMAL, Refused, peer_ended
from relay.core.events import Data, read_peer_event, size_bytes
from relay.core.leg import Closed

FIRST_WORDS_S = 2.0
"""How long such a peer may take for its first message; then the profile's model is dialled."""

KEPT_LIMIT_BYTES = 1024 * 1024
"""What is read of a peer while its upstream is dialled."""

MODEL_LENGTH_LIMIT = 256

SDK_HEADER = "x-openai-agents-sdk"
SDK_SUBPROTOCOL = "openai-agents-sdk."
SDK_USER_AGENT = "Agents/"


def speaks_first(headers: Headers) -> bool:
    """Whether the peer is an Agents SDK, as it says by a header or a subprotocol."""
    offered = offered_subprotocols(headers)
    return BINARY_AUDIO not in offered and (
        SDK_HEADER in headers
        or headers.get("user-agent", "").startswith(SDK_USER_AGENT)
        or any(name.startswith(SDK_SUBPROTOCOL) for name in offered)
    )


class FirstWords:
    """Reads a peer that has no session yet, and keeps what it says for its session.

    Attributes:
        messages: what the peer said so far, in order.
    """

    def __init__(self, websocket: WebSocket) -> None:
        self.messages: list[Data] = []
        self._websocket = websocket

    async def model(self) -> str | None:
        """Accept the peer, and wait for the model that its first message names; None where it names none.

        Raises:
            Refused: the peer has left.
        """
        await accept(self._websocket)
        try:
            async with asyncio.timeout(FIRST_WORDS_S):
                if not await self._read():
                    raise Refused(peer_ended(Closed(ABNORMAL)))
        except TimeoutError:
            return None
        return model_named_in(self.messages[0])

    async def left(self) -> None:
        """Wait until the peer has left. Cancelling it loses nothing of what the peer says."""
        while await self._read():
            if sum(map(size_bytes, self.messages)) > KEPT_LIMIT_BYTES:
                await asyncio.Event().wait()  # until the dial is over, which has a limit of its own

    async def _read(self) -> bool:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return False
        text: str | None = message.get("text")
        self.messages.append(message["bytes"] if text is None else text)
        return True


async def accept(websocket: WebSocket) -> str | None:
    """Accept the peer, unless it is accepted, with the subprotocol that answers what it offers; return that."""
    subprotocol = choose_subprotocol(websocket.scope.get("subprotocols", ()))
    if websocket.application_state is WebSocketState.CONNECTING:
        await websocket.accept(subprotocol=subprotocol)
    return subprotocol


def model_named_in(data: Data) -> str | None:
    """The model in a `session.update`, or None."""
    event = read_peer_event(data)
    session = event.body.get("session") if event.type == "session.update" else None
    model = session.get("model") if isinstance(session, dict) else None
    return model if isinstance(model, str) and 0 < len(model) <= MODEL_LENGTH_LIMIT else None
