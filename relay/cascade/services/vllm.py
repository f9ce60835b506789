"""vLLM's own way of hearing: a WebSocket on which the turn is 16 kHz, and is asked for before it is sent.

Each turn has a connection of its own, so that one that is not wanted any more ends with it.
"""

import asyncio
from binascii import b2a_base64
from collections.abc import AsyncGenerator

from relay.cascade.orders import Fault, Heard, HeardDelta, Result
from relay.cascade.services.dialling import Connection, Dial, opened
from relay.cascade.services.failures import ServiceFailed
from relay.cascade.services.sound import RATE, open_resampler
from relay.cascade.services.turns import Turn
from relay.cascade.services.usage import heard_usage
from relay.config.cascade import Address

PATH = "/realtime"
VLLM_RATE = 16_000


async def hear_vllm(dial: Dial, address: Address, number: int, turn: Turn) -> AsyncGenerator[Result, None]:
    """What was said in a turn, its words as they are found.

    Raises:
        ServiceFailed: it could not be found out.
    """
    async with opened(dial, address, PATH) as connection:
        sending = asyncio.create_task(_send(connection, address, turn))
        try:
            while True:
                event = await connection.receive()
                kind = event.get("type")
                if kind == "transcription.delta" and event.get("delta"):
                    yield HeardDelta(number, str(event["delta"]))
                elif kind == "transcription.done":
                    usage = heard_usage(address.model, event.get("usage"), len(await turn.until_whole()))
                    yield Heard(number, str(event.get("text", "")).strip(), usage)
                    return
                elif kind == "error":
                    raise ServiceFailed(Fault.BROKEN, f"{address.place} failed: {event.get('code')}")
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)


async def _send(connection: Connection, address: Address, turn: Turn) -> None:
    resampler = open_resampler(RATE, VLLM_RATE)
    await connection.send({"type": "session.update", "model": address.model, **address.extra})
    await connection.send({"type": "input_audio_buffer.commit", "final": False})
    async for piece in turn.pieces():
        await _append(connection, resampler.resample(piece))
    await _append(connection, resampler.resample(b"", is_last=True))
    await connection.send({"type": "input_audio_buffer.commit", "final": True})


async def _append(connection: Connection, pcm: bytes) -> None:
    if pcm:  # it takes an empty one for a fault
        audio = b2a_base64(pcm, newline=False).decode()
        await connection.send({"type": "input_audio_buffer.append", "audio": audio})
