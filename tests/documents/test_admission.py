"""What docs/admission.md shows is run as it stands there."""

import asyncio
import json

from tests.fakes.documents import example
from tests.fakes.running import Running, running
from tests.fakes.upstream import scripted_upstream

TOKEN = "rt_the-shops-token-012345"


async def mint_as_shown(relay: Running) -> str:
    """Ask for a ticket with the document's own command."""
    shell = await asyncio.create_subprocess_shell(
        example("admission.md", "mint", relay.port),
        env={"RELAY_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
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
