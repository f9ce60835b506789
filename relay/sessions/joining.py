"""What every session needs beside its two ends: an upstream that is dialled, interceptors, a place among the active."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

import structlog

from relay.admission.session_request import AdmittedRequest
from relay.config.settings import Settings
from relay.core.budget import Budget, SessionBudget
from relay.core.chosen_model import ChosenModel
from relay.core.closing import Ended
from relay.core.events import Data
from relay.core.interceptor import Interceptor
from relay.core.limits import Bounds
from relay.core.locks import Locks
from relay.core.meter import Meter
from relay.core.redaction import Redaction
from relay.core.session import Session
from relay.core.time_meters import TimeMeter
from relay.core.turns import TurnTimer
from relay.legs.choice import RunningLeg, UpstreamLeg, choose_dial
from relay.legs.target import DialOptions, Target
from relay.recording.recorder import Recorder
from relay.recording.recordings import Recordings
from relay.sessions.registry import Sessions
from relay.telemetry.metrics import Metrics
from relay.upstreams.dialling import dial_target
from relay.upstreams.query import chosen_model, dialled_model, session_kind
from relay.upstreams.targets import Upstream

_log = structlog.stdlib.get_logger("relay")

InterceptorFactory = Callable[[], Interceptor]


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """Who is at the peer's end of a session.

    Attributes:
        session_id: names the session.
        request: what was requested.
        budgets: what pays, besides the session's own.
        subprotocol: what it and the relay have agreed on.
        relay_events: whether it asked to be told `relay.…` events.
        model: what it talks to, where that is not in what is dialled.
    """

    session_id: str
    request: AdmittedRequest
    budgets: Sequence[Budget] = ()
    subprotocol: str | None = None
    relay_events: bool = False
    model: str | None = None

    @property
    def dialled_model(self) -> str | None:
        """What it talks to, as far as that is known before the upstream says so."""
        return self.model or dialled_model(self.request)


class Joiner:
    """Dials upstreams, and joins each to its peer until one of them ends.

    Args:
        find_upstream: where to dial; is asked for each session.
        interceptors: called once a session each, in order, for hooks of the user's own.
    """

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        metrics: Metrics,
        find_upstream: Callable[[], Awaitable[Upstream]],
        interceptors: Sequence[InterceptorFactory] = (),
        recordings: Recordings | None = None,
    ) -> None:
        self._find_upstream = find_upstream
        self.options = DialOptions(settings.max_message_bytes, settings.dial_timeout_s)
        self._settings = settings
        self._sessions = sessions
        self._metrics = metrics
        self._own_interceptors = tuple(interceptors)
        self._recordings = recordings
        self._dial_by = choose_dial(settings.carrier)

    async def target(self, request: AdmittedRequest) -> Target:
        """Where the session's upstream is; waits only for one that has to be started first.

        Raises:
            Refused: it has no session of this kind.
        """
        return (await self._find_upstream())(request)

    async def dial(self, target: Target) -> UpstreamLeg:
        """Open the upstream's connection, for the caller to abort. Cancelling it leaves nothing open.

        Raises:
            Refused: it could not be opened.
        """
        started = monotonic()
        observe_added, redact = self._metrics.tally.up.added_s.observe, self._settings.secrets.redact
        leg = await dial_target(self._dial_by, target, self.options, observe_added, redact)
        self._metrics.dial_seconds.observe(monotonic() - started)
        return leg

    async def join(
        self, info: PeerInfo, peer: RunningLeg, upstream: UpstreamLeg, early_messages: Iterable[Data] = ()
    ) -> None:
        """Run the session of these two until both have gone.

        Args:
            early_messages: what the peer has said already.
        """
        with contextlib.ExitStack() as stack:
            recorder = self._record(info)
            if recorder is not None:
                stack.callback(recorder.abandon)
                upstream = recorder.tap(upstream)
            kind = session_kind(info.request)
            turn_state, meter = kind.turn_state(), self._meter(info)
            session = Session(
                info.session_id,
                peer,
                upstream,
                (
                    turn_state,
                    *self._interceptors(info.request, recorder),
                    Bounds(info.request.profile.limits, turn_state),
                    meter,
                ),
                self._metrics.tally,
                buffers=self._sessions.buffers,
                relay_events=info.relay_events,
            )
            stack.enter_context(self._sessions.active(session, turn_state))
            stack.enter_context(self._metrics.sessions_open.track_inprogress())
            opened_at = monotonic()
            _log.info(
                "session.opened",
                kind=kind.name,
                address=info.request.address,
                profile=info.request.profile.name,
                subject=info.request.identity.subject_hash,
            )
            session.open(opened_at)
            for data in early_messages:
                session.peer_listener.on_message(data, opened_at)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(peer.run(session.peer_listener))
                tasks.create_task(upstream.run(session.upstream_listener))
            session.finish(monotonic())
            self._report(session, monotonic() - opened_at, meter.spent_usd)

    def count_refusal(self, how: Ended, address: str | None) -> None:
        """Count and log a session that never began."""
        self._metrics.count_end(how)
        _log.info("session.refused", address=address, cause=how.cause.value, status=how.status)

    def _meter(self, info: PeerInfo) -> Meter | TimeMeter:
        """Pay from the session's own budget, and from those that it shares."""
        limits = info.request.profile.limits
        return session_kind(info.request).meter(
            self._settings.price_table,
            info.dialled_model,
            [SessionBudget(limits.cost_usd), *info.budgets],
            self._metrics.tally.costs,
            lambda spent_usd: _log.warning("budget.warned", spent_usd=str(spent_usd)),
        )

    def _record(self, info: PeerInfo) -> Recorder | None:
        """Begin a recording, if one is wanted."""
        if self._recordings is None:
            return None
        profile = info.request.profile
        model = info.dialled_model
        return self._recordings.begin(
            info.session_id,
            profile.record,
            model=model,
            profile=profile.name,
            subprotocol=info.subprotocol,
            status=101,
        )

    def _interceptors(self, request: AdmittedRequest, recorder: Recorder | None) -> Iterable[Interceptor]:
        yield Redaction(self._settings.secrets)
        yield TurnTimer(self._metrics.tally.first_audio_s)
        if request.profile.lock:
            yield Locks(request.profile.lock)
        kind = request.profile.kind
        if request.profile.session and kind.opening is not None and kind is session_kind(request):
            yield kind.opening(request.profile.session)
        if (model := chosen_model(request)) is not None:
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
