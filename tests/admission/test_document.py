"""What docs/admission.md shows is run as it stands there."""

import asyncio
import json
import re
from pathlib import Path

from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

DOCUMENT = Path(__file__).parents[2] / "docs/admission.md"
TOKEN = "rt_the-shops-token-012345"


def example(name: str, relay: Running) -> str:
    """The example of that name, with the address of the relay under test."""
    found = re.search(rf"<!-- run: {name} -->\n```\w+\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None, f"no example {name}"
    return found[1].replace("127.0.0.1:8000", f"127.0.0.1:{relay.port}")


async def mint_as_shown(relay: Running) -> str:
    """Ask for a ticket with the document's own command."""
    shell = await asyncio.create_subprocess_shell(
        example("mint", relay), env={"RELAY_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await shell.communicate()
    value: str = json.loads(answer)["value"]
    return value


async def test_the_command_that_mints() -> None:
    """The shown command gets a ticket, and the ticket opens a session where nothing else does."""
    async with scripted_upstream() as upstream, running(upstream.url, tokens=TOKEN) as relay:
        ticket = await mint_as_shown(relay)
        async with relay.peer(subprotocols=["realtime", f"openai-insecure-api-key.{ticket}"]) as peer:
            await peer.send("hello")
            assert await peer.recv() == "hello"
