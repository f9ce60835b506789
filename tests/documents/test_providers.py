"""How docs/clients.md starts the relay for each provider, run as it stands there but for the provider's address."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.fakes.documents import examples
from tests.fakes.process import relay_process
from tests.fakes.upstream import read_all, scripted_upstream

KEY = "a-key-of-theirs"
EXAMPLES = {name: text for name, text in examples("clients.md").items() if name.startswith("provider-")}
ADDRESSES = {
    "provider-azure": ("https://NAME.openai.azure.com", "http"),
    "provider-own": ("wss://gateway.example.org", "ws"),
}


@asynccontextmanager
async def started(name: str, port: int = 0, **environment: str) -> AsyncIterator[str]:
    """Run the example with the key, and with `port` of this machine for the provider; yields the relay's address."""
    command = EXAMPLES[name].replace("$KEY", KEY)
    if name in ADDRESSES:
        theirs, scheme = ADDRESSES[name]
        assert theirs in command
        command = command.replace(theirs, f"{scheme}://127.0.0.1:{port}")
    words = shlex.split(command)
    at = words.index("relay")
    assert words[at + 1] == "serve"
    variables = dict(word.split("=", 1) for word in words[:at])
    async with relay_process(*words[at + 2 :], **variables, **environment) as (_, address):
        yield f"{address.replace('http', 'ws', 1)}/v1/realtime?model=m"


def test_every_provider_is_tried() -> None:
    """No provider stands in the document that is not tried here."""
    assert set(EXAMPLES) == {"provider-openai", "provider-azure", "provider-xai", "provider-own"}


@pytest.mark.parametrize(
    ("name", "path", "header", "value"),
    [
        ("provider-openai", "/v1/realtime", "Authorization", f"Bearer {KEY}"),
        ("provider-azure", "/openai/v1/realtime", "api-key", KEY),
        ("provider-own", "/v1/realtime", "Authorization", f"Bearer {KEY}"),
    ],
)
async def test_a_provider(name, path, header, value) -> None:
    """The relay dials the provider's path with the provider's kind of credential."""
    async with scripted_upstream(read_all) as upstream:
        base = {"RELAY_OPENAI_BASE_URL": f"ws://127.0.0.1:{upstream.port}/v1"} if name == "provider-openai" else {}
        async with started(name, upstream.port, **base) as url, connect(url, proxy=None, open_timeout=None):
            [handshake] = upstream.handshakes
    assert handshake.path == f"{path}?model=m"
    assert handshake.headers[header] == value


async def test_xai() -> None:
    """Its address is fixed, as a proxy on the way sees."""
    asked = asyncio.get_running_loop().create_future()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set_result(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        through = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        async with started("provider-xai", https_proxy=through) as url:
            with pytest.raises(InvalidStatus):
                await connect(url, proxy=None, open_timeout=None)
    assert asked.result().startswith(b"CONNECT api.x.ai:443")
