"""What an operator's probes and scrapes ask for: `/livez`, `/readyz`, `/metrics`. None of it dials upstream."""

import hmac
from collections.abc import Iterable
from time import monotonic

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from relay.admission.session_request import read_session_request
from relay.core.causes import Cause
from relay.core.closing import ended
from relay.endpoints.refusals import refusal_response
from relay.sessions.registry import Sessions
from relay.telemetry.metrics import Metrics
from relay.version import __version__


def probe_routes(sessions: Sessions, metrics: Metrics, metrics_token: SecretStr | None = None) -> list[Route]:
    """The routes for load balancers, process managers and Prometheus.

    Args:
        metrics_token: what a scrape has to bring; None where anybody may.
    """

    def may_read(credentials: Iterable[str]) -> bool:
        if metrics_token is None:
            return True
        token = metrics_token.get_secret_value().encode()
        return any(hmac.compare_digest(token, credential.encode()) for credential in credentials)

    def livez(_: Request) -> Response:
        return PlainTextResponse(f"ok {__version__}\n")

    def readyz(request: Request) -> Response:
        if sessions.leaving:
            return PlainTextResponse("draining\n", 503)
        asks_for_upstream = ("upstream", "1") in read_session_request(request).query
        failing = metrics.last_dials.failing(monotonic()) if asks_for_upstream else None
        return PlainTextResponse("ready\n") if failing is None else PlainTextResponse(f"{failing.value}\n", 503)

    async def exposition(request: Request) -> Response:
        caller = read_session_request(request)
        if not may_read(caller.credentials):
            cause = Cause.CREDENTIALS_REFUSED if caller.credentials else Cause.CREDENTIALS_MISSING
            return refusal_response(ended(cause), event_id=caller.event_id)
        return Response(await metrics.expose(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", exposition)]
