"""A relay as tutorials write it: Starlette, a `websockets` client for each peer, a task for each direction."""

import asyncio
import os

import websockets
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

UPSTREAM_URL = os.environ["UPSTREAM_URL"]


async def relay(peer: WebSocket) -> None:
    await peer.accept()
    async with websockets.connect(UPSTREAM_URL) as upstream:

        async def up() -> None:
            async for text in peer.iter_text():
                await upstream.send(text)

        async def down() -> None:
            async for data in upstream:
                await peer.send_text(str(data))

        tasks = {asyncio.create_task(up()), asyncio.create_task(down())}
        _, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()


app = Starlette(routes=[WebSocketRoute("/v1/realtime", relay)])
