"""One rule for sessions and calls behind a forward proxy, from end to end."""

import json

import pytest

from relay.app import create_app
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.upstreams.targets import check_proxies
from tests.endpoints.test_calls import call
from tests.fakes.calls_api import CallsApi, calls_api
from tests.fakes.forward_proxy import forward_proxy
from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
async def test_a_session_goes_through(monkeypatch, variable) -> None:
    """A session's upstream is reached by way of the proxy that the environment names."""
    async with scripted_upstream() as upstream, forward_proxy(upstream.port) as proxy:
        monkeypatch.setenv(variable, proxy.url)
        async with running("ws://upstream.example/v1/realtime") as relay, relay.peer() as peer:
            await peer.send("hello")
            assert await peer.recv() == "hello"
    assert proxy.asked == ["CONNECT upstream.example:80 HTTP/1.1"]


async def test_a_call_goes_through(monkeypatch) -> None:
    """A call is made by way of the same proxy, and so is its sideband."""
    async with calls_api(CallsApi()) as api, forward_proxy(int(api.url.split(":")[2].split("/")[0])) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")  # the caller and the relay are beside each other
        async with running("ws://upstream.example/v1/realtime") as relay:
            assert (await call(relay)).status_code == 201
            await api.came.wait()
    assert proxy.asked[0] == "POST http://upstream.example/v1/realtime/calls HTTP/1.1"
    assert set(proxy.asked[1:]) <= {
        "CONNECT upstream.example:80 HTTP/1.1",
        "POST http://upstream.example/v1/realtime/calls/rtc_1/hangup HTTP/1.1",
    }


async def test_a_call_that_the_proxy_does_not_let_through(monkeypatch) -> None:
    """A caller behind a dead proxy gets 502, as a session does."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with running("ws://upstream.example/v1/realtime") as relay:
        answer = await call(relay)
    assert answer.status_code == 502
    assert answer.json()["error"]["message"] == "The way to the upstream is closed. Try again later."


async def test_what_no_proxy_names_is_dialled_itself(monkeypatch) -> None:
    """An upstream in `no_proxy` is dialled without the proxy, for sessions and for calls."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    async with calls_api(CallsApi()) as api, running(api.url) as relay:
        assert (await call(relay)).status_code == 201


async def test_the_mock_needs_no_proxy(monkeypatch) -> None:
    """A relay with the mock works in a network where everything else goes through a proxy."""
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    async with running("mock") as relay, relay.peer() as peer:
        assert json.loads(await peer.recv())["type"] == "session.created"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"HTTPS_PROXY": "ftp://user:hidden@proxy"}, "https_proxy: a proxy's address begins with"),
        ({"all_proxy": "http://user:hidden@:3128"}, "all_proxy: this is no proxy's address"),
        ({"https_proxy": "https://user:hidden@proxy"}, "https_proxy: proxies that are spoken to in TLS"),
        ({"all_proxy": "socks4://user:hidden@proxy"}, "all_proxy: SOCKS is spoken in version 5 alone"),
        ({"WSS_PROXY": "http://user:hidden@proxy"}, "wss_proxy: is not read. Write https_proxy for the same."),
        ({"ws_proxy": "http://user:hidden@proxy", "https_proxy": "http://p"}, "ws_proxy: is not read. Write"),
        ({"socks_proxy": "socks5://user:hidden@proxy"}, "socks_proxy: is not read. Write all_proxy"),
    ],
)
def test_a_proxy_setting_that_is_none(environment, words) -> None:
    """A proxy that could never be used stops the start with a sentence that names it, and quotes no password."""
    with pytest.raises(SettingsError) as failure:
        check_proxies(environment, makes_calls=True)
    assert words in str(failure.value)
    assert "hidden" not in str(failure.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"wss_proxy": "http://p", "https_proxy": "http://p"},
        {"wss_proxy": "http://p", "ALL_PROXY": "http://p"},
        {"socks_proxy": "socks5://p", "all_proxy": "http://p"},
        {"wss_proxy": "", "ftp_proxy": "http://p"},
    ],
)
def test_variables_of_other_programs(environment) -> None:
    """What other programs read beside the variables of the relay does no harm."""
    check_proxies(environment, makes_calls=True)


def test_a_start_with_a_wrong_proxy(monkeypatch) -> None:
    """The environment is looked at before the relay starts."""
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    with pytest.raises(SettingsError, match="https_proxy"):
        create_app(load_settings(upstream="wss://upstream.example/v1"))


def test_socks_without_its_package() -> None:
    """A SOCKS proxy without the package for calls is a sentence that says what to install."""
    with pytest.raises(SettingsError, match=r"pip install 'realtime-relay\[socks\]'"):
        check_proxies({"all_proxy": "socks5://p"}, makes_calls=True, has_package=lambda _: False)
    check_proxies({"all_proxy": "socks5://p"}, makes_calls=False, has_package=lambda _: False)
    check_proxies({"all_proxy": "socks5://p"}, makes_calls=True, has_package=lambda _: True)
