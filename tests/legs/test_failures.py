"""Why an upstream could not be had, brought about over real sockets, on both carriers."""

import asyncio
import datetime
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from relay.core.causes import Cause
from relay.core.dial_failure import REASONS, DialFailed, DialFailure, Phase, Reason
from relay.core.redaction import Secrets
from relay.legs import picows_upstream, websocket
from relay.legs.failures import Attempt, explain
from relay.legs.target import DialOptions, Target
from relay.legs.upgrade import BODY_LIMIT_BYTES
from tests.fakes.raw_upstream import black_hole, raw_upstream, saying

KEY = "sk-the-relays-own-key"
PATIENCE_S = 60.0


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


async def failure_of(dial, url: str, limit_s: float = PATIENCE_S, **options) -> DialFailure:
    """Why a dial fails."""
    target = Target(url, {"Authorization": f"Bearer {KEY}"})
    with pytest.raises(DialFailed) as refusal:
        await dial(target, DialOptions(1024, limit_s, **options), lambda _: None, Secrets([KEY]).redact)
    failure: DialFailure = refusal.value.failure
    return failure


# The name.


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (socket.EAI_NONAME, Reason.NAME_UNKNOWN),
        (socket.EAI_NODATA, Reason.NAME_UNKNOWN),
        (socket.EAI_AGAIN, Reason.NAME_UNANSWERED),
        (socket.EAI_FAIL, Reason.NAME_UNANSWERED),
    ],
)
async def test_a_name_that_dns_does_not_know(dial, code, reason) -> None:
    """A name that is unknown is told apart from a name server that does not answer."""

    async def resolve(host: str, port: int, family: socket.AddressFamily):
        raise socket.gaierror(code, "as the resolver says")

    failure = await failure_of(dial, "wss://upstream.example/v1", resolve=resolve)
    assert (failure.phase, failure.reason, failure.address) == (Phase.NAME, reason, "upstream.example:443")
    assert "as the resolver says" in failure.detail


async def test_a_name_of_the_systems_resolver(dial) -> None:
    """The system's own resolver is asked, which knows no name below `.invalid` (RFC 6761)."""
    failure = await failure_of(dial, "ws://nobody.invalid/")
    assert failure.phase is Phase.NAME


async def test_a_name_server_that_is_silent(dial) -> None:
    """A look-up that lasts longer than a dial may is a time-out of the name, not of the service."""

    async def resolve(host: str, port: int, family: socket.AddressFamily):
        await asyncio.Event().wait()

    failure = await failure_of(dial, "ws://upstream.example/", 0.01, resolve=resolve)
    assert (failure.phase, failure.reason) == (Phase.NAME, Reason.NAME_UNANSWERED)


async def test_a_name_that_is_none(dial) -> None:
    """A host with an empty or overlong label is a wrong name, not a fault of the relay."""
    failure = await failure_of(dial, f"ws://{'a' * 64}.example/")
    assert failure.phase is Phase.NAME


# The connection.


async def test_nothing_listens(dial) -> None:
    """A refused connection is told with its address."""
    failure = await failure_of(dial, "ws://127.0.0.1:1/")
    assert (failure.phase, failure.reason, failure.address) == (
        Phase.CONNECT,
        Reason.CONNECTION_REFUSED,
        "127.0.0.1:1",
    )


async def test_no_network(dial) -> None:
    """An address that this machine has no way to is told apart from one where nothing listens."""

    async def resolve(host: str, port: int, family: socket.AddressFamily):
        if family is socket.AF_INET6:
            return []
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("255.255.255.255", port))]

    failure = await failure_of(dial, "ws://upstream.example/", resolve=resolve)
    assert (failure.phase, failure.reason) == (Phase.CONNECT, Reason.NO_ROUTE)


async def test_packets_get_no_answer(dial) -> None:
    """An address that swallows packets is a time-out of the connection."""
    with black_hole() as port:
        failure = await failure_of(dial, f"ws://127.0.0.1:{port}/", 0.3)
    assert (failure.phase, failure.reason) == (Phase.CONNECT, Reason.SILENT_ADDRESS)
    assert failure.ended.cause is Cause.UPSTREAM_TIMEOUT


# TLS.

AUTHORITY = trustme.CA()


