"""An upstream that swallows, and a peer that floods, in a process of their own.

`python -m tests.reliability.flooder` writes the upstream's address; then, for each line `ADDRESS BYTES` that it reads,
it connects, sends messages of up to so many bytes, closes, and writes a line.
"""

import asyncio
import sys
from collections.abc import Iterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection

from tests.fakes.upstream import scripted_upstream


def bad_company(largest: int) -> Iterator[str]:
    """Messages as deep, large, wide and many as they come."""
    pairs = largest // 18
    deep = '{"type":"x","a":' + "[" * 200_000 + "]" * 200_000 + "}"
    large = '{"type":"input_audio_buffer.append","audio":"' + "A" * (largest - 100) + '"}'
    wide = '{"type":"session.update","session":{' + ",".join(f'"k{n}":{n}' for n in range(min(19_990, pairs))) + "}}"
    widest = '{"type":"session.update","session":{' + ",".join(f'"k{n}":{n}' for n in range(pairs)) + "}}"
    for _ in range(10):
        yield from (deep, large, wide, widest)
    for _ in range(20_000):
        yield '{"type":"x"}'


async def swallow(connection: ClientConnection | ServerConnection) -> None:
    async for _ in connection:
        pass


async def flood(address: str, largest: int) -> None:
    async with connect(address, max_size=None, compression=None, proxy=None, ping_interval=None) as peer:
        reading = asyncio.create_task(swallow(peer))
        for message in bad_company(largest):
            await peer.send(message)
        await peer.close()
        await reading


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main() -> None:
    async with scripted_upstream(swallow) as upstream:
        say(upstream.url)
        while line := await asyncio.to_thread(sys.stdin.readline):
            address, largest = line.split()
            await flood(address, int(largest))
            say("done")


if __name__ == "__main__":
    asyncio.run(main())
