"""Calls that the relay answers itself: the peer's end is here, and the session is as any other."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from relay.admission.session_request import AdmittedRequest
from relay.calls.api import Made
from relay.calls.sound_reports import SoundReports
from relay.config.errors import RequestInvalid
from relay.config.webrtc_options import VideoOptions, WebRtcOptions
from relay.core.call_formats import CallFormats, without_formats
from relay.core.causes import Cause
from relay.core.close_codes import NORMAL
from relay.core.closing import Refused, ended
from relay.core.pictures import NEVER, Pictures
from relay.core.waiting_sound import WaitingSound
from relay.legs.choice import UpstreamLeg
from relay.legs.dialect import Interpreter
from relay.legs.target import Target
from relay.legs.webrtc.descriptions import checked_offer, checked_restart, reachable_answer
from relay.legs.webrtc.engines import make_end
from relay.legs.webrtc.leg import CallLeg
from relay.legs.webrtc.media import MediaEnd, MediaLost, Network, OfferRefused, Quality
from relay.legs.webrtc.process_end import ProcessEnd
from relay.legs.webrtc.processes import MediaProcesses
from relay.legs.webrtc.watching import Watching
from relay.sessions.joining import Joiner
from relay.sessions.peer_info import PeerInfo


@dataclass(slots=True)
class AnsweredCall:
    """A call of this process's own.

    Attributes:
        made: its id and answer.
        subject: whose it is.
        offer: what its peer offered last.
    """

    made: Made
    subject: str | None
    leg: CallLeg
    end: MediaEnd
    offer: str
    options: WebRtcOptions

    async def restart(self, sdp: bytes) -> bytes:
        """The answer to another offer of its peer's, whose network has changed.

        Raises:
            RequestInvalid: the offer cannot be answered; the call goes on as it is.
            Refused: what held its media is gone.
        """
        try:
            offer = checked_restart(sdp, self.offer)
            answer = await self.end.restart(offer)
        except OfferRefused as why:
            raise RequestInvalid(f"sdp: {why}") from None
        except MediaLost:
            raise Refused(ended(Cause.MEDIA_LOST)) from None
        self.offer = offer
        return reachable_answer(answer, self.options.advertise).encode()

    def hang_up(self) -> None:
        """End it, because its caller wants that."""
        self.leg.close(NORMAL, "hung up")


class AnsweredCalls:
    """Those of this process.

    Args:
        processes: where the media of calls is; None for here.
        count: is told every few seconds how the sound of each goes: what came of the peer's, and how many seconds were
            played to it.
        count_refused: is told the upstream's code where it refuses to truncate an answer at what was heard.
    """

    def __init__(
        self,
        joiner: Joiner,
        processes: MediaProcesses | None,
        count: Callable[[Quality, float], None],
        count_refused: Callable[[str], None],
    ) -> None:
        self._joiner = joiner
        self._processes = processes
        self._count = count
        self._count_refused = count_refused
        self._reserved = 0
        self._calls: dict[str, AnsweredCall] = {}

    def __len__(self) -> int:
        return self._reserved

    def find(self, call_id: str, subject: str | None) -> AnsweredCall | None:
        """The call of that id, where it is this subject's."""
        call = self._calls.get(call_id)
        return None if call is None or call.subject != subject else call

    @asynccontextmanager
    async def answered(self, options: WebRtcOptions, sdp: bytes, subject: str | None) -> AsyncIterator[AnsweredCall]:
        """Answer an offer, and keep the call until the context is left.

        Raises:
            Refused: there are as many calls as there may be, or nothing that holds their media.
            RequestInvalid: the offer cannot be answered.
        """
        if self._reserved >= options.max_calls:
            raise Refused(ended(Cause.FULL))
        self._reserved += 1
        end = self._make_end(options)
        try:
            call = await self._answer(end, options, sdp, subject)
            self._calls[call.made.call_id] = call
            try:
                reports = SoundReports(end.quality, lambda: call.leg.played_s, self._count)
                with self._joiner.owners.owned(call.made.call_id, subject, call.hang_up):
                    async with reports.told():
                        yield call
            finally:
                self._calls.pop(call.made.call_id)
        finally:
            self._reserved -= 1
            await end.close()

    async def join(self, call: AnsweredCall, info: PeerInfo, target: Target, upstream: UpstreamLeg) -> None:
        """Run the session of this call until either end has gone."""
        redial = None if target.dialect is not None else partial(self._joiner.dial, target, info.request)
        interpreter = Interpreter(None, target.dialect)
        info = replace(info, interceptors=(CallFormats(), WaitingSound()))
        await self._joiner.join(info, call.leg, interpreter.at_upstream(upstream), redial=redial)

    def _make_end(self, options: WebRtcOptions) -> MediaEnd:
        if self._processes is not None:
            return ProcessEnd(self._processes)
        return make_end(options.engine, Network(options.ports, options.advertise))

    async def _answer(self, end: MediaEnd, options: WebRtcOptions, sdp: bytes, subject: str | None) -> AnsweredCall:
        watching = _watching(end, options.video)
        leg = CallLeg(end, watching=watching, tell_refused=self._count_refused)
        try:
            offer = checked_offer(sdp)
            answer = await end.answer(offer, leg.media_listener, watches=watching is not None)
        except OfferRefused as why:
            raise RequestInvalid(f"sdp: {why}") from None
        except MediaLost:
            raise Refused(ended(Cause.MEDIA_LOST)) from None
        made = Made(f"rtc_{secrets.token_hex(12)}", reachable_answer(answer, options.advertise).encode())
        return AnsweredCall(made, subject, leg, end, offer, options)


def _watching(end: MediaEnd, video: VideoOptions) -> Watching | None:
    if video.when == NEVER:
        return None
    name = secrets.token_hex(6)
    pictures = Pictures(name, when=video.when, interval_s=video.interval_s, most=video.most, keep=video.keep)
    return Watching(end, pictures, video.side, video.quality)


def heard_as_pcm(request: AdmittedRequest) -> AdmittedRequest:
    """The request with a session whose sound is PCM16 at 24 kHz, whatever its profile says of telephones."""
    profile = request.profile
    return replace(request, profile=replace(profile, session=without_formats(profile.session)))
