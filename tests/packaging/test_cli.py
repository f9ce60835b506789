"""The command line as a person meets it, in processes of its own."""

import signal
import socket

import httpx2 as httpx
import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect

from relay.cli import main
from tests.fakes.process import relay_process
from tests.fakes.running import TURN_ENDS, begin_turn, end_of
from tests.fakes.upstream import echo, scripted_upstream


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["no API key", "OPENAI_API_KEY", "--upstream mock"]),
        (["--host", "0.0.0.0", "--upstream", "mock"], ["0.0.0.0", "--allow-open"]),
        (["--upstream", "somewhere"], ["upstream:", "somewhere"]),
        (["--config", "nowhere.toml"], ["nowhere.toml", "no such file"]),
    ],
)
def test_a_start_that_cannot_be_says_what_to_do(arguments, words) -> None:
    """What keeps the relay from starting is told in words with the way out, and the exit code is 2."""
    result = CliRunner().invoke(main, ["serve", *arguments])
    assert result.exit_code == 2
    for word in words:
        assert word in result.output


def test_a_port_that_is_taken() -> None:
    """A port that somebody else listens on is told as such, and the exit code is 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(main, ["serve", "--upstream", "mock", "--port", port])
    assert result.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in result.output


async def test_the_relay_says_where_it_is() -> None:
    """A started relay prints its page's address, which answers, and the WebSocket's."""
    async with (
        relay_process("--upstream", "ws://127.0.0.1:1/") as (_, address),
        httpx.AsyncClient(timeout=None) as http,
    ):
        assert (await http.get(f"{address}/readyz")).text == "ready\n"


async def test_sigterm_drains() -> None:
    """On SIGTERM a turn goes on until its end, new sessions are refused, and then the process exits."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="60") as (process, address),
        httpx.AsyncClient(timeout=None) as http,
    ):
        async with connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, open_timeout=None) as peer:
            await begin_turn(peer)
            process.send_signal(signal.SIGTERM)
            while (await http.get(f"{address}/readyz")).status_code == 200:
                pass
            await peer.send("still here")
            assert await peer.recv() == "still here"
            assert process.returncode is None
            await peer.send(TURN_ENDS)
            assert (await end_of(peer))[1] == 1012
        assert await process.wait() in {0, -signal.SIGTERM}


async def test_sigterm_has_a_deadline() -> None:
    """A session that lasts beyond the drain's time is told so and closed with 1012."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="0.1") as (process, address),
        connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, open_timeout=None) as peer,
    ):
        await begin_turn(peer)
        process.send_signal(signal.SIGTERM)
        _, code, reason = await end_of(peer)
        assert (code, reason) == (1012, "draining")
        assert await process.wait() in {0, -signal.SIGTERM}


async def test_a_second_signal_stops_now() -> None:
    """A second signal ends the drain and the process at once."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="600") as (process, address),
        httpx.AsyncClient(timeout=None) as http,
        connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, open_timeout=None) as peer,
    ):
        await begin_turn(peer)
        process.send_signal(signal.SIGTERM)
        while (await http.get(f"{address}/readyz")).status_code == 200:
            pass
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in {0, -signal.SIGTERM}
