"""`relay check`: the checks from the command line."""

import asyncio
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import click

from relay.checking.check import Verdict
from relay.checking.echoes import echo
from relay.checking.endpoint import Endpoint, address
from relay.checking.run import CHECKS, Unreachable, run_checks
from relay.checking.stages import DEFAULT_VOICE, check_stages
from relay.config.cascade import Cascade
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.profiles import DEFAULT_NAME
from relay.legs.webrtc.engines import WRTC, missing_engine

API_HOST = "api.openai.com"


@click.command()
@click.argument("url", required=False)
@click.option("--model", help="Adds ?model=… to the address.")
@click.option("--header", "headers", multiple=True, metavar="NAME:VALUE", help="Sent with each handshake; repeatable.")
@click.option("--subprotocol", "subprotocols", multiple=True, help="Offered with each handshake; repeatable.")
@click.option("--echo", "echoes", is_flag=True, help="What stands behind the endpoint says everything back.")
@click.option("--echo-at", metavar="HOST:PORT", help="Be that echo, at this address, for the endpoint to dial.")
@click.option("--costly", is_flag=True, help="Ask for one short answer, too.")
@click.option("--ca", type=click.Path(path_type=Path, exists=True), help="Trust this authority's certificate (PEM).")
@click.option("--insecure", is_flag=True, help="Trust any certificate.")
@click.option("--only", multiple=True, metavar="NAME", help="Run this check; repeatable.")
@click.option("--timeout", "timeout_s", default=20.0, show_default=True, help="Seconds that one check may take.")
@click.option(
    "--stages", is_flag=True, help="Instead, have each service of a cascade do what it is for; it costs a sentence."
)
@click.option("--webrtc", is_flag=True, help="Instead, make a call that the relay answers, and say where it fails.")
@click.option("--config", type=click.Path(path_type=Path, exists=True), help="With --stages: the settings (TOML).")
@click.option("--profile", default=DEFAULT_NAME, help="With --stages: whose cascade.")
@click.option("--json", "as_json", is_flag=True, help="A JSON object for each check instead of a line.")
def check(
    url: str | None,
    only: tuple[str, ...],
    timeout_s: float,
    as_json: bool,
    echoes: bool,
    echo_at: str | None,
    stages: bool,
    webrtc: bool,
    config: Path | None,
    profile: str,
    **options: Any,
) -> None:
    """Check whether a relay or Realtime endpoint at URL does what clients rely on.

    The credential comes from RELAY_CHECK_TOKEN, or for the API itself from OPENAI_API_KEY. No check asks for an answer
    without --costly, so they cost next to nothing. Exits with 0 when nothing failed, 1 when something did, 2 when the
    endpoint cannot be reached.
    """
    if stages:
        sys.exit(1 if asyncio.run(_show(check_stages(*_cascade(config, profile)), as_json)) else 0)
    if url is None:
        _give_up("name the endpoint, such as ws://127.0.0.1:8000/v1/realtime, or say --stages.")
    unknown = sorted(set(only) - {check.name for check in CHECKS})
    if unknown:
        _give_up(f"there is no check {unknown[0]}; there are {', '.join(check.name for check in CHECKS)}.")
    chosen = [check for check in CHECKS if not only or check.name in only]
    endpoint = _endpoint(url, echoes=echoes or echo_at is not None, **options)
    call = _call(endpoint, timeout_s) if webrtc else None
    try:
        failures = asyncio.run(
            _run(endpoint, chosen, timeout_s, as_json, echo_at) if call is None else _show(call, as_json, width=14)
        )
    except Unreachable as why:
        _give_up(f"{url}: {why}")
    sys.exit(1 if failures else 0)


