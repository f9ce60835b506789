"""Realtime Relay: a transparent WebSocket relay for the Realtime API.

    peer leg ──► endpoints ──► admission ──► Session ◄──► upstream leg
    (picows, ASGI)                          │ interceptors by event type      (the API, any Realtime URL, a stand-in)
                                            └─► metrics, log, recording

What decides does not wait; what waits does not decide.

    core/        decides: the session, events, ends, interceptors. No socket, no asyncio, no clock, no logger.
    config/      what an operator writes: settings, profiles, limits, quotas, prices, and the kinds of sessions.
    legs/        waits: one end's connection each, fast on picows with a compiled lane, portable on ASGI and websockets.
    admission/   who may open a session, as whom, and how many: the handshake, credentials, tickets, quotas.
    upstreams/   where a session goes: providers, the address and query that are dialled, the dialling.
    recording/   sessions written down, read back, and made plain.
    telemetry/   the log and the metrics.
    history/     conversations that are kept, and who keeps them.
    sessions/    joining two legs until their end; the sessions of this process, their tick and their drain.
    calls/       WebRTC: calls that the API answers, made, metered and ended; and those that the relay answers itself.
    endpoints/   every way in: the sessions, calls, client secrets, page and probes, and how a refusal is told.
    serving/     uvicorn, workers, signals and TLS.
    engine/      decides: a Realtime server without I/O, with a mind to plug in.
    stand_ins/   what is played on this machine: the mock, the replay, and what is to go wrong with them.
    cascade/     a conversation through services that hear, think and speak: and what is asked of them.
    checking/    `relay check`: what clients can rely on at an endpoint.
    building/    what is done when the wheel is built: the lane compiled, the page's modules joined.
    app.py       the ASGI application. cli.py, serve.py: the command line. testing.py: a pytest plugin.
                 local_upstreams.py: the cascade and the stand-ins, run in the relay's own process.

An import runs to a room further up in this list, never down; `tests/test_house_rules.py` has the table.

To embed the relay in an application of one's own::

    from relay import create_app, load_settings

    app.mount("/voice", create_app(load_settings()))
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from relay.version import __version__

if TYPE_CHECKING:
    from relay.app import create_app
    from relay.config.errors import SettingsError
    from relay.config.loading import load_settings
    from relay.config.settings import Settings
    from relay.core.events import Event
    from relay.core.interceptor import Interceptor

__all__ = ["Event", "Interceptor", "Settings", "SettingsError", "__version__", "create_app", "load_settings"]

_PLACES = MappingProxyType({
    "Event": "relay.core.events",
    "Interceptor": "relay.core.interceptor",
    "Settings": "relay.config.settings",
    "SettingsError": "relay.config.errors",
    "create_app": "relay.app",
    "load_settings": "relay.config.loading",
})  # fmt: skip


def __getattr__(name: str) -> Any:
    """What is imported from here is loaded when it is asked for: `relay --help` does without."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
