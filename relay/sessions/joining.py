"""What every session needs beside its two ends: an upstream that is dialled, interceptors, a place among the active."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any

import structlog

from relay.admission.session_request import AdmittedRequest
from relay.config.kinds import REALTIME
from relay.config.settings import Settings
from relay.config.upstream_options import CASCADE
from relay.core.binary_audio import SUBPROTOCOL as BINARY_AUDIO
from relay.core.budget import SessionBudget
from relay.core.chosen_model import ChosenModel
from relay.core.closing import Ended, Refused
from relay.core.concealment import Concealment
from relay.core.events import Data
from relay.core.facts import SessionCosts
from relay.core.guards import GUARDS, RESPONSE, TRUNCATE, ResponseGuard, TruncateGuard
from relay.core.interceptor import Interceptor
from relay.core.limits import Bounds
from relay.core.locks import Locks
from relay.core.memory import Memory
from relay.core.meter import Meter
from relay.core.muted import MutedAnswers
from relay.core.payers import Payers, Place
from relay.core.redaction import Redaction, Secrets
from relay.core.remembered import Remembered
from relay.core.replayed import ReplayedItems, opening_session
from relay.core.session import Session
from relay.core.sound import SoundCount
from relay.core.stages import StageTimer
from relay.core.tally import Costs
from relay.core.time_meters import TimeMeter
from relay.core.tool_credentials import tool_credentials
from relay.core.turns import TurnTimer
from relay.history.history import Conversation, History
from relay.history.rows import Key
from relay.legs.choice import RunningLeg, UpstreamLeg, choose_dial
from relay.legs.close_reason import ReasonLeg
from relay.legs.lanes import LanePoll, join_lanes, relink_lanes
from relay.legs.target import DialOptions, Target
from relay.recording.recorder import Recorder
from relay.recording.recordings import Recordings
from relay.sessions.journal import Journal
from relay.sessions.ownership import Owners
from relay.sessions.peer_info import PeerInfo
from relay.sessions.registry import Sessions
from relay.sessions.resumption import Resumption
from relay.sessions.survival import Redial, Replaying, Survival, says_as_instructions
from relay.telemetry.metrics import Metrics
from relay.upstreams.dialling import dial_target
from relay.upstreams.query import chosen_model, seen_call, session_kind
from relay.upstreams.targets import Upstream

_log = structlog.stdlib.get_logger("relay")

InterceptorFactory = Callable[[], Interceptor]


class Joiner:
    """Dials upstreams, and joins each to its peer until one of them ends.

    Attributes:
        payers: which session pays for a call that several see.
        owners: whose the calls and Live sessions are.

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
        owners: Owners | None = None,
        history: History | None = None,
    ) -> None:
        self.payers = Payers()
        self.owners = owners or Owners()
        self._find_upstream = find_upstream
        self.options = DialOptions(settings.max_message_bytes, settings.dial_timeout_s)
        self._settings = settings
        self._sessions = sessions
        self._metrics = metrics
        self._own_interceptors = tuple(interceptors)
        self._recordings = recordings
        self._history = history
        self._lane_poll = LanePoll()
        self.replaying = Replaying()
        self._dial_by = choose_dial(settings.carrier)

    async def target(self, request: AdmittedRequest) -> Target:
        """Where the session's upstream is; waits only for one that has to be started first.

        Raises:
            Refused: it has no session of this kind.
        """
        return (await self._find_upstream())(request)

    async def conversation(self, request: AdmittedRequest) -> Conversation | None:
        """The conversation that the session goes on with, as far as it is kept; None where none is kept.

        Raises:
            Refused: it cannot be opened by this peer.
        """
        if self._history is None or not request.profile.history or session_kind(request) is not REALTIME:
            return None
        return await self._history.open(Key.of(request.identity.subject, request.conversation_id()))

    async def dial(self, target: Target, request: AdmittedRequest) -> UpstreamLeg:
        """Open the upstream's connection for this request, for the caller to abort. Cancelling leaves nothing open.

        Raises:
            Refused: it could not be opened.
        """
        started = monotonic()
        observe_added, redact = self._metrics.tally.up.added_s.observe, self._secrets_of(request).redact
        try:
            leg = await dial_target(self._dial_by, target, self.options, observe_added, redact)
        except Refused as refused:
            self._metrics.last_dials.add(refused.ended.cause, monotonic())
            raise
        self._metrics.last_dials.add(None, monotonic())
        self._metrics.dial_seconds.observe(monotonic() - started)
        return leg

    async def join(
        self,
        info: PeerInfo,
        peer: RunningLeg,
        upstream: UpstreamLeg,
        early_messages: Iterable[Data] = (),
        redial: Redial | None = None,
    ) -> None:
        """Run the session of these two until both have gone.

        Args:
            early_messages: what the peer has said already.
            redial: opens another upstream like this one; None where there cannot be another.
        """
        turn_state = session_kind(info.request).turn_state()
        sound, survival, kept = SoundCount(), None, info.conversation
        survives = redial is not None and info.request.profile.survive and session_kind(info.request) is REALTIME
        memory = _memory(info, sound) if survives or kept is not None or info.resumption is not None else None
        if info.resumption is not None and memory is not None:
            info.resumption.items = partial(_heard, memory, info.resumption)
        if redial is not None and survives and memory is not None:
            replaying, profile = self.replaying, info.request.profile
            survival = Survival(upstream, redial, profile, memory, turn_state, sound, self._metrics, replaying)
            upstream = survival.leg
        with contextlib.ExitStack() as stack:
            recorder = self._record(info)
            if recorder is not None:
                stack.callback(recorder.abandon)
                upstream = recorder.tap(upstream)
            costs = SessionCosts(self._metrics.tally.costs)
            stack.callback(costs.close)
            journal = Journal(info, costs, debug=self._settings.log_level == "debug")
            concealment = Concealment(info.request.profile.session, info.request.profile.lock)
            if concealment:
                upstream = ReasonLeg(upstream, concealment.reason)
            place = info.place or stack.enter_context(self.payers.place(seen_call(info.request)))
            meter = self._meter(info, costs, journal, place)
            hooks = (*info.interceptors, *self._interceptors(info, concealment, recorder))
            bounds = Bounds(info.request.profile.limits, turn_state)
            guards = [*self._guards(info, sound, memory, survival)]
            interceptors = (*journal.interceptors, turn_state, *hooks, bounds, meter, *guards)
            session = self._session(info, peer, upstream, interceptors)
            if survival is not None:
                survival.joined(session, partial(self._relink, session, peer, upstream))
            stack.enter_context(self._sessions.active(session, turn_state))
            stack.enter_context(self._metrics.sessions_open.track_inprogress())
            opened_at = monotonic()
            journal.opened()
            session.open(opened_at)
            for data in early_messages:
                session.peer_listener.on_message(data, opened_at)
            await _run(session, peer, upstream)
            self._count(session, monotonic() - opened_at)
            journal.closed(session, monotonic() - opened_at, meter.spent_usd)

    def _session(
        self, info: PeerInfo, peer: RunningLeg, upstream: UpstreamLeg, interceptors: tuple[Interceptor, ...]
    ) -> Session:
        """The session between these two, by way of the lanes where they have some."""
        session = Session(
            info.session_id,
            peer,
            upstream,
            interceptors,
            self._metrics.tally,
            buffers=self._sessions.buffers,
            relay_events=info.relay_events,
        )
        if self._settings.carrier == "fast":
            join_lanes(session, peer, upstream, self._metrics.tally, self._lane_poll)
        return session

    def _relink(self, session: Session, peer: RunningLeg, upstream: UpstreamLeg) -> None:
        relink_lanes(session, peer, upstream, self._metrics.tally, self._lane_poll)

    def count_refusal(self, how: Ended, address: str | None) -> None:
        """Count and log a session that never began."""
        self._metrics.count_refusal(how)
        _log.info("session.refused", address=address, cause=how.cause.value, status=how.status, **dict(how.named))

    def _secrets_of(self, request: AdmittedRequest) -> Secrets:
        """What may not be shown of this session: the relay's secrets, and those of its own tools."""
        profile = request.profile
        return self._settings.secrets.and_also({*profile.credentials, *tool_credentials(profile.session)})

    def _meter(self, info: PeerInfo, costs: Costs, journal: Journal, place: Place) -> Meter | TimeMeter:
        """Pay from the session's own budget, and from those that it shares."""
        limits = info.request.profile.limits
        return session_kind(info.request).meter(
            self._settings.price_table,
            info.dialled_model,
            [SessionBudget(limits.cost_usd), *info.budgets],
            costs,
            journal.warned,
            place,
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
            secrets=self._secrets_of(info.request),
        )

    def _interceptors(
        self, info: PeerInfo, concealment: Concealment, recorder: Recorder | None
    ) -> Iterable[Interceptor]:
        request = info.request
        yield Redaction(self._secrets_of(request))
        yield TurnTimer(self._metrics.tally.first_audio_s)
        if self._settings.upstream == CASCADE:
            yield StageTimer(self._metrics.tally.stages)
        if request.profile.lock:
            yield Locks(request.profile.lock)
        if concealment:
            yield concealment
        kind = request.profile.kind
        if kind.opening is not None and kind is session_kind(request):
            yield from self._opening(info, kind.opening)
        if (model := chosen_model(request)) is not None:
            yield ChosenModel(model)
        for make in self._own_interceptors:
            yield make()
        if (claim := self.owners.claim(request, session_kind(request))) is not None:
            yield claim
        if recorder is not None:
            yield recorder

    def _opening(self, info: PeerInfo, opening: Callable[[Mapping[str, Any]], Interceptor]) -> Iterable[Interceptor]:
        """What is said upstream before the peer's first word: the session, and the conversation that goes on."""
        profile, items, kept = info.request.profile, info.said_before, info.conversation
        in_instructions = says_as_instructions(profile, self.replaying)
        if session := opening_session(profile.session, items, in_instructions=in_instructions):
            yield opening(session)
        if kept is not None or items:
            id_ = None if kept is None else kept.key.id
            yield ReplayedItems(id_, () if in_instructions else items, len(items))

    def _guards(
        self, info: PeerInfo, sound: SoundCount, memory: Memory | None, survival: Survival | None
    ) -> Iterable[Interceptor]:
        """What stands behind all that may refuse or keep an event: this session's guards, and its memory."""
        profile = info.request.profile
        if session_kind(info.request) is not REALTIME:
            return
        yield MutedAnswers(self._muted)
        guards = (profile.guard if profile.guard is not None or info.subprotocol != BINARY_AUDIO else GUARDS) or ()
        if TRUNCATE in guards or memory is not None:
            yield sound
        if memory is not None:
            yield memory
        if survival is not None:
            yield survival.succession
        if TRUNCATE in guards:
            yield TruncateGuard(sound, self._metrics.count_guarded)
        if RESPONSE in guards:
            yield ResponseGuard(self._metrics.count_guarded)

    def _muted(self) -> None:
        """An answer came in silence: from now on conversations are said again in another way."""
        self._metrics.count_muted()
        self.replaying.as_instructions = True

    def _count(self, session: Session, seconds: float) -> None:
        assert session.ended is not None  # noqa: S101 - both legs are gone, and each one's end ends the session
        self._metrics.count_end(session.ended)
        self._metrics.session_seconds.observe(seconds)


def _memory(info: PeerInfo, sound: SoundCount) -> Memory:
    """What remembers this session, and tells the history where one is kept."""
    session, kept, resumption = info.request.profile.session, info.conversation, info.resumption
    given: dict[str, Any] = {"sound_ms": sound.said_ms}
    if kept is not None:
        given["on_settled"] = kept.settled
    if resumption is not None:
        given["left_at"] = resumption.left_at
    return Memory(session, info.said_before, **given)


def _heard(memory: Memory, resumption: Resumption) -> Sequence[Remembered]:
    """What was said, as far as a peer that has left heard it."""
    if (left_at := resumption.left_at()) is not None:
        memory.cut_unheard(left_at)
    return memory.items


async def _run(session: Session, peer: RunningLeg, upstream: UpstreamLeg) -> None:
    """Have both legs carry until both have gone."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(upstream.run(session.upstream_listener))
        await peer.run(session.peer_listener)  # first: it may have to be told how it comes back
    session.finish(monotonic())
