"""`/v1/realtime`: admit, dial the upstream, accept, join two legs, wait for the end."""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from time import monotonic

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from relay.admission.first_words import FirstWords, accept, speaks_first
from relay.admission.gate import Gate
from relay.admission.quotas import Quotas
from relay.admission.refusal import refusal_response
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.chosen_model import ChosenModel
from relay.core.closing import ABNORMAL, Cause, Ended, Refused, ended, peer_ended
from relay.core.events import write_event
from relay.core.injection import Injection
from relay.core.interceptor import Interceptor
from relay.core.leg import Closed
from relay.core.limits import Bounds
from relay.core.locks import Locks
from relay.core.meter import Meter, Purse, SessionPurse
from relay.core.redaction import Redaction
from relay.core.rest import Rest
from relay.core.session import Session
from relay.core.turns import TurnTimer
from relay.dialects import dialect_of_peer
from relay.legs.binary_audio import BinaryAudioLeg
from relay.legs.choice import UpstreamLeg, choose_dial, open_peer
from relay.legs.dialect import Interpreter
from relay.legs.target import DialOptions, Target
from relay.recording.recorder import Recorder
from relay.recording.recordings import Recordings
from relay.sessions import Sessions
from relay.settings import Settings
from relay.telemetry.metrics import Metrics
from relay.upstreams import Ask, Upstream, chosen_model, dialled_model, nobody_named_a_model
from relay.upstreams.dialling import dial_target

_log = structlog.stdlib.get_logger("relay")

InterceptorFactory = Callable[[], Interceptor]


