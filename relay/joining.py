"""What every session needs beside its two ends: an upstream that is dialled, interceptors, a place among the living."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import monotonic

import structlog

from relay.core.account import Purse, SessionPurse
from relay.core.chosen_model import ChosenModel
from relay.core.closing import Cause, Ended, Refused, ended
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
from relay.sessions import Sessions
from relay.settings import Settings
from relay.telemetry.metrics import Metrics
from relay.upstreams import Ask, Upstream, chosen_model, dialled_model
from relay.upstreams.dialling import dial_target

_log = structlog.stdlib.get_logger("relay")

InterceptorFactory = Callable[[], Interceptor]


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is at the peer's end of a session.

    Attributes:
        session_id: names the session.
        ask: what was asked for.
        purses: what pays, besides the session's own purse.
        address: where the peer is.
        subprotocol: what it and the relay have agreed on.
        relay_events: whether it asked to be told `relay.…` events.
        model: what it talks to, where that is not in what is dialled.
    """

    session_id: str
    ask: Ask
    purses: Sequence[Purse] = ()
    address: str | None = None
    subprotocol: str | None = None
    relay_events: bool = False
    model: str | None = None

    @property
    def dialled_model(self) -> str | None:
        """What it talks to, as far as that is known before the upstream says so."""
        return self.model or dialled_model(self.ask)


class Joiner:
    """Dials upstreams, and joins each to its peer until one of them ends.

    Attributes:
        upstream: where to dial; None until the mock runs.

    Args:
        interceptors: called once a session each, in order, for hooks of the user's own.
    """

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        metrics: Metrics,
        upstream: Upstream | None,
        interceptors: Sequence[InterceptorFactory] = (),
        recordings: Recordings | None = None,
    ) -> None:
        self.upstream = upstream
        self.options = DialOptions(settings.max_message_bytes, settings.dial_timeout_s)
        self._settings = settings
        self._sessions = sessions
        self._metrics = metrics
        self._own_interceptors = tuple(interceptors)
        self._recordings = recordings
        self._dial_by = choose_dial(settings.carrier)

    def target(self, ask: Ask) -> Target:
        """Where the session's upstream is.

        Raises:
            Refused: it does not run yet.
        """
        if self.upstream is None:
            raise Refused(ended(Cause.UPSTREAM_UNREACHABLE))
        return self.upstream(ask)

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

    async def join(self, guest: Guest, peer: RunningLeg, upstream: UpstreamLeg, said: Iterable[Data] = ()) -> None:
        """Run the session of these two until both have gone.

        Args:
            said: what the peer has said already.
        """
        with contextlib.ExitStack() as stack:
            recorder = self._record(guest)
            if recorder is not None:
                stack.callback(recorder.abandon)
                upstream = recorder.tap(upstream)
            kind = guest.ask.kind
            rest, meter = kind.rest(), self._meter(guest)
            session = Session(
                guest.session_id,
                peer,
                upstream,
                (rest, *self._interceptors(guest.ask, recorder), Bounds(guest.ask.profile.limits, rest), meter),
                self._metrics.tally,
                buffers=self._sessions.buffers,
                relay_events=guest.relay_events,
            )
            stack.enter_context(self._sessions.living(session, rest))
            stack.enter_context(self._metrics.sessions_open.track_inprogress())
            opened_at = monotonic()
            _log.info(
                "session.opened",
                kind=kind.name,
                address=guest.address,
                profile=guest.ask.profile.name,
                subject=guest.ask.identity.subject_hash,
            )
            session.open(opened_at)
            for data in said:
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

    def _meter(self, guest: Guest) -> Meter | TimeMeter:
        """Pay from the session's own purse, and from those that it shares."""
        limits = guest.ask.profile.limits
        return guest.ask.kind.meter(
            self._settings.price_table,
            guest.dialled_model,
            [SessionPurse(limits.cost_usd), *guest.purses],
            self._metrics.tally.costs,
            lambda spent_usd: _log.warning("budget.warned", spent_usd=str(spent_usd)),
        )

    def _record(self, guest: Guest) -> Recorder | None:
        """Begin a recording, if one is wanted."""
        if self._recordings is None:
            return None
        profile = guest.ask.profile
        model = guest.dialled_model
        return self._recordings.begin(
            guest.session_id,
            profile.record,
            model=model,
            profile=profile.name,
            subprotocol=guest.subprotocol,
            status=101,
        )

    def _interceptors(self, ask: Ask, recorder: Recorder | None) -> Iterable[Interceptor]:
        yield Redaction(self._settings.secrets)
        yield TurnTimer(self._metrics.tally.first_audio_s)
        if ask.profile.lock:
            yield Locks(ask.profile.lock)
        kind = ask.profile.kind
        if ask.profile.session and kind.opening is not None and kind is ask.kind:
            yield kind.opening(ask.profile.session)
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
