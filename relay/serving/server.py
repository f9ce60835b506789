"""uvicorn, with an end that does not cut calls."""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import structlog
import uvicorn
from starlette.applications import Starlette

from relay.config.settings import Settings
from relay.legs.heartbeat import BEAT_S
from relay.serving.handing_over import Carried, Handshake
from relay.serving.http import PatientHttpProtocol
from relay.serving.portable import PatientWebSocketProtocol
from relay.serving.process_manager import STOPPING, tell_manager
from relay.serving.websocket import PicowsProtocol
from relay.sessions.registry import Sessions

_log = structlog.stdlib.get_logger("relay")


class DrainingServer(uvicorn.Server):
    """Drains before it stops: by itself uvicorn sends 1012 to every peer at once when it gets a signal.

    On SIGTERM it is not ready from then on, but admits new sessions for `drain_notice_s`, so that nobody is refused
    whom a load balancer still sends; then it refuses new ones and lets the living finish. SIGINT comes from a person
    who waits, and gives no notice. A second one of either stops now. SIGHUP ends it only where it says that the
    terminal has gone: one process cannot replace itself, which is what workers are for.

    Args:
        on_started: is called with the address that it listens on.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        sessions: Sessions,
        settings: Settings,
        on_started: Callable[[str, int], None] = lambda host, port: None,
    ) -> None:
        super().__init__(config)
        self._sessions = sessions
        self._settings = settings
        self._notice_s = settings.drain_notice_s
        self._on_started = on_started
        self._draining: asyncio.Task[None] | None = None
        self._had_terminal = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            listening = sockets or self.servers[0].sockets
            host, port = listening[0].getsockname()[:2]
            self._on_started(host, port)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():  # signals are the main thread's alone
            yield
            return
        self._had_terminal = os.isatty(0)
        loop = asyncio.get_running_loop()
        before = signal.signal(signal.SIGHUP, lambda *_: loop.call_soon_threadsafe(self._hung_up))
        try:
            with super().capture_signals():
                yield
        finally:
            signal.signal(signal.SIGHUP, before)

    def _hung_up(self) -> None:
        if self._had_terminal and not os.isatty(0):
            self.drain_and_stop()
        else:
            _log.warning("restart.unavailable", advice="start with --workers 2 or more to reload on SIGHUP, or restart")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGINT:
            self._notice_s = 0.0
        if self.should_exit:
            self.force_exit = True
            if self._draining is not None:
                self._draining.get_loop().call_soon_threadsafe(self._draining.cancel)
        super().handle_exit(sig, frame)

    def drain_and_stop(self) -> None:
        """Do what a signal would."""
        self.should_exit = True

    def retire(self) -> None:
        """Drain and stop, but listen no more: another process has the address."""
        for server in self.servers:
            server.close()
        self._notice_s = 0.0
        self.drain_and_stop()

    def take(self, transport: asyncio.Transport, told: str) -> None:
        """Serve a peer that another worker was reached by, and hands over."""
        protocol = PicowsProtocol(self.config, self.server_state, self.lifespan.state)
        protocol.take_over(Carried(transport), Handshake.read(told))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        timeout_s, until = self._settings.drain_timeout_s, self._settings.drain
        if self._settings.workers == 1:
            tell_manager(STOPPING)
        _log.info(
            "drain.started", sessions=len(self._sessions), timeout_s=timeout_s, notice_s=self._notice_s, until=until
        )
        self._draining = asyncio.create_task(self._sessions.drain(timeout_s, notice_s=self._notice_s, until=until))
        if self.force_exit:  # the second signal came before there was anything to cancel
            self._draining.cancel()
        await asyncio.wait({self._draining})
        _log.info("drain.finished", sessions=len(self._sessions))
        await super().shutdown(sockets)


def make_server(
    app: Starlette, settings: Settings, on_started: Callable[[str, int], None] = lambda host, port: None
) -> DrainingServer:
    """Configure uvicorn for the relay. Its own log would show query strings, so only its warnings pass."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=PatientHttpProtocol,
        ws=PicowsProtocol if settings.carrier != "portable" else PatientWebSocketProtocol,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        proxy_headers=True,
        forwarded_allow_ips=list(settings.trusted_proxies),
        ws_max_size=settings.max_message_bytes,
        ws_per_message_deflate=False,
        ws_ping_interval=2 * BEAT_S,
        ws_ping_timeout=2 * BEAT_S,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return DrainingServer(config, app.state.sessions, settings, on_started)
