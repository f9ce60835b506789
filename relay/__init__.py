"""Realtime Relay: a transparent WebSocket relay for the Realtime API.

    peer leg ──► admission ──► Session ◄──► upstream leg
    (picows, ASGI)            │ interceptors by event type      (the API, any Realtime URL, the mock)
                              └─► metrics, log

What decides does not wait; what waits does not decide.

    core/        decides: the session, events, ends, interceptors. No socket, no asyncio, no clock, no logger.
    legs/        waits: one end's connection each, fast on picows, portable on ASGI and websockets.
    upstreams/   where a session's other end comes from, and the mock upstream.
    admission/   who may open a session.
    calls/       WebRTC between a browser and the API: made, metered and ended, but not carried.
    recording/   sessions written down, read back, and made plain.
    checking/    `relay check`: what clients can rely on at an endpoint.
    telemetry/   the log and the metrics.
    serving/     uvicorn, signals and the drain.
    testing.py   a pytest plugin: the mock, a replay and the relay as fixtures.
    endpoint.py  `/v1/realtime`: admit, dial, accept, hand both legs over.
    joining.py   what every session needs: dial, interceptors, one session between two legs until its end.
    sessions.py  the sessions of this process: their number, their tick, their drain.
    dialects.py  peers and upstreams that do not speak GA.
    kinds.py     kinds of sessions: where each is served, what opens it, what it is billed by.
    profiles.py  what is injected. settings.py, upstream_options.py: what can be turned.
    app.py       routes. cli.py: the command line.

To embed the relay in an application of one's own::

    from relay import Settings, create_app, load_settings

    app.mount("/voice", create_app(load_settings()))
"""

from relay.app import create_app
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.settings import Settings, SettingsError, load_settings
from relay.version import __version__

__all__ = ["Event", "Interceptor", "Settings", "SettingsError", "__version__", "create_app", "load_settings"]
