"""The pytest plugin, in test runs of its own."""

import re
from pathlib import Path

import pytest

from tests.fakes.recordings import Scripted

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]

PLAIN = """
import json
from websockets.sync.client import connect

def kinds(url, count):
    with connect(url + "?model=gpt-realtime-2.1", proxy=None) as peer:
        return [json.loads(peer.recv())["type"] for _ in range(count)]

def test_a_relay_before_a_mock(realtime_mock, relay_server):
    mock = realtime_mock()
    relay = relay_server(upstream=mock.url, profiles={"default": {"voice": "marin"}})
    assert kinds(relay.url, 2) == ["session.created", "session.updated"]
    assert len(mock.sessions) == 1

def test_a_relay_with_a_mock_of_its_own(relay_server):
    assert kinds(relay_server().url, 1) == ["session.created"]

def test_services(scripted_services):
    import urllib.error, urllib.request
    services = scripted_services()
    services.fault("think", status=429, retry_after="2")
    request = urllib.request.Request(services.url + "/chat/completions", b"{}", {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request)
    except urllib.error.HTTPError as refused:
        with refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
    with opener.open(request) as answer:
        assert answer.read().endswith(b"[DONE]\\n\\n")
    assert len(services.asked_of("think")) == 2
"""

WAITING = """
import json, pytest
from pathlib import Path
from websockets.asyncio.client import connect

@pytest.mark.asyncio
async def test_a_replay(realtime_replay):
    replay = realtime_replay(Path(__file__).parent / "talk.jsonl", strict=False)
    async with connect(replay.url, proxy=None) as peer:
        await peer.send('{"type":"response.cancel"}')
        await peer.send('{"type":"response.create"}')
        assert await peer.recv() == '{"type": "response.created"}'
    assert [drift.line for drift in replay.sessions[0].drifts] == [2]

@pytest.mark.asyncio
async def test_faults(realtime_mock):
    async with connect(realtime_mock(faults=["unknown@1"]).url + "?model=x", proxy=None) as peer:
        assert json.loads(await peer.recv())["type"] == "fault.unknown"
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Run pytest, with the plugin, in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    scope = "asyncio_default_fixture_loop_scope=function"
    options = ("-p", "relay.testing", "-p", "no:cacheprovider", "-o", scope)
    return lambda *more: pytester.runpytest_subprocess(*options, *more)


def test_tests_that_wait_and_tests_that_do_not(run, pytester) -> None:
    """The fixtures serve plain tests and coroutines; what they started is gone when the test is."""

    script = Scripted().up({"type": "response.create"}).down({"type": "response.created"})
    script.closed_by_peer().write(pytester.path / "talk.jsonl")
    pytester.makepyfile(test_plain=PLAIN, test_waiting=WAITING)
    run("-W", "error").assert_outcomes(passed=5)


def test_the_examples_in_the_documents(run, pytester) -> None:
    """The examples in docs/testing.md are tests that pass."""
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs/testing.md").read_text(), re.DOTALL)
    pytester.makepyfile(**{f"test_{number}": example for number, example in enumerate(examples)})
    run().assert_outcomes(passed=2)
