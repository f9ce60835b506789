"""From settings to a relay that serves, as one process or as several."""

import contextlib
import secrets
import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relay.config.errors import SettingsError
from relay.config.settings import Settings
from relay.serving.server import make_server
from relay.serving.supervisor import Supervisor
from relay.serving.tls import Certificate, listener_certificate
from relay.serving.worker import Assignment, MakeApp

OnListening = Callable[[str, int, Certificate | None], None]


def serve_until_signal(
    make_app: MakeApp, settings: Settings, config: Path | None, options: Mapping[str, Any], on_listening: OnListening
) -> int:
    """Serve until a signal ends it; returns the exit code.

    Args:
        make_app: makes the application, here and in each worker.
        config, options: what `settings` were made of, for workers, which read them anew.
        on_listening: is called with the address and what stands for it in TLS.

    Raises:
        SettingsError: it cannot start with these settings.
    """
    with listener_certificate(settings) as certificate:
        if certificate is not None:
            shown = {"tls_cert": certificate.chain, "tls_key": certificate.key, "tls_self_signed": False}
            settings, options = settings.model_copy(update=shown), {**options, **shown}

        def told(host: str, port: int) -> None:
            on_listening(host, port, certificate)

        app = make_app(settings)
        listeners = listen(settings)
        if len(listeners) > 1:
            return _supervise(make_app, listeners, config, options, told)
        server = make_server(app, settings, told)
        with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it once more when all is done
            server.run(sockets=listeners)
        return 0


def _supervise(
    make_app: MakeApp,
    listeners: list[socket.socket],
    config: Path | None,
    options: Mapping[str, Any],
    on_listening: Callable[[str, int], None],
) -> int:
    host, port = listeners[0].getsockname()[:2]
    ticket_secret = secrets.token_bytes()
    with tempfile.TemporaryDirectory(prefix="relay-") as directory:

        def assign(serial: int, listener: socket.socket) -> Assignment:
            return Assignment(
                make_app, serial, listener, config, options, len(listeners), ticket_secret, Path(directory)
            )

        return Supervisor(listeners, assign, lambda: on_listening(host, port)).run()


def listen(settings: Settings) -> list[socket.socket]:
    """Bind the address in the settings, once for each worker, or raise `SettingsError` with what is in the way."""
    try:
        alone = open_listener(settings.host, settings.port)
        if settings.workers == 1:
            return [alone]
        port = alone.getsockname()[1]
        alone.close()  # it has shown that the address is free, which sockets that share it would not
        return [open_listener(settings.host, port, shared=True) for _ in range(settings.workers)]
    except OSError as failure:
        raise SettingsError(f"cannot listen on {settings.host}:{settings.port}: {failure.strerror}") from None


def open_listener(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Listen at the address; `shared` with others who share it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048, reuse_port=shared)
