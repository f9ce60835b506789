"""Calls that come to the API by SIP, below `/v1/realtime/calls`: `accept`, `reject` and `refer` with the relay's key.

The API tells the operator's server of such a call by its webhook, and that server asks here instead of there. Who calls
is a telephone, which changes nothing in its session: so here every lock holds. As in `calls.py`, the task of a request
that accepted lives on as long as the call, and runs the session that meters it.
"""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from relay.admission.gate import Gate
from relay.admission.quotas import Quotas
from relay.admission.session_request import AdmittedRequest
from relay.calls.active_calls import ActiveCalls, Call
from relay.calls.api import CallsApi
from relay.calls.call_request import call_request, session_of, sideband_of
from relay.calls.form import Offer
from relay.config.errors import RequestInvalid
from relay.config.request_body import read_json
from relay.core.causes import Cause
from relay.core.closing import Refused, ended
from relay.endpoints.calls import PATH, Caller, told_refusal
from relay.endpoints.client_secrets import read_body
from relay.endpoints.realtime import end_well
from relay.endpoints.refusals import complaint
from relay.legs.target import Target
from relay.sessions.joining import Joiner
from relay.sessions.peer_info import PeerInfo
from relay.sessions.registry import Sessions
from relay.upstreams.query import dialled_model

SIP_REFUSALS = range(300, 700)
"""With what SIP refuses a call (RFC 3261, 21)."""

CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What may stand in the API's address; anything else could name another path."""

TARGET_LENGTH_LIMIT = 2048

Serve = Callable[[Caller, str], Awaitable[None]]

_log = structlog.stdlib.get_logger("relay")


class IncomingCalls:
    """Has the API take calls, turn them away, and hand them on.

    Args:
        active: knows the calls of this process.
    """

    def __init__(
        self, gate: Gate, sessions: Sessions, quotas: Quotas, joiner: Joiner, api: CallsApi, active: ActiveCalls
    ) -> None:
        self._gate = gate
        self._sessions = sessions
        self._quotas = quotas
        self._joiner = joiner
        self._api = api
        self._active = active

    def routes(self) -> list[Route]:
        """Where it is served; a page has no business here."""
        serving: Mapping[str, Serve] = {"accept": self._accept, "reject": self._reject, "refer": self._refer}
        return [
            Route(f"{PATH}/{{call_id}}/{verb}", _Application(self._take, serve), methods=["POST"])
            for verb, serve in serving.items()
        ]

    async def _take(self, caller: Caller, serve: Serve) -> None:
        session_id = secrets.token_hex(8)

        async def refuse(refusal: Refused) -> None:
            self._joiner.count_refusal(refusal.ended, caller.asked.address)
            await caller.answer(told_refusal(refusal, caller.asked.event_id))

        async def serve_or_complain() -> None:
            try:
                await serve(caller, session_id)
            except RequestInvalid as wrong:
                await caller.answer(complaint(str(wrong)))

        await end_well(session_id, serve_or_complain(), refuse)

    async def _accept(self, caller: Caller, session_id: str) -> None:
        request = call_request(await self._admit(caller), Offer(b"", await _read(caller)))
        with self._sessions.reserve():
            async with self._quotas.reserve(request.scopes) as budgets:
                target = await self._target(request)
                model = dialled_model(request)
                await self._api.decide(target, caller.call_id, "accept", session_of(request))
                _log.info("call.accepted", profile=request.profile.name, model=model)
                call = Call(caller.call_id, target, request.identity.subject)
                async with self._active.going_on(call):
                    await caller.answer(Response())
                    sideband = sideband_of(request, call.call_id)
                    await self._active.watch(call, PeerInfo(session_id, sideband, budgets, model=model))

    async def _reject(self, caller: Caller, _: str) -> None:
        request, body = await self._admit(caller), await _read(caller)
        code = body.get("status_code", 603)
        if type(code) is not int or code not in SIP_REFUSALS:
            raise RequestInvalid("status_code: must be a whole number from 300 to 699, as SIP has them")
        await self._decide(caller, request, "reject", {"status_code": code})

    async def _refer(self, caller: Caller, _: str) -> None:
        request, body = await self._admit(caller), await _read(caller)
        uri = body.get("target_uri")
        if not isinstance(uri, str) or not 0 < len(uri) <= TARGET_LENGTH_LIMIT:
            raise RequestInvalid("target_uri: must be the address to call, such as tel:+14155550123")
        await self._decide(caller, request, "refer", {"target_uri": uri})

    async def _decide(self, caller: Caller, request: AdmittedRequest, verb: str, body: Mapping[str, Any]) -> None:
        await self._api.decide(await self._target(request), caller.call_id, verb, body)
        await caller.answer(Response())

    async def _admit(self, caller: Caller) -> AdmittedRequest:
        """Who asks: nobody with a ticket, which is for sessions of its own; nor for a call that may be another's."""
        request = await self._gate.admit(caller.asked)
        if request.identity.is_ticket:
            raise Refused(ended(Cause.CREDENTIALS_REFUSED))
        if not CALL_ID.fullmatch(caller.call_id):
            raise Refused(ended(Cause.PATH_UNKNOWN))
        await self._joiner.owners.check_id(caller.call_id, request)
        return request

    async def _target(self, request: AdmittedRequest) -> Target:
        target = await self._joiner.target(request)
        if target.calls_url is None:
            raise Refused(ended(Cause.NO_CALLS))
        return target


class _Application:
    """The ASGI application: as a request's handler it would end with the answer."""

    def __init__(self, take: Callable[[Caller, Serve], Awaitable[None]], serve: Serve) -> None:
        self._take = take
        self._serve = serve

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._take(Caller(scope, receive, send), self._serve)


async def _read(caller: Caller) -> Mapping[str, Any]:
    """The body, which is an object, or empty."""
    body = read_json(await read_body(caller.request) or b"{}", "the body")
    if not isinstance(body, dict):
        raise RequestInvalid("the body has to be an object")
    return body
