"""`/v1/realtime/calls` and its `hangup`: admit, ask the API or answer here, as the settings say.

The task of a request lives on after its answer, as long as the call does: it holds the call's places and runs its
session. Where the API answers, that session only meters, and has nobody at its peer's end, since the caller talks to
the API itself.
"""

import secrets
from dataclasses import replace
from functools import partial
from time import monotonic

import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relay.admission.gate import Gate
from relay.admission.quotas import Quotas
from relay.admission.session_request import AdmittedRequest, read_session_request
from relay.calls.active_calls import ActiveCalls, Call
from relay.calls.answered_calls import AnsweredCalls, heard_as_pcm
from relay.calls.api import CallRefused, CallsApi, Made
from relay.calls.call_request import call_request, session_of, sideband_of
from relay.calls.form import SDP, Offer, read_offer
from relay.config.errors import RequestInvalid
from relay.config.settings import Settings
from relay.config.webrtc_options import WebRtcOptions
from relay.core.causes import Cause
from relay.core.close_codes import ABNORMAL
from relay.core.closing import Refused, ended, peer_ended
from relay.core.leg import Closed
from relay.endpoints.client_secrets import read_body
from relay.endpoints.realtime import end_well
from relay.endpoints.refusals import complaint, refusal_response
from relay.legs.webrtc.media import Quality
from relay.legs.webrtc.processes import MediaProcesses
from relay.sessions.joining import Joiner
from relay.sessions.peer_info import PeerInfo
from relay.sessions.registry import Sessions
from relay.telemetry.metrics import Metrics
from relay.upstreams.query import dialled_model

PATH = "/v1/realtime/calls"

BETA_PATH = "/v1/realtime"

HELD = frozenset({"model"})
"""What a profile may lock where calls are made: a caller can change the rest over the call's own channel."""

_log = structlog.stdlib.get_logger("relay")


class CallsEndpoint:
    """Makes calls, and ends them for those who made them.

    Attributes:
        active: the calls of this process.
    """

    def __init__(
        self,
        settings: Settings,
        gate: Gate,
        sessions: Sessions,
        quotas: Quotas,
        joiner: Joiner,
        api: CallsApi,
        metrics: Metrics,
        processes: MediaProcesses | None = None,
    ) -> None:
        self._settings = settings
        self._gate = gate
        self._sessions = sessions
        self._quotas = quotas
        self._joiner = joiner
        self._api = api
        self.active = ActiveCalls(joiner, api)
        self.answered = AnsweredCalls(joiner, processes, partial(_count_call, metrics), metrics.count_untruncated)
        metrics.calls_open.set_function(lambda: len(self.answered))

    def routes(self) -> list[Route]:
        """Where it is served. Pages of the allowed origins may ask, and are checked like a peer otherwise."""
        cors = Middleware(
            CORSMiddleware,
            allow_origins=self._settings.allowed_origins,
            allow_methods=["POST", "PATCH"],
            allow_headers=["*"],
            expose_headers=["Location"],
        )
        methods = ["POST", "OPTIONS"]
        return [
            Route(PATH, _Application(self), methods=methods, middleware=[cors]),
            Route(f"{PATH}/{{call_id}}", self.restart, methods=["PATCH", "OPTIONS"], middleware=[cors]),
            Route(f"{PATH}/{{call_id}}/hangup", self.hang_up, methods=methods, middleware=[cors]),
            Route(BETA_PATH, refuse_beta, methods=["POST"]),
        ]

    async def make(self, caller: "Caller") -> None:
        """Take a call from its request to its end."""
        if caller.request.method == "OPTIONS":
            await caller.answer(_options())
            return

        async def refuse(refusal: Refused) -> None:
            self._joiner.count_refusal(refusal.ended, caller.asked.address)
            await caller.answer(told_refusal(refusal, caller.asked.event_id))

        async def serve() -> None:
            try:
                await self._make(caller, session_id)
            except RequestInvalid as wrong:
                await caller.answer(complaint(str(wrong)))

        session_id = secrets.token_hex(8)
        await end_well(session_id, serve(), refuse)

    async def hang_up(self, request: Request) -> Response:
        """End a call, here or in another worker. One that none knows may be a stranger's: the API is not asked."""
        if request.method == "OPTIONS":
            return _options()
        asked = read_session_request(request)
        try:
            identity = await self._gate.identify(asked)
            call_id = request.path_params["call_id"]
            if (answered := self.answered.find(call_id, identity.subject)) is not None:
                answered.hang_up()
            elif (call := self.active.find(call_id, identity.subject)) is not None:
                await self.active.hang_up(call)
            elif not await self._joiner.owners.end_elsewhere(call_id, identity.subject):
                return complaint("There is no such call here.", 404, "call_id_not_found")
        except Refused as refusal:
            return told_refusal(refusal, asked.event_id)
        return Response()

    async def restart(self, request: Request) -> Response:
        """Answer another offer of a call that goes on here, whose caller has changed its network."""
        if request.method == "OPTIONS":
            return _options()
        asked = read_session_request(request)
        try:
            identity = await self._gate.identify(asked)
            call = self.answered.find(request.path_params["call_id"], identity.subject)
            if call is None:
                return complaint("There is no such call here. Make a new one.", 404, "call_id_not_found")
            offer = read_offer(request.headers.get("content-type", ""), await read_body(request))
            return Response(await call.restart(offer.sdp), headers={"Cache-Control": "no-store"}, media_type=SDP)
        except RequestInvalid as wrong:
            return complaint(str(wrong))
        except Refused as refusal:
            return told_refusal(refusal, asked.event_id)

    async def _make(self, caller: "Caller", session_id: str) -> None:
        request, offer = await self._admit(caller)
        with self._sessions.reserve():
            async with self._quotas.reserve(request.scopes) as budgets:
                if self._options(request).calls == "relay":
                    relay_events = dict(caller.asked.query).get("relay_events") == "1"
                    info = PeerInfo(session_id, request, budgets, relay_events=relay_events)
                    await self._answer(caller, heard_as_pcm(request), offer, info)
                    return
                target = await self._joiner.target(request)
                if target.calls_url is None:
                    raise Refused(ended(Cause.NO_CALLS))
                made = await self._api.make(target, offer.sdp, session_of(request))
                _log.info("call.made", profile=request.profile.name, model=dialled_model(request))
                call = Call(made.call_id, target, request.identity.subject)
                async with self.active.going_on(call):
                    await caller.take(made)
                    sideband, model = sideband_of(request, made.call_id), dialled_model(request)
                    await self.active.watch(call, PeerInfo(session_id, sideband, budgets, model=model))

    async def _answer(self, caller: "Caller", request: AdmittedRequest, offer: Offer, info: PeerInfo) -> None:
        """Be the other end of the call, whose session is as a WebSocket's."""
        conversation = await self._joiner.conversation(request)
        target = await self._joiner.target(request)
        dialled_at = monotonic()
        upstream = await self._joiner.dial(target, request)
        info = replace(info, request=request, dial_s=monotonic() - dialled_at, conversation=conversation)
        try:
            async with self.answered.answered(self._options(request), offer.sdp, request.identity.subject) as call:
                await caller.take(call.made)
                await self.answered.join(call, info, target, upstream)
        finally:
            upstream.abort()

    def _options(self, request: AdmittedRequest) -> WebRtcOptions:
        return self._settings.webrtc_of(request.profile.name)

    async def _admit(self, caller: "Caller") -> tuple[AdmittedRequest, Offer]:
        """Whom the call is for, and what it is to be. Nothing is read of a stranger's body."""
        request = await self._gate.admit(caller.asked)
        by = self._options(request).calls
        if by == "off" or (by == "api" and set(request.profile.lock) - HELD):
            raise Refused(ended(Cause.NO_CALLS))
        offer = await caller.offer()
        return call_request(request, offer), offer


