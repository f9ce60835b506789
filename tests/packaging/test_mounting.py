import asyncio

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from websockets.asyncio.client import connect

from relay import create_app, load_settings
from tests.fakes.running import end_of
from tests.fakes.upstream import echo, scripted_upstream


async def test_the_relay_in_another_application() -> None:
    """Mounted in an application on an ordinary server, the relay serves sessions, and its lifespan need not run."""
    async with scripted_upstream(echo) as upstream:
        outer = Starlette(routes=[Mount("/voice", create_app(load_settings(upstream=upstream.url)))])
        config = uvicorn.Config(outer, port=0, ws="websockets-sansio", log_config=None, lifespan="off")
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        serving = asyncio.create_task(server.main_loop())
        port = server.servers[0].sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/voice/v1/realtime", proxy=None, open_timeout=None) as peer:
            await peer.send('{"type":"hello"}')
            assert await peer.recv() == '{"type":"hello"}'
            await upstream.connections[0].close(4000, "over")
            _, code, reason = await end_of(peer)
            assert (code, reason) == (4000, "over")
        server.should_exit = True
        await serving
        await server.shutdown()
