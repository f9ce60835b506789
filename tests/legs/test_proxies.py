"""Forward proxies: which is used for an address, and how it is gone through, on both carriers."""

from urllib.parse import urlsplit

import pytest

from relay.core.dial_failure import DialFailed, Phase, Reason
from relay.legs import picows_upstream, websocket
from relay.legs.proxies import proxies_in, proxy_for, read_proxy
from relay.legs.target import DialOptions, Target
from tests.fakes.forward_proxy import forward_proxy
from tests.fakes.raw_upstream import black_hole, raw_upstream, saying
from tests.fakes.upstream import scripted_upstream

PATIENCE_S = 60.0
P = "http://p:1"


@pytest.fixture(params=[picows_upstream.dial, websocket.dial], ids=["picows", "websockets"])
def dial(request):
    """Each way to dial."""
    return request.param


@pytest.mark.parametrize(
    ("url", "environment", "named"),
    [
        ("wss://a.example/", {"https_proxy": P}, True),
        ("https://a.example/", {"HTTPS_PROXY": P}, True),
        ("wss://a.example/", {"ALL_PROXY": P}, True),
        ("ws://a.example/", {"http_proxy": P}, True),
        ("http://a.example/", {"all_proxy": P}, True),
        ("wss://a.example/", {"http_proxy": P}, False),
        ("ws://a.example/", {"https_proxy": P}, False),
        ("wss://a.example/", {"https_proxy": "", "HTTPS_PROXY": P}, False),
        ("wss://a.example/", {}, False),
    ],
)
def test_which_variable_counts(url, environment, named) -> None:
    """The scheme's own variable goes before `all_proxy`, lower case before upper; WebSockets are as their HTTP."""
    assert (proxy_for(url, environment) is not None) == named