def certificate(*names: str, authority: trustme.CA = AUTHORITY, ended: bool = False) -> ssl.SSLContext:
    """A server's side of TLS, for these names."""
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(*names, not_after=yesterday if ended else None).configure_cert(context)
    return context


def trusting(authority: trustme.CA = AUTHORITY) -> ssl.SSLContext:
    """A client's side that trusts one authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


PLAIN = b"HTTP/1.1 400 Bad Request\r\n\r\n"
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
"""A TLS record that says handshake_failure: no version, cipher or certificate that both take (RFC 8446, 6.2)."""


@pytest.mark.parametrize(
    ("served", "said", "reason", "detail"),
    [
        (lambda: certificate("127.0.0.1", ended=True), b"", Reason.CERTIFICATE_EXPIRED, "expired"),
        (lambda: certificate("elsewhere.example"), b"", Reason.CERTIFICATE_NAME, "127.0.0.1"),
        (lambda: certificate("127.0.0.1", authority=trustme.CA()), b"", Reason.CERTIFICATE_AUTHORITY, "issuer"),
        (lambda: None, PLAIN, Reason.NO_TLS, ""),
        (lambda: None, ALERT, Reason.TLS_FAILED, "HANDSHAKE_FAILURE"),
    ],
    ids=["expired", "another name", "unknown authority", "plain HTTP", "nothing in common"],
)
async def test_tls_that_fails(dial, served, said, reason, detail) -> None:
    """A certificate that is over, for another name, or of nobody that is known, and no TLS at all, are told apart."""
    async with raw_upstream(lambda _: said, served(), reads_first=False) as port:
        failure = await failure_of(dial, f"wss://127.0.0.1:{port}/", tls=trusting())
    assert (failure.phase, failure.reason, failure.address) == (Phase.TLS, reason, f"127.0.0.1:{port}")
    assert detail in failure.detail


async def test_tls_gets_no_answer(dial) -> None:
    """A port that takes the connection and says nothing is a time-out of TLS."""
    async with silent() as port:
        failure = await failure_of(dial, f"wss://127.0.0.1:{port}/", 0.3)
    assert (failure.phase, failure.reason) == (Phase.TLS, Reason.SILENT_TLS)


async def test_tls_is_hung_up_on(dial) -> None:
    """A port that ends the connection in the middle of TLS is told as that."""
    async with raw_upstream(lambda _: b"", reads_first=False) as port:
        failure = await failure_of(dial, f"wss://127.0.0.1:{port}/")
    assert (failure.phase, failure.reason) == (Phase.TLS, Reason.CONNECTION_LOST)


# The upgrade.


async def test_the_service_is_silent(dial) -> None:
    """A service that takes the request and says nothing is a time-out of the upgrade."""
    async with silent() as port:
        failure = await failure_of(dial, f"ws://127.0.0.1:{port}/", 0.3)
    assert (failure.phase, failure.reason) == (Phase.UPGRADE, Reason.SILENT_SERVICE)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (b"", Reason.CONNECTION_LOST),
        (b"HTTP/1.1 101 Switching", Reason.CONNECTION_LOST),
        (b"\x15\x03\x01\x00\x02\x02\x16", Reason.NO_HTTP),
        (b"SSH-2.0-OpenSSH_9.6\r\n", Reason.NO_HTTP),
        (b"HTTP/1.1 999 Request denied\r\nContent-Length: 0\r\n\r\n", Reason.NO_HTTP),
        (b"HTTP/1.1 101 Switching Protocols\r\n" + b"X-Long: " + b"x" * 20_000, Reason.NO_HTTP),
    ],
    ids=["nothing", "half a line", "a TLS alert", "SSH", "no status", "endless headers"],
)
async def test_an_answer_that_is_none(dial, said, reason) -> None:
    """A service that hangs up is told apart from one that speaks something else, TLS for instance."""
    async with raw_upstream(lambda _: said, hangs_up=reason is Reason.CONNECTION_LOST) as port:
        failure = await failure_of(dial, f"ws://127.0.0.1:{port}/")
    assert (failure.phase, failure.reason) == (Phase.UPGRADE, reason)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("200 OK", Reason.NOT_UPGRADED),
        ("301 Moved Permanently", Reason.REDIRECTED),
        ("307 Temporary Redirect", Reason.REDIRECTED),
        ("400 Bad Request", Reason.REQUEST_REFUSED),
        ("401 Unauthorized", Reason.KEY_REFUSED),
        ("402 Payment Required", Reason.QUOTA_SPENT),
        ("403 Forbidden", Reason.NOT_ALLOWED),
        ("404 Not Found", Reason.NOT_FOUND),
        ("426 Upgrade Required", Reason.REQUEST_REFUSED),
        ("429 Too Many Requests", Reason.RATE_LIMITED),
        ("500 Internal Server Error", Reason.SERVICE_FAILED),
        ("502 Bad Gateway", Reason.GATEWAY_FAILED),
        ("503 Service Unavailable", Reason.OVERLOADED),
        ("504 Gateway Timeout", Reason.GATEWAY_FAILED),
        ("522 ", Reason.SERVICE_FAILED),
    ],
)
async def test_a_status(dial, status, reason) -> None:
    """Each status is told with its own reason, the service's words and its request id."""
    body = b'{"error":{"message":"No, not with %b.","code":"some_code"}}' % KEY.encode()
    answer = saying(status, "x-request-id: req_1", "Location: https://elsewhere.example/v1?key=x", body=body)
    async with raw_upstream(answer, hangs_up=False) as port:
        failure = await failure_of(dial, f"ws://127.0.0.1:{port}/")
    assert (failure.phase, failure.reason, failure.status) == (Phase.UPGRADE, reason, int(status[:3]))
    assert (failure.said, failure.request_id) == ("No, not with [redacted].", "req_1")
    assert failure.detail == ("https://elsewhere.example/v1" if reason is Reason.REDIRECTED else "")
    assert failure.address == f"127.0.0.1:{port}"


