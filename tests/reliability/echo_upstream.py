"""An upstream that echoes, or swallows what comes with `swallow=1`, in a process of its own; it writes its address."""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection

from tests.fakes.upstream import scripted_upstream


async def echo_or_swallow(connection: ServerConnection) -> None:
    assert connection.request is not None
    swallows = "swallow=1" in connection.request.path
    async for message in connection:
        if not swallows:
            await connection.send(message)


async def main() -> None:
    async with scripted_upstream(echo_or_swallow) as upstream:
        sys.stdout.write(f"{upstream.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
