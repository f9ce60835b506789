"""The command line of `relay check`."""

import asyncio
import json
import os
import sys

from relay.stand_ins.mock import serve_mock
from tests.fakes.rude import realtime, rude
from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

TOKEN = "rt_the-token-of-this-test-0123"


async def check(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """Run `relay check`; returns its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "relay", "check", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, **environment},
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_all_is_well() -> None:
    """Nothing failed: a line for each check, a sum, exit code 0; the credential comes from the environment."""
    async with scripted_upstream(echo) as upstream, running(upstream.url, tokens=TOKEN) as relay:
        code, out, err = await check(relay.http, "--echo", "--only", "ping", "--only", "order", RELAY_CHECK_TOKEN=TOKEN)
    assert (code, err) == (0, "")
    assert out.startswith("pass  ping   answered after ")
    assert out.endswith("\nn/a   order  an echo speaks no Realtime\n\n1 passed, 0 failed, 1 not applicable\n")


async def test_something_failed() -> None:
    """Something failed: exit code 1, and as JSON an object for each check."""
    async with rude(realtime(first={"type": "hello"})) as url:
        code, out, _ = await check(url, "--json", "--only", "first-event")
    assert code == 1
    assert json.loads(out) == {"check": "first-event", "found": "fail", "reason": "the first event is hello"}


async def test_it_is_the_echo_itself(unused_tcp_port) -> None:
    """A relay whose upstream is the check's own echo is tried to the byte."""
    async with running(f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime") as relay:
        code, out, err = await check(relay.http, "--echo-at", f"127.0.0.1:{unused_tcp_port}", "--only", "byte-identity")
    assert (code, err) == (0, "")
    assert out.startswith("pass  byte-identity  5 odd messages\n")


async def test_an_endpoint_that_wants_a_model() -> None:
    """An endpoint that opens no session without a model: one sentence and exit code 2."""
    async with serve_mock() as mock:
        code, out, err = await check(mock.url)
    assert (code, out) == (2, "")
    assert "it needs a model; name one with --model." in err


async def test_nothing_to_check() -> None:
    """A wrong address, option or name is one sentence and exit code 2."""
    for arguments, words in (
        (["127.0.0.1:1"], "Is it running"),
        (["127.0.0.1:1", "--only", "nonsense"], "there is no check nonsense; there are subprotocol, ping"),
        (["127.0.0.1:1", "--header", "nonsense"], "a header is NAME:VALUE"),
        (["127.0.0.1:1", "--echo-at", "here"], "--echo-at takes HOST:PORT"),
    ):
        code, out, err = await check(*arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert "Traceback" not in err
