"""The key is in no log at any level, no metric, no close reason, no error event and no page."""

import contextlib
import json
import logging
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Request, Response

from relay.admission.tickets import Ticket, TicketSigner
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.telemetry.log import configure_logging
from tests.fakes.http_client import http_client
from tests.fakes.running import end_of, running
from tests.fakes.upstream import scripted_upstream

KEY = "sk-sentinel-4f1d7c2a9b"


@pytest.fixture
def log(tmp_path):
    """A log at the lowest level of everything, as a file; the loggers are put back afterwards."""
    path = tmp_path / "log"
    names = [None, *logging.root.manager.loggerDict]
    levels = {name: logging.getLogger(name).level for name in names}
    handlers = list(logging.root.handlers)
    with path.open("w") as stream:
        configure_logging(load_settings(log_level="debug", log_format="json", OPENAI_API_KEY=KEY), stream)
        yield path
    logging.root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def echo_the_key(connection: ServerConnection) -> None:
    """A hostile or careless upstream: it repeats the credentials in whatever it can say."""
    assert connection.request is not None
    credentials = connection.request.headers["Authorization"]
    await connection.send(json.dumps({"type": "session.created", "session": {"instructions": credentials}}))
    await connection.send(json.dumps({"type": "error", "error": {"message": f"Bad key: {credentials}", "code": KEY}}))
    await connection.close(3000, f"invalid.{KEY}")


async def test_a_session_shows_no_key(log) -> None:
    """An upstream that quotes the key in events and in its close reason: the peer, the log and the metrics lack it."""
    async with (
        scripted_upstream(echo_the_key) as upstream,
        running(upstream.url, OPENAI_API_KEY=KEY) as relay,
        relay.peer() as peer,
    ):
        seen = repr(await end_of(peer))
        assert upstream.handshakes[0].headers["Authorization"] == f"Bearer {KEY}"
        await relay.sessions.empty()
        seen += await everything_readable(relay.http)
    seen += log.read_text()
    assert "session.closed" in seen
    assert KEY not in seen


async def test_a_refusal_shows_no_key(log) -> None:
    """An upstream that quotes the key in its refusal: status, header and body to the peer lack it."""

    def gate(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(HTTPStatus.UNAUTHORIZED, f"bad key {KEY}")
        response.headers["X-Key"] = KEY
        return response

    async with scripted_upstream(gate=gate) as upstream, running(upstream.url, OPENAI_API_KEY=KEY) as relay:
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
        seen = repr(refusal.value.response) + await everything_readable(relay.http)
        async with relay.peer(additional_headers={"origin": relay.http}) as peer:
            seen += repr(await end_of(peer))
    seen += log.read_text()
    assert "session.refused" in seen
    assert KEY not in seen


async def test_a_peers_credential_is_shown_nowhere(log) -> None:
    """A peer's token, JWT or ticket, right or wrong, is in no log, metric, error event or refusal."""
    secret = "the secret of the tickets, long enough"
    ticket = TicketSigner(secret.encode()).write(Ticket(2**40, "default", "anna", None, {}, {}))
    presented = ["rt_annas-token-0123456789", "rt_nobodys-token-01234567", ticket, ticket[:-1], "a.b.c"]
    seen = ""
    async with scripted_upstream() as upstream, running(
        upstream.url, tokens=presented[0], ticket_secret=secret, OPENAI_API_KEY=KEY
    ) as relay:  # fmt: skip
        for credential in presented:
            for query in ("", f"?token={credential}"):
                offered = ["realtime", f"openai-insecure-api-key.{credential}"]
                async with relay.peer(query, subprotocols=offered, origin=relay.http) as peer:
                    with contextlib.suppress(ConnectionClosed):
                        await peer.send("hello")
                    seen += repr(await peer.recv())
        await relay.sessions.empty()
        seen += await everything_readable(relay.http)
        seen += "".join(f"{request.path}{request.headers}" for request in upstream.handshakes)
    seen += log.read_text()
    assert seen.count("session.opened") == 4
    assert seen.count("session.refused") == 6
    for shown in (*presented[:4], secret):
        assert shown not in seen


async def everything_readable(url: str) -> str:
    """All that a stranger can fetch over HTTP."""
    async with http_client(base_url=url, timeout=None) as http:
        paths = ("/", "/metrics", "/livez", "/readyz", "/v1/realtime", "/nothing")
        answers = [await http.get(path) for path in paths]
    return "".join(f"{answer.headers}{answer.text}" for answer in answers)


def test_the_log_takes_the_key_out_of_anything(log) -> None:
    """Whatever a library logs, the key in it is replaced, in messages, arguments and traces."""
    try:
        raise ValueError(f"failed with {KEY}")
    except ValueError:
        logging.getLogger("some.library").exception("connecting with %s", {"authorization": f"Bearer {KEY}"})
    written = log.read_text()
    assert "[redacted]" in written
    assert "Traceback" in written
    assert KEY not in written


def test_settings_do_not_show_the_key() -> None:
    """Printing the settings, or getting one of them wrong, does not show the key, nor what a profile's tools have."""
    assert KEY not in repr(load_settings(OPENAI_API_KEY=KEY))
    shop = {"type": "mcp", "server_label": "shop", "server_url": "https://shop.example", "authorization": KEY}
    given = load_settings(upstream="mock", profiles={"default": {"tools": [shop]}})
    assert KEY not in repr(given)
    assert KEY not in given.secrets.redact(f"what a log line or a close reason quotes: {KEY}")
    with pytest.raises(SettingsError) as failure:
        load_settings(upstream="mock", profiles={"default": {"tools": [{**shop, "require_approval": KEY}]}})
    assert KEY not in str(failure.value)
