"""`/v1/realtime` and the kinds beside it: admit, dial the upstream, accept, join two legs, wait for the end."""

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import Any

import structlog
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from relay.admission.gate import Gate
from relay.admission.quotas import Quotas
from relay.admission.resume_offer import ResumeOffer
from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import API, KINDS_BY_PATH, REALTIME, Kind
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.budget import Budget
from relay.core.causes import Cause
from relay.core.close_codes import ABNORMAL
from relay.core.closing import Refused, ended, peer_ended
from relay.core.events import write_event
from relay.core.leg import Closed
from relay.core.remembered import Remembered
from relay.core.unconfirmed import Return
from relay.endpoints.pending_peer import PendingPeer
from relay.history.history import Conversation
from relay.legs.binary_audio import BinaryAudioLeg
from relay.legs.choice import Observe, RunningLeg, UpstreamLeg, can_resume
from relay.legs.dialect import Interpreter
from relay.legs.target import Target
from relay.sessions.joining import Joiner
from relay.sessions.peer_info import PeerInfo
from relay.sessions.registry import Sessions
from relay.sessions.resumption import Resumption, Resumptions
from relay.upstreams.query import nobody_named_a_model, session_kind

ID = re.compile(r"[\w-]*", re.ASCII)
"""What the id of a session is made of; anything else could name another path."""

Refuse = Callable[[Refused], Awaitable[None]]

_log = structlog.stdlib.get_logger("relay")


class RealtimeEndpoint:
    """Serves one peer a call.

    Args:
        observe_added: is told how many seconds each message to a peer spent in the relay.
    """

    def __init__(
        self,
        gate: Gate,
        sessions: Sessions,
        quotas: Quotas,
        joiner: Joiner,
        observe_added: Observe,
        resumptions: Resumptions,
    ) -> None:
        self._gate = gate
        self._sessions = sessions
        self._quotas = quotas
        self._joiner = joiner
        self._observe_added = observe_added
        self._resumptions = resumptions

    def routes(self) -> list[WebSocketRoute]:
        """One for each kind of session that has a path of its own."""

        async def serve(websocket: WebSocket, kind: Kind) -> None:
            await self._take(PendingPeer(websocket, kind), self._serve)

        return [WebSocketRoute(API + path, partial(serve, kind=kind)) for path, kind in KINDS_BY_PATH.items()]

    async def refuse_path(self, websocket: WebSocket) -> None:
        """Refuse a peer at any other path. Nobody is asked who he is to be told so."""

        async def serve(_: PendingPeer, __: str) -> None:
            raise Refused(ended(Cause.PATH_UNKNOWN))

        await self._take(PendingPeer(websocket, REALTIME), serve)

    async def _take(self, peer: PendingPeer, serve: Callable[[PendingPeer, str], Awaitable[None]]) -> None:
        """Take a peer from its handshake to its end."""
        session_id = secrets.token_hex(8)

        async def refuse(refusal: Refused) -> None:
            self._joiner.count_refusal(refusal.ended, peer.request.address)
            await peer.refuse(refusal.ended, peer.request.event_id or f"relay_{session_id}_0")

        await end_well(session_id, serve(peer, session_id), refuse)

    async def _serve(self, peer: PendingPeer, session_id: str) -> None:
        request = await self._gate.admit(peer.request)
        if not ID.fullmatch(request.other_id):
            raise Refused(ended(Cause.KIND_REFUSED))
        if request.resume is not None and await self._went_on(peer, request, request.resume):
            return
        await self._joiner.owners.check(request)
        async with contextlib.AsyncExitStack() as held:
            held.enter_context(self._sessions.reserve())
            budgets = await held.enter_async_context(self._quotas.reserve(request.scopes))
            await peer.connected()
            conversation = await self._joiner.conversation(request)
            request = await self._with_first_model(peer, request)
            target = await self._joiner.target(request)
            dialled_at = monotonic()
            upstream = await self._dial(peer, target, request)
            held.callback(upstream.abort)
            dial_s = monotonic() - dialled_at
            session = await self._join(peer, target, upstream, request, budgets, session_id, dial_s, conversation)
            session = _with(held.pop_all(), session)
        if peer.keep is None:
            await session
        else:
            peer.keep(session)

    async def _went_on(self, peer: PendingPeer, request: AdmittedRequest, offer: ResumeOffer) -> bool:
        """Have a peer that comes back go on with its session until it leaves again; False where there is none.

        Its session has a place, quotas and an upstream already, here or at another worker.
        """
        found = self._resumptions.find(request, offer)
        if found is Return.UNKNOWN:
            connect = await self._resumptions.elsewhere(offer)
            if connect is not None and await peer.hand_over(connect):
                return True
        if not isinstance(found, Return):
            peer.subprotocol = offer.name
            await peer.connected()
            await peer.accept()
            found = self._resumptions.find(request, offer)  # it may have ended meanwhile, or another came before
        if isinstance(found, Return):
            peer.unrecovered = found
            self._resumptions.count(found)
            return False
        leg = await peer.leg(self._observe_added)
        assert can_resume(leg)  # noqa: S101 - as the session's first leg, on the same server
        await found.go_on(leg, offer)
        return True

    async def _with_first_model(self, peer: PendingPeer, request: AdmittedRequest) -> AdmittedRequest:
        """The request, with the model that the peer says first where nobody has named one."""
        if nobody_named_a_model(request) and request.is_agents_sdk:
            model = await peer.first_model()
            if model is not None:
                return replace(request, query=(*request.query, ("model", model)))
        return request

    async def _dial(self, peer: PendingPeer, target: Target, request: AdmittedRequest) -> UpstreamLeg:
        """Dial, unless the peer leaves first."""
        leaving = asyncio.ensure_future(peer.left())
        dialling = asyncio.ensure_future(self._joiner.dial(target, request))
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
        peer: PendingPeer,
        target: Target,
        upstream: UpstreamLeg,
        request: AdmittedRequest,
        budgets: Sequence[Budget],
        session_id: str,
        dial_s: float,
        conversation: Conversation | None,
    ) -> Coroutine[Any, Any, None]:
        """Accept the peer, and make its session, which is to be waited for."""
        interpreter = Interpreter(request.dialect, target.dialect, is_peer_sure=request.is_dialect_sure)
        connection = await peer.leg(self._observe_added)
        said_before = self._said_before(peer, request, conversation)
        if peer.unrecovered is not None:
            _tell_unrecovered(connection, peer.unrecovered, len(said_before), session_id)
        resumption = self._resumption(connection, peer, request, session_id)
        leg = interpreter.at_peer(connection if resumption is None else resumption.leg)
        in_bytes = peer.subprotocol == BINARY_AUDIO
        info = PeerInfo(
            session_id,
            request,
            budgets,
            peer.subprotocol,
            relay_events=in_bytes or dict(request.query).get("relay_events") == "1",
            dial_s=dial_s,
            conversation=conversation and replace(conversation, items=said_before),
            recalled=said_before,
            resumption=resumption,
        )
        session = self._joiner.join(
            info,
            BinaryAudioLeg(leg, request.endpoint_kind.append) if in_bytes else leg,
            interpreter.at_upstream(upstream),
            interpreter.heard(peer.early_messages),
            None if target.dialect is not None else partial(self._joiner.dial, target, request),
        )
        return session if peer.keep is None else end_so(session, partial(self._refuse, info, connection))

    async def _refuse(self, info: PeerInfo, leg: RunningLeg, refusal: Refused) -> None:
        """Tell a peer that has been accepted why it has no session any more."""
        self._joiner.count_refusal(refusal.ended, info.request.address)
        leg.send(write_event(refusal.ended.error(f"relay_{info.session_id}_0")).data, monotonic())
        leg.close(refusal.ended.code, refusal.ended.reason)

    def _said_before(
        self, peer: PendingPeer, request: AdmittedRequest, conversation: Conversation | None
    ) -> tuple[Remembered, ...]:
        """What the session goes on with: what is kept, or was said where the peer came back to in vain."""
        if conversation is not None and conversation.items:
            return conversation.items
        if peer.unrecovered is None or request.resume is None or session_kind(request) is not REALTIME:
            return ()
        return self._resumptions.recall(request, request.resume)

    def _resumption(
        self, leg: RunningLeg, peer: PendingPeer, request: AdmittedRequest, session_id: str
    ) -> Resumption | None:
        """How the peer comes back, where it asked for that and may."""
        grace_s = self._resumptions.grace_s(request)
        if not grace_s or not can_resume(leg):
            return None
        return self._resumptions.begin(request, leg, grace_s, session_id, len(peer.early_messages))


