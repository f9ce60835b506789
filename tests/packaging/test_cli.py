"""The command line as a person meets it, in processes of its own."""

import asyncio
import fcntl
import json
import os
import pty
import signal
import socket
import sys
import termios

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs
from websockets.asyncio.client import connect

from relay.cli import COMMANDS, main
from relay.config.webrtc_options import WebRtcOptions
from relay.serve import tell_how_calls_come
from relay.version import __version__
from tests.fakes.http_client import http_client
from tests.fakes.process import log_line, relay_process, relay_process_with
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


def test_help_says_what_each_command_says_of_itself() -> None:
    """`relay --help` has each command with the first sentence of its own help."""
    shown = " ".join(CliRunner().invoke(main, ["--help"]).output.split())
    for name, (_, summary) in COMMANDS.items():
        own = " ".join(CliRunner().invoke(main, [name, "--help"]).output.split())
        assert f"{name} {summary}" in shown
        assert summary in own


async def test_help_loads_nothing_else() -> None:
    """`relay --help` loads neither the relay nor the libraries that it takes to serve."""
    code = "import sys; from relay.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    assert not {"relay.app", "relay.serve", "asyncio", "pydantic", "starlette", "structlog"} & set(
        output.decode().split()
    )


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
        http_client(timeout=None) as http,
    ):
        assert (await http.get(f"{address}/readyz")).text == "ready\n"


async def test_the_log_says_what_was_started() -> None:
    """The log is JSON from its first line, and says which version serves where, for what, and whom it lets in."""
    token = "rt_annas-token-0123456789"
    upstream = "ws://me:password@127.0.0.1:1/v1/realtime?key=secret"
    async with relay_process_with({}, ["--upstream", upstream, "--workers", "2"], {"RELAY_TOKENS": token}) as (_, said):
        assert said["version"] == __version__
        assert said["address"].startswith("http://127.0.0.1:")
        assert (said["upstream"], said["workers"]) == ("ws://127.0.0.1:1/v1/realtime", 2)
        assert said["admits"] == ["tokens", "tickets"]
    async with relay_process_with({}, ["--upstream", "mock"], {}) as (_, said):
        assert (said["upstream"], said["admits"]) == ("mock", ["anybody"])


@pytest.mark.parametrize(("advertise", "warns"), [(["127.0.0.1"], True), (["8.8.8.8", "10.0.0.2"], False)])
def test_the_log_says_how_calls_come(advertise, warns) -> None:
    """A relay that answers calls says which addresses it gives, and warns where nobody outside reaches them."""
    with capture_logs() as said:
        tell_how_calls_come(WebRtcOptions(calls="relay", advertise=tuple(advertise), ports=(40000, 40100)))
    assert said[0]["event"] == "webrtc.reachable"
    assert (said[0]["addresses"], said[0]["udp_ports"]) == (advertise, "40000-40100")
    assert [line["event"] for line in said[1:]] == ["webrtc.private"] * warns


@pytest.mark.parametrize(("carrier", "words"), [("fast", ["lane.missing", "Install a wheel"]), ("python", [])])
async def test_a_relay_without_its_lane_says_so(carrier, words) -> None:
    """Where the lane could not be compiled, a relay that should have it says so at its start, and works."""
    start = "import sys; sys.modules['relay.legs.lane'] = None; from relay.cli import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", start, "serve", "--port", "0", "--upstream", "mock",
        stderr=asyncio.subprocess.PIPE, env={**os.environ, "RELAY_CARRIER": carrier},
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    while "relay.started" not in (line := (await process.stderr.readline()).decode()):
        said.append(line)
        assert line
    address = json.loads(line)["address"]
    async with connect(f"{address.replace('http', 'ws')}/v1/realtime", proxy=None) as peer:
        assert json.loads(await peer.recv())["type"] == "session.created"
    process.kill()
    await process.communicate()
    assert len(said) == bool(words)
    assert all(word in said[0] for word in words)


async def test_a_person_at_a_terminal_is_welcomed() -> None:
    """In a terminal the relay says where the page is; with `log_format = "json"` all is JSON there, too."""
    shown = {}
    for log_format in ("auto", "json"):
        ours, theirs = pty.openpty()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "relay", "serve", "--port", "0", "--upstream", "mock", "--log-format", log_format,
            stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        shown[log_format] = ""
        while not ("Ctrl+C stops" in shown[log_format] or (log_format == "json" and "started" in shown[log_format])):
            shown[log_format] += (await asyncio.to_thread(os.read, ours, 4096)).decode()
        process.kill()
        await process.wait()
        os.close(ours)
    assert "  Page       http://127.0.0.1:" in shown["auto"]
    assert "Page" not in shown["json"]


async def test_sigterm_drains() -> None:
    """On SIGTERM a turn goes on until its end, new sessions are refused, and then the process exits."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="60") as (process, address),
        http_client(timeout=None) as http,
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
        http_client(timeout=None) as http,
        connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, open_timeout=None) as peer,
    ):
        await begin_turn(peer)
        process.send_signal(signal.SIGTERM)
        while (await http.get(f"{address}/readyz")).status_code == 200:
            pass
        process.send_signal(signal.SIGTERM)
        assert await process.wait() in {0, -signal.SIGTERM}


async def test_sighup_does_not_end_a_relay_of_one_process() -> None:
    """One process cannot replace itself, so on SIGHUP it says so in the log, with what to do, and serves on."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url) as (process, address),
        connect(address.replace("http", "ws") + "/v1/realtime", proxy=None) as peer,
    ):
        process.send_signal(signal.SIGHUP)
        assert "--workers" in json.loads(await log_line(process, "restart.unavailable"))["advice"]
        await peer.send("still here")
        assert await peer.recv() == "still here"
        assert process.returncode is None


async def test_a_relay_ends_with_its_terminal() -> None:
    """A relay that was started in a terminal ends when that is closed, sessions first."""
    ours, theirs = pty.openpty()

    def sit_at_the_terminal() -> None:
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    options = {"stdin": theirs, "preexec_fn": sit_at_the_terminal}
    async with relay_process_with(options, ["--upstream", "mock"], {}) as (process, _):
        os.close(theirs)
        os.close(ours)
        await log_line(process, "drain.finished")
        assert await process.wait() == 0
