"""What docs/clients.md shows is run as it stands there."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from relay.stand_ins.mock.voice import clips
from tests.clients.test_python_agents import PYTHON
from tests.fakes.browser import until
from tests.fakes.clients import PATIENCE_S, ROOT, blank_page
from tests.fakes.documents import DOCS, example, examples

SNIPPETS = examples("clients.md")
GREETING = clips()["greeting"].words
BIN = Path(sys.executable).parent

PROGRAMS: dict[str, tuple[list[str | Path], str]] = {
    "python-openai": ([sys.executable, "-c"], GREETING),
    "python-live": ([sys.executable, "-c"], "session.closed"),
    "python-transcription": ([sys.executable, "-c"], "gpt-4o-transcribe"),
    "python-translation": ([sys.executable, "-c"], "session.updated\nsession.closed"),
    "python-beta": ([sys.executable, "-c"], GREETING),
    "python-azure": ([sys.executable, "-c"], GREETING),
    "python-agents": ([PYTHON, "-c"], "audio"),
    "node-openai": (["node", "--input-type=module", "-e"], GREETING),
    "node-agents": (["node", "--input-type=module", "-e"], GREETING),
    "refused": (["sh", "-c"], "profile_unknown"),
}
PROVIDERS = [f"provider-{name}" for name in ("openai", "azure", "xai", "own")]  # tests/documents/test_providers.py
PAGES = ["browser-websocket", "browser-openai", "browser-agents"]
OTHERS = ["terminal", "browser-agents-call", "element"]  # the element in tests/browser/test_trouble.py


MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


TRUST = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
"""Where Node and Python are told of an authority."""


def needs_tls(name: str) -> bool:
    return "https:" in SNIPPETS[name]


def test_every_example_is_run() -> None:
    """No example stands in the document that no test runs."""
    assert set(SNIPPETS) == {*PROGRAMS, *PAGES, *OTHERS, *PROVIDERS}
    assert (DOCS / "clients.md").read_text().count("```") == 2 * len(SNIPPETS)


@pytest.mark.parametrize("name", SNIPPETS)
def test_examples_are_short(name) -> None:
    """Ten lines are enough for every client."""
    assert len([line for line in SNIPPETS[name].splitlines() if line]) <= 10


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_program(name, serve) -> None:
    """The example runs to its end, and prints what was said."""
    interpreter, printed = PROGRAMS[name]
    async with serve(tls=needs_tls(name)) as place:
        process = await asyncio.create_subprocess_exec(
            *interpreter, example("clients.md", name, place.relay.port), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(TRUST, str(place.certificate.authority))},
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE_S):
            output, _ = await process.communicate()
    assert process.returncode == 0
    assert printed in output.decode()


async def test_the_terminal(serve) -> None:
    """What is typed goes up, line by line, and what comes down is shown."""
    async with serve(tls=False) as place:
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", example("clients.md", "terminal", place.relay.port),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            await process.stdout.readuntil(b'"response.done"')
            await process.communicate(b"")  # the end of what is typed
    assert process.returncode == 0


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
async def test_a_page(name, serve) -> None:
    """The example runs in Chromium as a module of a page, and logs what was said."""
    async with serve(tls=needs_tls(name)) as place, blank_page() as page:
        await page.evaluate("window.ticket = 'ek_unused'")
        async with page.expect_console_message() as logged:
            await page.add_script_tag(content=example("clients.md", name, place.relay.port), type="module")
        assert (await logged.value).text == GREETING


@pytest.mark.browser
async def test_a_page_that_calls(serve) -> None:
    """An agent takes the answer to its offer, and the relay watches its call; the mock has no sound to connect to."""
    async with serve(tls=False) as place, blank_page(*MICROPHONE) as page:
        program = example("clients.md", "browser-agents-call", place.relay.port)
        shown = program.replace("await session", "window.transport = transport;\nawait session")
        await page.evaluate("window.ticket = 'ek_unused'")
        await page.add_script_tag(content=shown, type="module")
        await until(page, "window.transport?.connectionState.peerConnection?.remoteDescription")
        await place.mock.wait_until(lambda mock: len(mock.sessions) == 1)
        assert [call.call_id for call in place.mock.calls] == [await page.evaluate("transport.callId")]
