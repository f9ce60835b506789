"""`/v1/realtime`: admit, dial the upstream, accept, join two legs, wait for the end."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial

import structlog
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from relay.admission.first_words import FirstWords, accept, speaks_first
from relay.admission.gate import Gate
from relay.admission.quotas import Quotas
from relay.admission.refusal import refusal_response
from relay.core.account import Purse
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.closing import ABNORMAL, Cause, Ended, Refused, ended, peer_ended
from relay.core.dialect import Table
from relay.core.events import write_event
from relay.core.leg import Closed
from relay.dialects import dialect_of_peer
from relay.joining import Guest, Joiner
from relay.kinds import API, DOORS, REALTIME, Kind
from relay.legs.binary_audio import BinaryAudioLeg
from relay.legs.choice import Observe, UpstreamLeg, open_peer
from relay.legs.dialect import Interpreter
from relay.legs.target import Target
from relay.sessions import Sessions
from relay.upstreams import Ask, nobody_named_a_model

ID = re.compile(r"[\w-]*", re.ASCII)
"""What the id of a session is made of; anything else could name another path."""

_log = structlog.stdlib.get_logger("relay")


class RealtimeEndpoint:
    """Serves one peer a call.

    Args:
        observe_added: is told how many seconds each message to a peer spent in the relay.
    """

    def __init__(self, gate: Gate, sessions: Sessions, quotas: Quotas, joiner: Joiner, observe_added: Observe) -> None:
        self._gate = gate
        self._sessions = sessions
        self._quotas = quotas
        self._joiner = joiner
        self._observe_added = observe_added

    def routes(self) -> list[WebSocketRoute]:
        """One for each kind of session that has a path of its own."""
        return [WebSocketRoute(API + door.path, partial(self.serve, door=door)) for door in DOORS]

    async def serve(self, websocket: WebSocket, door: Kind = REALTIME) -> None:
        """Take a peer from its handshake to its end."""
        session_id = secrets.token_hex(8)

        async def refuse(refusal: Refused) -> None:
            self._joiner.count_refusal(refusal.ended, address_of(websocket))
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the peer has gone
                await tell_refusal(websocket, refusal.ended, f"relay_{session_id}_0")

        await end_well(session_id, self._serve(websocket, door, session_id), refuse)

    async def _serve(self, websocket: WebSocket, door: Kind, session_id: str) -> None:
        ask = await self._admit(websocket, door)
        with self._sessions.place():
            async with self._quotas.place(ask.scopes) as purses:
                await websocket.receive()  # the peer's wish to connect; the next one is its leaving
                words = FirstWords(websocket)
                ask = await self._listen(websocket, words, ask)
                target = self._joiner.target(ask)
                upstream = await self._dial(words, target)
                interpreter = Interpreter(_dialect_of(websocket, ask), target.dialect)
                try:
                    await self._join(websocket, words, interpreter, upstream, ask, purses, session_id)
                finally:
                    upstream.abort()

    async def _admit(self, websocket: WebSocket, door: Kind) -> Ask:
        identity, profile = await self._gate.admit(websocket, door)
        other_id = websocket.path_params.get("session_id", "")
        if not ID.fullmatch(other_id):
            raise Refused(ended(Cause.KIND_REFUSED))
        return Ask(tuple(websocket.query_params.multi_items()), profile, identity, door, other_id)

    async def _listen(self, websocket: WebSocket, words: FirstWords, ask: Ask) -> Ask:
        """What the peer asks for, with the model that it says first, where nobody has named one."""
        if nobody_named_a_model(ask) and speaks_first(websocket.headers):
            model = await words.model()
            if model is not None:
                return replace(ask, query=(*ask.query, ("model", model)))
        return ask

    async def _dial(self, words: FirstWords, target: Target) -> UpstreamLeg:
        """Dial, unless the peer leaves first."""
        leaving = asyncio.ensure_future(words.left())
        dialling = asyncio.ensure_future(self._joiner.dial(target))
        try:
            await asyncio.wait({leaving, dialling}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                raise Refused(peer_ended(Closed(ABNORMAL)))
            return await dialling
        except BaseException:
            dialling.add_done_callback(_abandon)
            dialling.cancel()
            raise
        finally:
            leaving.cancel()
            await asyncio.wait({leaving})

    async def _join(
        self,
        websocket: WebSocket,
        words: FirstWords,
        interpreter: Interpreter,
        upstream: UpstreamLeg,
        ask: Ask,
        purses: Sequence[Purse],
        session_id: str,
    ) -> None:
        subprotocol = await accept(websocket)
        in_bytes = subprotocol == BINARY_AUDIO
        peer = interpreter.at_peer(open_peer(websocket, self._observe_added))
        guest = Guest(
            session_id,
            ask,
            purses,
            address_of(websocket),
            subprotocol,
            relay_events=in_bytes or dict(ask.query).get("relay_events") == "1",
        )
        await self._joiner.join(
            guest,
            BinaryAudioLeg(peer, ask.door.append) if in_bytes else peer,
            interpreter.at_upstream(upstream),
            interpreter.heard(words.messages),
        )


async def end_well(session_id: str, serving: Awaitable[None], refuse: Callable[[Refused], Awaitable[None]]) -> None:
    """Serve a session that is named so in the log, and let nothing that goes wrong end it without a word."""
    with structlog.contextvars.bound_contextvars(session_id=session_id):
        try:
            await serving
        except Refused as refusal:
            await refuse(refusal)
        except Exception:
            _log.exception("session.failed")
            await refuse(Refused(ended(Cause.INTERNAL_ERROR)))


async def tell_refusal(websocket: WebSocket, how: Ended, event_id: str) -> None:
    """Tell the peer why it gets no session: by HTTP status, or where it cannot read one, by event and close code."""
    if websocket.application_state is WebSocketState.CONNECTING and "origin" not in websocket.headers:
        await websocket.send_denial_response(refusal_response(how))
        return
    if websocket.application_state is WebSocketState.CONNECTING:
        await accept(websocket)
    data = write_event(how.error(event_id)).data
    await websocket.send({"type": "websocket.send", "text": data})
    await websocket.close(how.code, how.reason)


def _dialect_of(websocket: WebSocket, ask: Ask) -> Table | None:
    """What the peer speaks, if not GA; of sessions of other kinds there is but one form."""
    return dialect_of_peer(websocket.headers, ask.profile.dialect) if ask.door is REALTIME else None


def address_of(connection: HTTPConnection) -> str | None:
    """Where the peer is, as far as the proxies that are trusted tell."""
    return connection.client.host if connection.client else None


def _abandon(dialling: "asyncio.Future[UpstreamLeg]") -> None:
    """Let go of a connection that came up after nobody wanted it any more."""
    if not dialling.cancelled() and dialling.exception() is None:
        dialling.result().abort()
