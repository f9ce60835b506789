"""`GET /v1/realtime/ice_servers`: what an own page has to know before it calls: servers on its way, and who watches."""

from time import time
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.admission.gate import Gate
from relay.admission.session_request import read_session_request
from relay.admission.turn import ice_servers, turn_credentials
from relay.config.settings import Settings
from relay.config.webrtc_options import WebRtcOptions
from relay.core.closing import Refused
from relay.core.pictures import NEVER
from relay.endpoints.refusals import refusal_response

PATH = "/v1/realtime/ice_servers"


def ice_server_route(gate: Gate, settings: Settings) -> Route:
    """Whoever may open a session may ask, with the same credentials, a ticket among them, and the same query."""

    async def answer(request: Request) -> Response:
        caller = read_session_request(request)
        try:
            admitted = await gate.admit(caller)
        except Refused as refusal:
            return refusal_response(refusal.ended, event_id=caller.event_id)
        secret, subject_hash = settings.turn_secret, admitted.identity.subject_hash
        given = None if secret is None else turn_credentials(secret.get_secret_value(), subject_hash, time())
        options = settings.webrtc_of(admitted.profile.name)
        body = {
            "ice_servers": ice_servers(options.ice_servers, given),
            "expires_at": None if given is None else given.expires_at,
            "calls": options.calls,
            "video": _watches(options),
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    cors = Middleware(
        CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=["GET"], allow_headers=["*"]
    )
    return Route(PATH, answer, methods=["GET"], middleware=[cors])


def _watches(options: WebRtcOptions) -> dict[str, Any] | None:
    """How a call's camera and screen are shown to the model; None where they are not."""
    video = options.video
    if options.calls != "relay" or video.when == NEVER:
        return None
    return {"when": video.when, "interval_s": video.interval_s, "side": video.side, "most": video.most}