def _endpoint(
    url: str,
    model: str | None,
    headers: Sequence[str],
    subprotocols: tuple[str, ...],
    echoes: bool,
    costly: bool,
    ca: Path | None,
    insecure: bool,
) -> Any:
    there = _address(url, model)
    pairs = [header.partition(":") for header in headers]
    if any(not (name and colon) for name, colon, _ in pairs):
        _give_up("a header is NAME:VALUE.")
    token = os.environ.get("RELAY_CHECK_TOKEN")
    if token is None and urlsplit(there).hostname == API_HOST:
        token = os.environ.get("OPENAI_API_KEY")
    tls = None
    if there.startswith("wss:"):
        tls = ssl.create_default_context(cafile=ca)
        if insecure:
            tls.check_hostname = False
            tls.verify_mode = ssl.CERT_NONE
    return Endpoint(
        there,
        token=token,
        headers={name.strip(): value.strip() for name, _, value in pairs},
        subprotocols=subprotocols,
        tls=tls,
        echoes=echoes,
        costly=costly,
    )


def _address(url: str, model: str | None) -> str:
    """The WebSocket's address, or an end with a sentence where there can be none."""
    try:
        there = address(url.strip(), model)
        parts = urlsplit(there)
        is_one = parts.scheme in {"ws", "wss"} and parts.hostname and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        _give_up(f"{url!r} is no address; give one such as wss://relay.example.org/v1/realtime.")
    return there


async def _run(endpoint: Any, checks: Sequence[Any], timeout_s: float, as_json: bool, echo_at: str | None) -> int:
    """Run the checks, as the echo behind the endpoint if need be; returns how many failed."""
    width = max(len(check.name) for check in checks)
    if echo_at is None:
        return await _show(run_checks(endpoint, checks, timeout_s), as_json, width)
    host, _, port = echo_at.rpartition(":")
    if not host or not port.isdecimal():
        _give_up("--echo-at takes HOST:PORT.")
    try:
        async with echo(host, int(port)):
            return await _show(run_checks(endpoint, checks, timeout_s), as_json, width)
    except OSError as failure:
        _give_up(f"--echo-at {echo_at}: {failure.strerror}.")


def _call(endpoint: Endpoint, timeout_s: float) -> AsyncIterator[Verdict]:
    """The steps of a call, or an end with a sentence where the library for it is missing."""
    if (missing := missing_engine(WRTC)) is not None:
        _give_up(missing)
    from relay.checking.calls import check_call  # noqa: PLC0415 - 24 MB, for who checks calls

    return check_call(endpoint, timeout_s)


def _cascade(config: Path | None, profile: str) -> tuple[Cascade, str]:
    """The cascade of a profile, and its voice; or an end with a sentence where there is none."""
    try:
        settings = load_settings(config, upstream="cascade")
    except SettingsError as failure:
        _give_up(str(failure))
    cascade, found = settings.cascade_of(profile), settings.profile(profile)
    if cascade is None or found is None:
        _give_up(f"there is no profile {profile!r}.")
    voice = found.session.get("audio", {}).get("output", {}).get("voice")
    return cascade, voice if isinstance(voice, str) else DEFAULT_VOICE


async def _show(verdicts: AsyncIterator[Verdict], as_json: bool, width: int = 40) -> int:
    """Tell each verdict as it comes, with names of this width; returns how many failed."""
    counts = {"pass": 0, "fail": 0, "n/a": 0}
    async for verdict in verdicts:
        counts[verdict.found] += 1
        if as_json:
            click.echo(json.dumps({"check": verdict.name, "found": verdict.found, "reason": verdict.reason}))
        else:
            found = click.style(f"{verdict.found:<4}", fg=_COLOURS[verdict.found])
            click.echo(f"{found}  {verdict.name:<{width}}  {verdict.reason}")
    if not as_json:
        click.echo(f"\n{counts['pass']} passed, {counts['fail']} failed, {counts['n/a']} not applicable")
    return counts["fail"]


_COLOURS = {"pass": "green", "fail": "red", "n/a": "yellow"}


def _give_up(why: str) -> NoReturn:
    click.echo(f"relay: {why}", err=True)
    sys.exit(2)