CHUNKED = b'HTTP/1.1 429 \r\nTransfer-Encoding: chunked\r\n\r\n1c\r\n{"error":{"message":"slow"}}\r\n0\r\n\r\n'


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b'HTTP/1.1 429 Slow\r\nContent-Length: 28\r\n\r\n{"error":{"message":"slow"}}', "slow"),
        (b'HTTP/1.0 429 Slow\r\n\r\n{"error":{"message":"slow"}}', "slow"),
        (CHUNKED, "slow"),
        (b"HTTP/1.1 429 Slow\r\nContent-Length: 500\r\n\r\nhalf of it", "half of it"),
        (b"HTTP/1.1 429 Slow\r\n\r\n" + b"x" * (2 * BODY_LIMIT_BYTES), "x" * 300),
    ],
    ids=["counted", "until the end", "chunked", "cut off", "endless"],
)
@pytest.mark.parametrize("hangs_up", [True, False])
async def test_words_that_come_in_any_form(dial, said, words, hangs_up) -> None:
    """A refusal's words are read however they come, and not waited for when the status is known."""
    async with raw_upstream(lambda _: said, piece_bytes=7 if len(said) < 1000 else None, hangs_up=hangs_up) as port:
        failure = await failure_of(dial, f"ws://127.0.0.1:{port}/")
    assert (failure.status, failure.said) == (429, words)


async def test_a_failure_of_no_known_kind() -> None:
    """What nobody has foreseen is told by the phase that it came in."""
    for phase in (Phase.NAME, Phase.CONNECT, Phase.TLS, Phase.UPGRADE, Phase.REQUEST):
        failure = explain(OSError("odd"), Attempt(phase), str)
        assert (failure.phase, failure.detail) == (phase, "odd")
        assert REASONS[failure.reason].cause is Cause.UPSTREAM_UNREACHABLE


@pytest.mark.parametrize(
    ("code", "reason", "cause"),
    [
        (errno.EMFILE, Reason.NO_DESCRIPTOR, Cause.FULL),
        (errno.ENFILE, Reason.NO_DESCRIPTOR, Cause.FULL),
        (errno.EADDRNOTAVAIL, Reason.NO_PORT, Cause.UPSTREAM_UNREACHABLE),
    ],
)
async def test_what_the_machine_lacks(code, reason, cause) -> None:
    """Sockets and source ports that are all taken are no fault of the upstream's, and the advice says what to raise."""
    failure = explain(OSError(code, "as the system says"), Attempt(Phase.CONNECT), str)
    assert (failure.reason, REASONS[failure.reason].cause) == (reason, cause)
    assert "raise" in REASONS[reason].advice or "widen" in REASONS[reason].advice


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""
    async with raw_upstream(lambda _: b"", hangs_up=False, reads_first=False) as port:
        yield port
