"""The ASGI application: routes, static files, lifespan; no logic."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute

from relay.admission.gate import Gate
from relay.admission.quotas import make_quotas
from relay.calls.api import CallsApi
from relay.config.errors import SettingsError
from relay.config.settings import Settings
from relay.core.flow import Buffers
from relay.endpoints.addresses import Addresses
from relay.endpoints.calls import CallsEndpoint
from relay.endpoints.client_secrets import mint_routes
from relay.endpoints.conversations import conversation_routes
from relay.endpoints.ice_servers import ice_server_route
from relay.endpoints.incoming_calls import IncomingCalls
from relay.endpoints.page import MODULE_HEADERS, PageFiles, page_directory
from relay.endpoints.probes import probe_routes
from relay.endpoints.realtime import RealtimeEndpoint
from relay.endpoints.request_ids import RequestIdHeaders
from relay.endpoints.response_headers import ResponseHeaders
from relay.endpoints.wrong_address import WrongAddress, failed
from relay.history.history import make_history
from relay.legs.lanes import lane_in_use
from relay.legs.webrtc.engines import missing_engine
from relay.legs.webrtc.media import Network
from relay.legs.webrtc.processes import ADVICE, Loss, MediaProcesses
from relay.local_upstreams import check_local_upstream, serve_local_upstream
from relay.recording.expiry import keep_deleting
from relay.recording.recordings import make_recordings
from relay.serving.root_path import RootPath
from relay.serving.tls import expires_at
from relay.sessions.joining import InterceptorFactory, Joiner
from relay.sessions.ownership import Owners
from relay.sessions.registry import Sessions
from relay.sessions.resumption import Resumptions
from relay.stand_ins.on_demand import OnDemand
from relay.telemetry.fellow_workers import FellowWorkers
from relay.telemetry.metrics import Metrics
from relay.upstreams.targets import Upstream, make_upstream


def create_app(
    settings: Settings, interceptors: Sequence[InterceptorFactory] = (), ticket_secret: bytes | None = None
) -> Starlette:
    """Make the relay as an ASGI application, to be served or mounted in another one.

    Mounted, it serves without its lifespan, too, which the outer application runs or leaves:

        async with relay.router.lifespan_context(relay): ...

    At its end recordings and conversations that are being written are finished and the store of quotas is let go, and a
    `cascade`, a `mock` or a `replay:` ends, which else runs from the first session to the end of the event loop.

    Args:
        settings: what the relay does; see `load_settings`.
        interceptors: called once a session each, in order, for hooks of one's own.
        ticket_secret: see `Gate`.

    Raises:
        SettingsError: the upstream needs a key and there is none, or a file that the settings name cannot be used.
    """
    check_local_upstream(settings)
    check_calls(settings)
    parts = _Parts(settings, interceptors, ticket_secret)
    sockets, interfaces = parts.endpoint.routes(), parts.interfaces(settings)
    app = Starlette(
        routes=[
            *sockets,
            *interfaces,
            WebSocketRoute("/{path:path}", parts.endpoint.refuse_path),
            Mount("/web", PageFiles(directory=page_directory("web"), headers=MODULE_HEADERS)),
            Mount("/", PageFiles(directory=page_directory("public"), html=True)),
        ],
        middleware=[
            Middleware(RequestIdHeaders),
            Middleware(ResponseHeaders),
            Middleware(RootPath, settings.root_path),
            Middleware(Addresses),
        ],
        exception_handlers={HTTPException: WrongAddress([*sockets, *interfaces]).answer, Exception: failed},
        lifespan=parts.lifespan,
    )
    app.state.sessions = parts.sessions
    app.state.metrics = parts.metrics
    app.state.quotas = parts.quotas
    app.state.media = parts.media
    app.state.fellows = parts.fellows
    return app


def check_calls(settings: Settings) -> None:
    """Raise `SettingsError` where the relay is to answer calls and has nothing to do it with."""
    if (engine := settings.webrtc_engine) is not None and (missing := missing_engine(engine)) is not None:
        raise SettingsError(f"webrtc.calls: {missing}")


def _count_lost_media(metrics: Metrics, loss: Loss, rest_s: float) -> None:
    told = {"pid": loss.pid, "exit": loss.exit, "calls": loss.calls, "again_in_s": rest_s, "advice": ADVICE}
    metrics.count_lost_media(loss.reason, **told)


def _media_processes(settings: Settings, metrics: Metrics) -> MediaProcesses | None:
    options = settings.webrtc_of("default")
    if settings.webrtc_engine is None or not options.workers:
        return None
    network = Network(options.ports, options.advertise)
    return MediaProcesses(options.workers, options.engine, network, partial(_count_lost_media, metrics))


class _Parts:
    """What one application is made of, put together once."""

    def __init__(
        self, settings: Settings, interceptors: Sequence[InterceptorFactory], ticket_secret: bytes | None
    ) -> None:
        self._settings = settings
        self.metrics = metrics = Metrics(lane_in_use(settings.carrier))
        buffers = Buffers(settings.buffer_bytes, settings.process_buffer_bytes)
        self.sessions = Sessions(settings.max_sessions, buffers, metrics.loop_lag_seconds.observe)
        metrics.buffered_bytes.set_function(lambda: buffers.waiting)
        metrics.draining.set_function(lambda: self.sessions.draining)
        if settings.tls_cert is not None:
            metrics.certificate_expires.set(expires_at(settings.tls_cert))
        self._recordings = make_recordings(settings, metrics.count_failed_recording)
        self._history = make_history(settings.history, metrics.count_failed_history)
        store = settings.quota_store.get_secret_value()
        self.quotas = make_quotas(settings.quota_table, store, metrics.quota_store_failures.inc)
        self._upstream = make_upstream(settings)
        self._stand_in = OnDemand(partial(serve_local_upstream, settings, metrics.tally.stages))
        self.fellows = FellowWorkers()
        self._gate = gate = Gate(settings, ticket_secret)
        owners = Owners(self.fellows)
        find = self._find_upstream
        joiner = Joiner(settings, self.sessions, metrics, find, interceptors, self._recordings, owners, self._history)
        resumptions = Resumptions(metrics, settings.upstream, lambda: not self.sessions.draining, self.fellows)
        self.sessions.before_drain = resumptions.give_up_all
        observe_added = metrics.tally.down.added_s.observe
        self.endpoint = RealtimeEndpoint(gate, self.sessions, self.quotas, joiner, observe_added, resumptions)
        api = CallsApi(joiner.options, settings.secrets)
        self.media = processes = _media_processes(settings, metrics)
        self._calls = CallsEndpoint(settings, gate, self.sessions, self.quotas, joiner, api, metrics, processes)
        self._incoming = IncomingCalls(gate, self.sessions, self.quotas, joiner, api, self._calls.active)

    def interfaces(self, settings: Settings) -> list[Route]:
        """What is asked by HTTP, but for the page."""
        return [
            *mint_routes(self._gate, settings, self.metrics.count_refused_ticket),
            *self._calls.routes(),
            ice_server_route(self._gate, settings),
            *self._incoming.routes(),
            *([] if self._history is None else conversation_routes(self._gate, settings, self._history)),
            *probe_routes(self.sessions, self.metrics, settings.metrics_token),
        ]

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Have the upstream ready, and let go of everything at the end."""
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.quotas.close)
            if self._recordings is not None:
                stack.push_async_callback(asyncio.to_thread, self._recordings.close)
            if self._settings.record_dir is not None and self._settings.record_keep_days is not None:
                kept = self._settings.record_dir, self._settings.record_keep_days
                deleting = asyncio.create_task(keep_deleting(*kept, self.metrics.count_failed_recording))
                stack.callback(deleting.cancel)
            if self._history is not None:
                stack.push_async_callback(asyncio.to_thread, self._history.close)
                expiring = asyncio.create_task(self._history.run())
                stack.callback(expiring.cancel)
            stack.push_async_callback(self._stand_in.close)
            if self.media is not None:
                self.media.start()
                stack.push_async_callback(self.media.close)
            await self._find_upstream()
            yield

    async def _find_upstream(self) -> Upstream:
        return self._upstream or await self._stand_in.upstream()
