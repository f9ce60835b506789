"""What an operator's probes and scrapes ask for: `/livez`, `/readyz`, `/metrics`. None of it dials upstream."""

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from relay.sessions.registry import Sessions
from relay.telemetry.metrics import Metrics
from relay.version import __version__


def probe_routes(sessions: Sessions, metrics: Metrics) -> list[Route]:
    """The routes for load balancers, process managers and Prometheus."""

    def livez(_: Request) -> Response:
        return PlainTextResponse(f"ok {__version__}\n")

    def readyz(_: Request) -> Response:
        return PlainTextResponse("draining\n", 503) if sessions.leaving else PlainTextResponse("ready\n")

    async def exposition(_: Request) -> Response:
        return Response(await metrics.expose(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", exposition)]
