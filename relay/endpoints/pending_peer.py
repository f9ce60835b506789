"""A peer between its handshake and its session: accepted, listened to, or refused, and then a leg.

The address that is dialled fixes the model. The Agents SDKs dial the address that they were given as it is, so it may
name none, and say their model in the `session.update` that they send as soon as they are connected. Where nobody else
has chosen a model, such a peer is accepted first and listened to, and its upstream is dialled then.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from relay.admission.credentials import choose_subprotocol
from relay.admission.session_request import SessionRequest, read_session_request
from relay.config.kinds import Kind
from relay.core.close_codes import ABNORMAL
from relay.core.closing import Ended, Refused, peer_ended
from relay.core.events import Data, read_peer_event, size_bytes, write_event
from relay.core.leg import Closed
from relay.endpoints.refusals import refusal_response
from relay.legs.choice import HAND_OVER_EXTENSION, KEEP_EXTENSION, Keep, Observe, RunningLeg, open_peer
from relay.telemetry.fellow_workers import Connect

if TYPE_CHECKING:
    from relay.core.unconfirmed import Return

FIRST_MESSAGE_S = 2.0
"""How long a peer may take for the message that names its model; then the profile's model is dialled."""

KEPT_LIMIT_BYTES = 256 * 1024
KEPT_LIMIT_MESSAGES = 50
"""What is read of a peer while its upstream is dialled: it is sent in one go. The rest waits in the socket."""

MODEL_LENGTH_LIMIT = 256


class PendingPeer:
    """A peer that has no session yet. It alone holds the connection, until a leg is made of it.

    Attributes:
        request: what it said in its handshake.
        early_messages: what it said since, in order, for its session.
        subprotocol: what answers those that it offers.
        unrecovered: why it has a new session, where it came back to another one.
    """

    def __init__(self, websocket: WebSocket, endpoint_kind: Kind) -> None:
        self.request: SessionRequest = read_session_request(websocket, endpoint_kind)
        self.early_messages: list[Data] = []
        self.subprotocol = choose_subprotocol(self.request.subprotocols)
        self.unrecovered: Return | None = None
        self._websocket = websocket
        self._kept_bytes = 0

    @property
    def is_answered(self) -> bool:
        """Whether it has been accepted or refused."""
        return self._websocket.application_state is not WebSocketState.CONNECTING

    @property
    def keep(self) -> Keep | None:
        """Takes the session of its leg and has it run, where the server does that; else its endpoint waits for it."""
        keep: Keep | None = self._websocket.scope.get("extensions", {}).get(KEEP_EXTENSION)
        return keep

    async def connected(self) -> None:
        """Take the message that it connects, once; the next one is its leaving."""
        if self._websocket.client_state is WebSocketState.CONNECTING:
            await self._websocket.receive()

    async def accept(self) -> None:
        """Answer its handshake, unless it has been.

        Raises:
            Refused: it has left.
        """
        if not self.is_answered:
            try:
                await self._websocket.accept(subprotocol=self.subprotocol)
            except OSError:
                raise Refused(peer_ended(Closed(ABNORMAL))) from None

    async def hand_over(self, connect: Connect) -> bool:
        """Have another worker serve it, until it leaves; False where that cannot be, and it is untouched."""
        take = self._websocket.scope.get("extensions", {}).get(HAND_OVER_EXTENSION)
        return take is not None and await take(connect)

    async def refuse(self, how: Ended, event_id: str) -> None:
        """Tell it why it gets no session: by HTTP status, or where it cannot read one, by event and close code."""
        with contextlib.suppress(Refused, WebSocketDisconnect, RuntimeError, OSError):  # it has gone
            if not self.is_answered and self.request.origin is None:
                await self._websocket.send_denial_response(refusal_response(how, event_id=event_id))
                return
            await self.accept()
            await self._websocket.send({"type": "websocket.send", "text": write_event(how.error(event_id)).data})
            await self._websocket.close(how.code, how.reason)

    async def first_model(self) -> str | None:
        """Accept it, and wait for the model that its first message names; None where it names none.

        Raises:
            Refused: it has left.
        """
        await self.accept()
        try:
            async with asyncio.timeout(FIRST_MESSAGE_S):
                if not await self._read():
                    raise Refused(peer_ended(Closed(ABNORMAL)))
        except TimeoutError:
            return None
        return model_named_in(self.early_messages[0])

    async def left(self) -> None:
        """Wait until it has left. Cancelling it loses nothing of what the peer says."""
        while await self._read():
            if self._kept_bytes > KEPT_LIMIT_BYTES or len(self.early_messages) >= KEPT_LIMIT_MESSAGES:
                await asyncio.Event().wait()  # until the dial is over, which has a limit of its own

    async def leg(self, observe_added: Observe) -> RunningLeg:
        """Accept it, and make its leg, which has the connection from then on."""
        await self.accept()
        return open_peer(self._websocket, observe_added)

    async def _read(self) -> bool:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            return False
        text: str | None = message.get("text")
        data: Data = message["bytes"] if text is None else text
        self.early_messages.append(data)
        self._kept_bytes += size_bytes(data)
        return True


def model_named_in(data: Data) -> str | None:
    """The model in a `session.update`, or None."""
    event = read_peer_event(data)
    session = event.body.get("session") if event.type == "session.update" else None
    model = session.get("model") if isinstance(session, dict) else None
    return model if isinstance(model, str) and 0 < len(model) <= MODEL_LENGTH_LIMIT else None
