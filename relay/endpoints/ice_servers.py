"""`GET /v1/realtime/ice_servers`: by which STUN and TURN servers an own page may come to the relay."""

from time import time

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.admission.gate import Gate
from relay.admission.session_request import read_session_request
from relay.admission.turn import ice_servers, turn_credentials
from relay.config.settings import Settings
from relay.core.closing import Refused
from relay.endpoints.refusals import refusal_response

PATH = "/v1/realtime/ice_servers"


def ice_server_route(gate: Gate, settings: Settings) -> Route:
    """Whoever may open a session may ask, with the same credentials, a ticket among them."""

    async def answer(request: Request) -> Response:
        caller = read_session_request(request)
        try:
            identity = await gate.identify(caller)
        except Refused as refusal:
            return refusal_response(refusal.ended, event_id=caller.event_id)
        secret = settings.turn_secret
        given = None if secret is None else turn_credentials(secret.get_secret_value(), identity.subject_hash, time())
        body = {
            "ice_servers": ice_servers(settings.webrtc_of("default").ice_servers, given),
            "expires_at": None if given is None else given.expires_at,
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    cors = Middleware(
        CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=["GET"], allow_headers=["*"]
    )
    return Route(PATH, answer, methods=["GET"], middleware=[cors])