class Caller:
    """Who asked for a call, and gets one answer.

    Attributes:
        asked: what the head of the HTTP request says.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.request = Request(scope, receive)
        self.asked = read_session_request(self.request)
        self._asgi = scope, receive, send
        self._answered = False

    @property
    def call_id(self) -> str:
        """The call that the path names."""
        named: str = self.request.path_params["call_id"]
        return named

    async def offer(self) -> Offer:
        """What the request brings.

        Raises:
            RequestInvalid: it is too large, or something in it is wrong.
        """
        return read_offer(self.request.headers.get("content-type", ""), await read_body(self.request))

    async def take(self, made: Made) -> None:
        """Send what the API answered. The place is ours: the caller hangs up here.

        Raises:
            Refused: the caller has left.
        """
        if await self.request.is_disconnected():
            raise Refused(peer_ended(Closed(ABNORMAL)))
        place = f"{self.request.scope.get('root_path', '')}{PATH}/{made.call_id}"
        headers = {"Location": place, "Cache-Control": "no-store"}
        await self.answer(Response(made.sdp, 201, headers, media_type=SDP))

    async def answer(self, response: Response) -> None:
        """Send the answer, unless there was one."""
        if not self._answered:
            self._answered = True
            await response(*self._asgi)


class _Application:
    """The ASGI application that makes calls: as a request's handler it would end with the answer."""

    def __init__(self, endpoint: CallsEndpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint.make(Caller(scope, receive, send))


def told_refusal(refusal: Refused, event_id: str | None = None) -> Response:
    """The response to a refusal, with the API's own words where it refused."""
    return refusal_response(refusal.ended, refusal.error if isinstance(refusal, CallRefused) else None, event_id)


async def refuse_beta(_: Request) -> Response:
    """The answer to an offer in the beta's place. What is said in a call goes by nobody who could translate it."""
    words = "The beta's WebRTC is not served here, nor by the API. POST the offer to /v1/realtime/calls and speak GA."
    return complaint(words, 400, "beta_api_shape_disabled")


def _count_call(metrics: Metrics, heard: Quality, played_s: float) -> None:
    metrics.count_call(
        received=heard.packets,
        lost=heard.lost,
        jitter_s=heard.jitter_s,
        concealed_s=heard.concealed_s or 0.0,
        played_s=played_s,
    )


def _options() -> Response:
    """What is asked by no page; a page's preflight was answered before."""
    return Response(status_code=204, headers={"Allow": "POST"})