@pytest.mark.parametrize(
    ("host", "no_proxy", "excepted"),
    [
        ("a.example", "a.example", True),
        ("A.Example", "a.EXAMPLE", True),
        ("b.a.example", "a.example", True),
        ("b.a.example", ".a.example", True),
        ("b.a.example", "*.a.example", True),
        ("a.example", "*", True),
        ("a.example", "x.example, a.example", True),
        ("a.example", "x.example a.example", True),
        ("a.example", "a.example:443", True),
        ("a.example", "a.example:8443", False),
        ("ba.example", "a.example", False),
        ("a.example", "", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("10.1.2.3", "10.1.2.3", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("110.1.2.3", "10.1.2.3", False),
        ("[::1]", "::1", True),
        ("[::1]", "[::1]:443", True),
        ("[fd00::7]", "fd00::/8", True),
        ("127.0.0.1", "localhost,127.0.0.1", True),
    ],
)
def test_what_no_proxy_names(host, no_proxy, excepted) -> None:
    """`no_proxy` names hosts, the domains above them, networks, ports, or everything."""
    assert (proxy_for(f"wss://{host}/", {"https_proxy": P, "no_proxy": no_proxy}) is None) == excepted


@pytest.mark.parametrize(
    ("value", "scheme", "host", "port"),
    [
        ("http://proxy.example:3128", "http", "proxy.example", 3128),
        ("http://proxy.example/", "http", "proxy.example", 80),
        ("proxy.example:3128", "http", "proxy.example", 3128),
        ("SOCKS5H://proxy.example", "socks5h", "proxy.example", 1080),
        ("http://[fd00::7]:8080", "http", "fd00::7", 8080),
    ],
)
def test_an_address_of_a_proxy(value, scheme, host, port) -> None:
    """A proxy is written as an address; without a scheme it is an HTTP proxy."""
    proxy = read_proxy(value)
    assert (proxy.scheme, proxy.host, proxy.port) == (scheme, host, port)


@pytest.mark.parametrize(
    "value", ["ftp://p:1", "http://", "http://p:x", "http://p:99999", "http://p/a", "a b:1", "socks4://p"]
)
def test_an_address_that_is_none(value) -> None:
    """What is no proxy's address is told with the variable's name, and not quoted: it may hold a password."""
    with pytest.raises(ValueError, match=r"^https_proxy: ") as failure:
        list(proxies_in({"HTTPS_PROXY": value.replace("//", "//user:hidden@")}))
    assert "hidden" not in str(failure.value)


def test_a_password_is_not_shown() -> None:
    """A proxy's user and password are in no log."""
    proxy = read_proxy("http://user:p%40ss@proxy.example:3128")
    assert (proxy.username, proxy.password) == ("user", "p@ss")
    assert "p@ss" not in repr(proxy)
    assert "p%40ss" not in repr(proxy)


def through(url: str, limit_s: float = PATIENCE_S) -> DialOptions:
    return DialOptions(1024, limit_s, proxy_for=lambda _: read_proxy(url))


async def test_a_tunnel(dial) -> None:
    """An HTTP proxy is asked to connect to the upstream's name, which it alone looks up, with its own credentials."""
    async with scripted_upstream() as upstream, forward_proxy(upstream.port) as proxy:
        options = through(proxy.url.replace("//", "//user:pass@"))
        leg = await dial(Target("ws://upstream.example:8080/v1"), options, lambda _: None, str)
        leg.abort()
    assert proxy.asked == ["CONNECT upstream.example:8080 HTTP/1.1"]
    assert proxy.credentials == ["Basic dXNlcjpwYXNz"]
    assert "Proxy-Authorization" not in upstream.handshakes[0].headers


async def test_a_socks_proxy(dial) -> None:
    """A SOCKS proxy is asked for the upstream's name."""
    async with scripted_upstream() as upstream, forward_proxy(upstream.port) as proxy:
        leg = await dial(Target("ws://upstream.example/v1"), through(proxy.socks_url), lambda _: None, str)
        leg.abort()
    assert (proxy.asked, len(upstream.handshakes)) == (["SOCKS5 upstream.example:80"], 1)


async def test_no_proxy_leads_to_this_process(dial) -> None:
    """A stand-in in the relay's own process is dialled without a proxy."""
    async with scripted_upstream() as upstream:
        leg = await dial(Target(upstream.url, is_local=True), through("http://127.0.0.1:1"), lambda _: None, str)
        leg.abort()
    assert len(upstream.handshakes) == 1


async def failure_through(dial, url: str, limit_s: float = PATIENCE_S):
    with pytest.raises(DialFailed) as refusal:
        await dial(Target("ws://upstream.example/v1"), through(url, limit_s), lambda _: None, str)
    return refusal.value.failure


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "407"),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "403"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "did not answer as"),
        (b"", "did not answer as"),
    ],
)
async def test_a_proxy_that_does_not_let_through(dial, answer, detail) -> None:
    """What a proxy refuses is told as its doing, with its status."""
    async with forward_proxy(1, answer) as proxy:
        failure = await failure_through(dial, proxy.url)
    assert (failure.phase, failure.reason) == (Phase.PROXY, Reason.PROXY_REFUSED)
    assert failure.address == urlsplit(proxy.url).netloc
    assert detail in failure.detail


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_is_not_there(dial, scheme) -> None:
    """A proxy where nothing listens is not taken for the upstream."""
    failure = await failure_through(dial, f"{scheme}://127.0.0.1:1")
    assert (failure.phase, failure.reason) == (Phase.PROXY, Reason.PROXY_UNREACHABLE)
    assert failure.address == "127.0.0.1:1"


async def test_a_proxy_that_is_silent(dial) -> None:
    """A proxy that swallows packets is a time-out of the way, not of the upstream."""
    with black_hole() as port:
        failure = await failure_through(dial, f"http://127.0.0.1:{port}", 0.3)
    assert (failure.phase, failure.reason) == (Phase.PROXY, Reason.SILENT_PROXY)


async def test_an_upstream_that_refuses_behind_a_proxy(dial) -> None:
    """Behind a proxy the upstream's own refusal is told as the upstream's."""
    async with raw_upstream(saying("503 Busy")) as port, forward_proxy(port) as proxy:
        failure = await failure_through(dial, proxy.url)
    assert (failure.phase, failure.reason, failure.address) == (
        Phase.UPGRADE,
        Reason.OVERLOADED,
        "upstream.example:80",
    )
