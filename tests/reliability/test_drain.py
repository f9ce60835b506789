"""A deploy in the middle of two hundred answers."""

import asyncio
import json
import signal
from time import monotonic

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection

from tests.fakes.process import relay_process
from tests.fakes.running import end_of
from tests.fakes.upstream import scripted_upstream
from tests.reliability.conftest import Report
from tests.reliability.watching import realtime

pytestmark = pytest.mark.reliability

SESSIONS = 200
DELTAS = 100


async def answer(connection: ServerConnection) -> None:
    """Answer once, in a hundred pieces over three seconds."""
    await connection.recv()
    await connection.send('{"type":"response.created"}')
    for n in range(DELTAS):
        await connection.send(json.dumps({"type": "response.output_audio.delta", "n": n, "delta": "A" * 4000}))
        await asyncio.sleep(0.03)
    await connection.send('{"type":"response.done","response":{"status":"completed"}}')
    await connection.wait_closed()


async def test_a_deploy_in_mid_answer(report: Report) -> None:
    """Each answer arrives whole, then the session ends with 1012, and the process is gone in time."""
    started = asyncio.Event()

    async def listen(peer: ClientConnection) -> tuple[int, int | None]:
        await peer.send("go")
        await peer.recv()
        started.set()
        messages, code, _ = await end_of(peer)
        events = [json.loads(message) for message in messages]
        numbers = [event["n"] for event in events if event["type"] == "response.output_audio.delta"]
        whole = numbers == list(range(DELTAS)) and any(event["type"] == "response.done" for event in events)
        return (0 if whole else DELTAS + 1 - len(numbers)), code

    async with (
        scripted_upstream(answer) as upstream,
        relay_process("--upstream", upstream.url, RELAY_DRAIN_TIMEOUT_S="20") as (process, address),
    ):
        peers = [await realtime(address) for _ in range(SESSIONS)]
        listening = [asyncio.create_task(listen(peer)) for peer in peers]
        await started.wait()
        await asyncio.sleep(1)
        began = monotonic()
        process.send_signal(signal.SIGTERM)
        results = await asyncio.gather(*listening)
        await process.wait()
        took_s = monotonic() - began
    lost = sum(missing for missing, _ in results)
    assert lost == 0
    assert {code for _, code in results} == {1012}
    assert took_s <= 22
    report("SIGTERM with 200 sessions in mid-answer: events lost", "0", str(lost))
    report("the process has ended, with a deadline of 20 s, after", "≤ 22 s", f"{took_s:.1f} s")
