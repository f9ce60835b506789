"""`relay serve`: the relay itself."""

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import structlog

from relay.admission.startup_checks import refuse_open_relay
from relay.app import create_app
from relay.config.errors import SettingsError
from relay.config.loading import load_settings, meant_variable, unknown_variables
from relay.config.settings import Settings
from relay.config.webrtc_options import WebRtcOptions
from relay.legs.lanes import WHY_NOT
from relay.legs.webrtc.reachability import advice, offered, own_addresses
from relay.serving.descriptors import raise_limit, room_for
from relay.serving.process_manager import READY, tell_manager
from relay.serving.start import serve_until_signal
from relay.serving.tls import Certificate
from relay.telemetry.log import configure_logging, is_for_people, tell_failed_start
from relay.version import __version__


@click.command()
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file with settings and profiles.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@click.option("--workers", type=int, help="Processes that share the address.  [default: 1]")
@click.option(
    "--upstream", help="openai, azure, xai, cascade, mock, replay:PATH, or a ws:// or wss:// URL.  [default: openai]"
)
@click.option(
    "--record", "record_dir", type=click.Path(path_type=Path), help="Record all sessions into this directory."
)
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Speak TLS with this certificate chain (PEM).")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its private key (PEM).")
@click.option(
    "--tls-self-signed", is_flag=True, default=None, help="Speak TLS with a certificate made for development."
)
@click.option("--allow-open", is_flag=True, default=None, help="Listen beyond this machine without authentication.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--log-format", type=click.Choice(["auto", "console", "json"]))
def serve(config: Path | None, **options: Any) -> None:
    """Run the relay."""
    options["record_all"] = options["record_dir"] is not None or None
    log_format = options["log_format"] or os.environ.get("RELAY_LOG_FORMAT", "auto")
    try:
        settings = load_settings(config, **options)
        log_format = settings.log_format
        configure_logging(settings)
        refuse_open_relay(settings)
        for name in unknown_variables(os.environ):
            meant = meant_variable(name)
            hint = {} if meant is None else {"did_you_mean": meant}
            structlog.stdlib.get_logger("relay").warning("settings.variable_unknown", name=name, **hint)
        if settings.carrier == "fast" and WHY_NOT:
            structlog.stdlib.get_logger("relay").warning("lane.missing", why=WHY_NOT, advice=LANE_ADVICE)
        if (fewer := sessions_allowed(settings, raise_limit())) is not None:
            settings = load_settings(config, **options | {"max_sessions": fewer})
            options["max_sessions"] = fewer
        sys.exit(serve_until_signal(create_app, settings, config, options, partial(announce, settings)))
    except SettingsError as failure:
        tell_failed_start(failure, log_format)
        sys.exit(2)


def announce(settings: Settings, host: str, port: int, certificate: Certificate | None) -> None:
    """Say that the relay listens: in the log, and to a person who has started it in a terminal."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    secure = "" if certificate is None else "s"
    trust = None if certificate is None else certificate.authority
    structlog.stdlib.get_logger("relay").info(
        "relay.started",
        version=__version__,
        address=f"http{secure}://{place}",
        upstream=without_secrets(settings.upstream),
        workers=settings.workers,
        admits=settings.admits,
        **({} if trust is None else {"tls_authority": str(trust)}),
    )
    tell_manager(READY)
    if settings.webrtc_engine is not None:
        tell_how_calls_come(settings.webrtc_of("default"))
    if sys.stderr.isatty() and is_for_people(settings.log_format, sys.stderr):
        show_welcome(settings.upstream, place, secure, trust)


def tell_how_calls_come(options: WebRtcOptions) -> None:
    """Say which addresses the answers to calls will give, and warn where they help nobody outside."""
    addresses = offered(options.advertise, own_addresses())
    ports = "any" if options.ports is None else "{}-{}".format(*options.ports)
    log = structlog.stdlib.get_logger("relay")
    log.info("webrtc.reachable", addresses=addresses, udp_ports=ports, engine=options.engine)
    if (told := advice(addresses)) is not None:
        log.warning("webrtc.private", addresses=addresses, advice=told)


def sessions_allowed(settings: Settings, descriptors: int | None) -> int | None:
    """How many sessions there can be where too few open sockets are allowed for `max_sessions`; None if enough."""
    room = room_for(descriptors)
    if room is None or room * settings.workers >= settings.max_sessions:
        return None
    sessions = max(1, room) * settings.workers
    structlog.stdlib.get_logger("relay").warning(
        "descriptors.few", open_files=descriptors, max_sessions=sessions, advice=DESCRIPTORS_ADVICE
    )
    return sessions


def without_secrets(upstream: str) -> str:
    """The upstream without what could be a secret in its address."""
    parts = urlsplit(upstream)
    return upstream if not parts.netloc else f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def show_welcome(upstream: str, place: str, secure: str, trust: Path | None) -> None:
    """Tell a person who has just started the relay what they want to know."""
    goes_to = "the built-in mock: no key, no cost" if upstream == "mock" else upstream
    click.echo(
        f"\n  Realtime Relay {__version__}\n\n"
        f"  Page       http{secure}://{place}\n"
        f"  WebSocket  ws{secure}://{place}/v1/realtime\n"
        f"  Upstream   {goes_to}\n\n"
        + ("" if trust is None else _TRUST.format(path=trust))
        + "  Open the page, press Start and speak. An app that uses the Realtime API connects to the\n"
        "  WebSocket address instead of the API's. Ctrl+C stops.\n",
        err=True,
    )


DESCRIPTORS_ADVICE = (
    "Raise the hard limit of open files (ulimit -Hn, LimitNOFILE, --ulimit nofile), or lower max_sessions."
)
LANE_ADVICE = "Messages go through Python, slower. Install a wheel for this Python, or with a C compiler at hand."

_TRUST = """\
  The certificate is of the relay's own making, new at each start, and nobody trusts it yet:
    Browser    open the page and accept the warning, once after each start
    Node       NODE_EXTRA_CA_CERTS={path}
    Python     SSL_CERT_FILE={path}
    curl       --cacert {path}
  For more than development use --tls-cert and --tls-key.

"""
