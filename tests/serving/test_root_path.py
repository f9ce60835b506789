import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from tests.fakes.http_client import http_client
from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream

pytestmark = pytest.mark.usefixtures("carrier")


async def test_a_path_that_a_proxy_leaves_on() -> None:
    """Under a root path the page, the modules and sessions are where the proxy's visitors look for them."""
    async with scripted_upstream() as upstream, running(upstream.url, root_path="/voice") as relay:
        async with http_client(base_url=relay.http, timeout=None) as http:
            for path in ("/voice/", "/voice/web/index.js", "/voice/livez", "/livez"):
                assert (await http.get(path)).status_code == 200, path
            for path in ("/voicemail/livez", "/voice/voice/livez"):
                assert (await http.get(path)).status_code == 404, path
            assert (await http.get("/voice")).headers["location"] == f"{relay.http}/voice/"
        address = relay.url.removesuffix("/v1/realtime")
        for path in ("/voice/v1/realtime", "/v1/realtime"):
            async with connect(address + path, proxy=None) as peer:
                await peer.send("hello")
                assert await peer.recv() == "hello"
        with pytest.raises(InvalidStatus):
            await connect(f"{address}/other/v1/realtime", proxy=None)


@pytest.mark.parametrize("path", ["voice", "/voice/", "/", "//voice", "/voice?x"])
def test_what_is_no_root_path(path) -> None:
    """A root path begins with a slash and does not end with one."""
    with pytest.raises(SettingsError, match="root_path"):
        load_settings(root_path=path)
