"""`POST /v1/realtime/client_secrets`: tickets, in the API's own request and response shape.

For whom a ticket is, a caller whose credential names nobody says with `OpenAI-Safety-Identifier`, as the API wants it
told; any other caller gets tickets for itself.

Clients of the beta ask at `/v1/realtime/sessions` and `/v1/realtime/transcription_sessions`, with a flat session.
"""

import asyncio
import math
import secrets
from collections.abc import Callable, Mapping
from time import time
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.admission.gate import Gate
from relay.admission.identity import Identity
from relay.admission.session_request import read_session_request
from relay.admission.ticket_session import with_session
from relay.admission.tickets import Ticket, TicketTooLarge
from relay.config.errors import RequestInvalid
from relay.config.kinds import TRANSCRIPTION
from relay.config.profiles import Profile
from relay.config.request_body import read_json
from relay.config.settings import Settings
from relay.core.causes import Cause
from relay.core.closing import Ended, Refused, ended
from relay.core.concealment import shown_session
from relay.core.dialect.client_secrets import BetaSecretRequest
from relay.core.locks import without_locked
from relay.endpoints.refusals import complaint, refusal_response
from relay.endpoints.ticket_request import BODY_LIMIT_BYTES, TicketRequest, check_session, read_request

PATH = "/v1/realtime/client_secrets"
TRANSLATIONS_PATH = "/v1/realtime/translations/client_secrets"
BETA_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "/v1/realtime/sessions": "realtime",
        "/v1/realtime/transcription_sessions": "transcription",
    }
)
"""With the kind of session that each is for."""

_log = structlog.stdlib.get_logger("relay")


def mint_routes(gate: Gate, settings: Settings, count_refusal: Callable[[Ended | None], None]) -> list[Route]:
    """The routes that mint. Pages of the allowed origins may call them, and are checked like a peer otherwise.

    Args:
        count_refusal: is told of each ticket that is not made: why nobody gets it, or None where the request is wrong.
    """
    cors = Middleware(
        CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=["POST"], allow_headers=["*"]
    )
    kinds: Mapping[str, str | None] = {PATH: None, **BETA_PATHS}
    minting = [
        Route(path, Mint(gate, count_refusal, kind).serve, methods=["POST", "OPTIONS"], middleware=[cors])
        for path, kind in kinds.items()
    ]
    return [*minting, Route(TRANSLATIONS_PATH, refuse_translations, methods=["POST"])]


async def refuse_translations(_: Request) -> Response:
    """The answer where the API makes secrets for translations, whose sessions no ticket brings."""
    return complaint(
        f"No client secrets are made here. Ask {PATH} for one with a profile of this type, "
        'as {"relay": {"profile": NAME}}: it opens /v1/realtime/translations.',
        404,
        "kind_refused",
    )


class Mint:
    """Answers requests for tickets.

    Args:
        count_refusal: see `mint_routes`.
        kind: of the session, where the path says it and what is asked and answered is the beta's.
    """

    def __init__(self, gate: Gate, count_refusal: Callable[[Ended | None], None], kind: str | None = None) -> None:
        self._gate = gate
        self._count_refusal = count_refusal
        self._kind = kind

    async def serve(self, request: Request) -> Response:
        """Admit the caller as a peer is admitted, and answer with a ticket, or with what is wrong."""
        if request.method == "OPTIONS":  # one that is a page's preflight was answered before
            return Response(status_code=204, headers={"Allow": "POST"})
        caller = read_session_request(request)
        try:
            identity = await self._gate.identify(caller)
            if identity.is_ticket:  # or a ticket could be made to last for ever
                raise Refused(ended(Cause.CREDENTIALS_REFUSED))
            body = await read_body(request)
            beta = None if self._kind is None else BetaSecretRequest(self._kind)
            asked = read_request(body if beta is None else _read_flat(body, beta))
            profile = self._gate.profile_for(identity, asked.profile)
            await asyncio.to_thread(check_session, asked.session)
            answer = self._mint(asked, identity, profile)
            if beta is not None:
                answer = beta.to_beta(answer)
            return JSONResponse(answer, headers={"Cache-Control": "no-store"})
        except Refused as refusal:
            how = refusal.ended
            self._count_refusal(how)
            _log.info("ticket.refused", address=caller.address, cause=how.cause.value, **dict(how.named))
            return refusal_response(how, event_id=caller.event_id)
        except (RequestInvalid, TicketTooLarge) as wrong:
            self._count_refusal(None)
            return complaint(str(wrong))

    def _mint(self, asked: TicketRequest, identity: Identity, profile: Profile) -> dict[str, Any]:
        session = without_locked(asked.session, profile.lock)
        try:
            shown = with_session(profile, session)
        except ValueError as wrong:
            raise RequestInvalid(str(wrong)) from None
        limits = {name: min(both) for name, both in _both(identity, asked).items()}
        now = int(time())
        expires_at = int(min(now + asked.lifetime_s, identity.expires_at or math.inf))
        if expires_at <= now:  # within the leeway that a JWT's signer has
            raise Refused(ended(Cause.CREDENTIALS_EXPIRED))
        ticket = Ticket(expires_at, profile.name, identity.subject, asked.origin, limits, session, asked.conversation)
        body = {"value": self._gate.tickets.write(ticket), "expires_at": expires_at, "session": session_shown(shown)}
        _log.info("ticket.minted", profile=profile.name, subject=identity.subject_hash, lifetime_s=expires_at - now)
        return body


async def read_body(request: Request) -> bytes:
    """The whole body.

    Raises:
        RequestInvalid: it has more than `BODY_LIMIT_BYTES`; no more than that is kept.
    """
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT_BYTES:
            raise RequestInvalid(f"the body has more than {BODY_LIMIT_BYTES} bytes")
    return body


def session_shown(profile: Profile) -> dict[str, object]:
    """The session object that answers, as the API has it, without what peers of the profile may not see."""
    shown: dict[str, object] = {"type": profile.kind.name, **shown_session(profile.session, profile.lock)}
    if profile.model:
        shown["model"] = profile.model
    name = "realtime.transcription_session" if profile.kind is TRANSCRIPTION else "realtime.session"
    return {"object": name, "id": f"sess_{secrets.token_hex(12)}", **shown}


def _read_flat(body: bytes, beta: BetaSecretRequest) -> bytes:
    """The body as GA has it; one that is no object as it is, for whoever reads it next to complain.

    Raises:
        RequestInvalid: it cannot be read.
    """
    asked = read_json(body or b"{}", "the body")
    return orjson.dumps(beta.to_ga(asked)) if isinstance(asked, dict) else body


def _both(identity: Identity, asked: TicketRequest) -> dict[str, list[float]]:
    """Each limit's figures, from the caller's own credential and from its request."""
    names = identity.limits.keys() | asked.limits.keys()
    return {name: [each[name] for each in (identity.limits, asked.limits) if name in each] for name in names}