class RealtimeEndpoint:
    """Serves one peer a call.

    Attributes:
        upstream: where to dial; None until the mock runs.
    """

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        sessions: Sessions,
        quotas: Quotas,
        metrics: Metrics,
        upstream: Upstream | None,
        interceptors: Sequence[InterceptorFactory] = (),
        recordings: Recordings | None = None,
    ) -> None:
        self.upstream = upstream
        self._settings = settings
        self._gate = gate
        self._sessions = sessions
        self._quotas = quotas
        self._metrics = metrics
        self._own_interceptors = tuple(interceptors)
        self._recordings = recordings
        self._options = DialOptions(settings.max_message_bytes, settings.dial_timeout_s)
        self._dial_by = choose_dial(settings.carrier)

    async def serve(self, websocket: WebSocket) -> None:
        """Take a peer from its handshake to its end."""
        session_id = secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(session_id=session_id):
            try:
                ask = await self._admit(websocket)
                with self._sessions.place():
                    async with self._quotas.place(ask.scopes) as purses:
                        await websocket.receive()  # the peer's wish to connect; the next one is its leaving
                        words = FirstWords(websocket)
                        ask = await self._listen(websocket, words, ask)
                        target = self._target(ask)
                        upstream = await self._dial(words, target)
                        interpreter = Interpreter(
                            dialect_of_peer(websocket.headers, ask.profile.dialect), target.dialect
                        )
                        await self._join(websocket, words, interpreter, upstream, ask, purses, session_id)
            except Refused as refusal:
                await self._refuse(websocket, refusal.ended, session_id)
            except Exception:
                _log.exception("session.failed")
                await self._refuse(websocket, ended(Cause.INTERNAL_ERROR), session_id)

    async def _admit(self, websocket: WebSocket) -> Ask:
        identity, profile = await self._gate.admit(websocket)
        return Ask(tuple(websocket.query_params.multi_items()), profile, identity)

    async def _listen(self, websocket: WebSocket, words: FirstWords, ask: Ask) -> Ask:
        """What the peer asks for, with the model that it says first, where nobody has named one."""
        if nobody_named_a_model(ask) and speaks_first(websocket.headers):
            model = await words.model()
            if model is not None:
                return replace(ask, query=(*ask.query, ("model", model)))
        return ask

    def _target(self, ask: Ask) -> Target:
        if self.upstream is None:
            raise Refused(ended(Cause.UPSTREAM_UNREACHABLE))
        return self.upstream(ask)

    async def _dial(self, words: FirstWords, target: Target) -> UpstreamLeg:
        """Dial, unless the peer leaves first."""
        started = monotonic()
        leaving = asyncio.ensure_future(words.left())
        dialling = asyncio.ensure_future(
            dial_target(
                self._dial_by,
                target,
                self._options,
                self._metrics.tally.up.added_s.observe,
                self._settings.secrets.redact,
            )
        )
        try:
            await asyncio.wait({leaving, dialling}, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                raise Refused(peer_ended(Closed(ABNORMAL)))
            leg = await dialling
            self._metrics.dial_seconds.observe(monotonic() - started)
            return leg
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
        with contextlib.ExitStack() as stack:
            stack.callback(upstream.abort)
            subprotocol = await accept(websocket)
            peer = interpreter.at_peer(open_peer(websocket, self._metrics.tally.down.added_s.observe))
            upstream = interpreter.at_upstream(upstream)
            if subprotocol == BINARY_AUDIO:
                peer = BinaryAudioLeg(peer)
            recorder = self._record(session_id, ask, subprotocol)
            if recorder is not None:
                stack.callback(recorder.abandon)
                upstream = recorder.tap(upstream)
            rest = Rest()
            meter = self._meter(ask, purses)
            session = Session(
                session_id,
                peer,
                upstream,
                (rest, *self._interceptors(ask, recorder), Bounds(ask.profile.limits, rest), meter),
                self._metrics.tally,
                buffers=self._sessions.buffers,
                relay_events=subprotocol == BINARY_AUDIO or dict(ask.query).get("relay_events") == "1",
            )
            stack.enter_context(self._sessions.living(session, rest))
            stack.enter_context(self._metrics.sessions_open.track_inprogress())
            opened_at = monotonic()
            _log.info(
                "session.opened",
                address=address_of(websocket),
                profile=ask.profile.name,
                subject=ask.identity.subject_hash,
            )
            session.open(opened_at)
            for data in interpreter.heard(words.messages):
                session.peer_listener.on_message(data, opened_at)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(peer.run(session.peer_listener))
                tasks.create_task(upstream.run(session.upstream_listener))
            session.finish(monotonic())
            self._report(session, monotonic() - opened_at, meter.spent_usd)

    def _meter(self, ask: Ask, purses: Sequence[Purse]) -> Meter:
        """Pay from the session's own purse, and from those that it shares."""
        limits = ask.profile.limits
        return Meter(
            self._settings.price_table,
            dialled_model(ask),
            [SessionPurse(limits.cost_usd), *purses],
            self._metrics.tally.costs,
            lambda spent_usd: _log.warning("budget.warned", spent_usd=str(spent_usd)),
        )

    def _record(self, session_id: str, ask: Ask, subprotocol: str | None, status: int = 101) -> Recorder | None:
        """Begin a recording, if one is wanted."""
        if self._recordings is None:
            return None
        profile = ask.profile
        model = dialled_model(ask)
        return self._recordings.begin(
            session_id, profile.record, model=model, profile=profile.name, subprotocol=subprotocol, status=status
        )

    def _interceptors(self, ask: Ask, recorder: Recorder | None) -> Iterable[Interceptor]:
        yield Redaction(self._settings.secrets)
        yield TurnTimer(self._metrics.tally.first_audio_s)
        if ask.profile.lock:
            yield Locks(ask.profile.lock)
        if ask.profile.session:
            yield Injection(ask.profile.session)
        if (model := chosen_model(ask)) is not None:
            yield ChosenModel(model)
        for make in self._own_interceptors:
            yield make()
        if recorder is not None:
            yield recorder

    def _report(self, session: Session, seconds: float, spent_usd: Decimal) -> None:
        assert session.ended is not None  # noqa: S101 - both legs are gone, and each one's end ends the session
        self._metrics.count_end(session.ended)
        self._metrics.session_seconds.observe(seconds)
        _log.info(
            "session.closed",
            cause=session.ended.cause.value,
            code=session.ended.code,
            reason=session.ended.reason,
            duration_s=round(seconds, 3),
            events_up=session.up.events,
            events_down=session.down.events,
            bytes_up=session.up.octets,
            bytes_down=session.down.octets,
            cost_usd=f"{spent_usd:.6f}",
        )

    async def _refuse(self, websocket: WebSocket, how: Ended, session_id: str) -> None:
        self._metrics.count_end(how)
        _log.info("session.refused", address=address_of(websocket), cause=how.cause.value, status=how.status)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the peer has gone
            await tell_refusal(websocket, how, f"relay_{session_id}_0")


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


def address_of(websocket: WebSocket) -> str | None:
    """Where the peer is, as far as the proxies that are trusted tell."""
    return websocket.client.host if websocket.client else None


def _abandon(dialling: "asyncio.Future[UpstreamLeg]") -> None:
    """Let go of a connection that came up after nobody wanted it any more."""
    if not dialling.cancelled() and dialling.exception() is None:
        dialling.result().abort()