def _tell_unrecovered(leg: RunningLeg, reason: Return, items: int, session_id: str) -> None:
    """Tell a peer, before anything else, that its session is a new one, and how much of the old one it knows."""
    named = {"type": "relay.resumed", "event_id": f"relay_{session_id}_resume_0"}
    told = {"recovered": False, "reason": reason.value, "from": 0, "received": 0, "items": items}
    leg.send(write_event({**named, **told}).data, monotonic())


async def end_well(session_id: str, serving: Awaitable[None], refuse: Refuse) -> None:
    """Serve a session that is named so in the log, and let nothing that goes wrong end it without a word."""
    with structlog.contextvars.bound_contextvars(session_id=session_id):
        await end_so(serving, refuse)


async def end_so(serving: Awaitable[None], refuse: Refuse) -> None:
    """The same for one that is named already."""
    try:
        await serving
    except Refused as refusal:
        await refuse(refusal)
    except Exception:
        _log.exception("session.failed")
        await refuse(Refused(ended(Cause.INTERNAL_ERROR)))


async def _with(held: contextlib.AsyncExitStack, session: Awaitable[None]) -> None:
    """Wait for a session's end, and let go of what is held for it."""
    async with held:
        await session


def _abandon(dialling: "asyncio.Future[UpstreamLeg]") -> None:
    """Let go of a connection that came up after nobody wanted it any more."""
    if not dialling.cancelled() and dialling.exception() is None:
        dialling.result().abort()
