"""Endpoints that do one thing wrong, each in the manner that one of the checks looks for."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.server import ServerProtocol

from relay.checking.echoes import CLOSE

ReplayOptions = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def rude(manner: ReplayOptions, **options: Any) -> AsyncIterator[str]:
    """Serve connections in this manner; yields the address."""

    async def serve_one(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await manner(connection)

    async with serve(
        serve_one, "127.0.0.1", 0, max_size=None, compression=None, ping_interval=None, **options
    ) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """An endpoint that shakes hands, chooses no subprotocol, and then takes in everything and answers nothing."""
    writers: list[asyncio.StreamWriter] = []

    async def take_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        protocol = ServerProtocol()
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        for event in protocol.events_received():
            assert isinstance(event, Request)
            protocol.send_response(protocol.accept(event))
        writer.writelines(protocol.data_to_send())
        while await reader.read(65536):
            pass
        await asyncio.Event().wait()

    server = await asyncio.start_server(take_in, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


def echo_with(change: Callable[[Any], Any]) -> ReplayOptions:
    """Says back what `change` makes of each message."""

    async def manner(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(change(message))

    return manner


async def first_fragment_only(connection: ServerConnection) -> None:
    while True:
        fragments = [fragment async for fragment in connection.recv_streaming()]
        await connection.send(fragments[0])


async def keeps_open(connection: ServerConnection) -> None:
    """A relay that never tells its peer of the upstream's close."""
    async for message in connection:
        if message != CLOSE:
            await connection.send(message)


async def closes_anyhow(connection: ServerConnection) -> None:
    """A relay that tells its peer of every close in the same words."""
    async for _ in connection:
        await connection.close(1011, "upstream gone")


async def in_pairs_swapped(connection: ServerConnection) -> None:
    while True:
        one, two = await connection.recv(), await connection.recv()
        await connection.send(two)
        await connection.send(one)


def realtime(**answers: Any) -> ReplayOptions:
    """A small Realtime endpoint whose answers to some events are replaced.

    `answers` are by event type, with `_` for dots: what is said, or a function of the event. `first` is the first
    event, `unreadable` the answer to what is no JSON, and None says nothing.
    """
    said = {
        "first": {"type": "session.created", "session": {"id": "sess_1"}},
        "unreadable": {"type": "error", "event_id": "e", "error": {"type": "x", "message": "no JSON"}},
        "session_update": {"type": "session.updated"},
        "input_audio_buffer_append": None,
        "input_audio_buffer_clear": {"type": "input_audio_buffer.cleared"},
        "conversation_item_create": lambda event: {"type": "conversation.item.added", "item": event["item"]},
        "response_create": {"type": "response.created"},
        "relay_check_unheard_of": lambda event: {
            "type": "error", "event_id": "e", "error": {"type": "x", "message": "?", "event_id": event["event_id"]},
        },
    } | answers  # fmt: skip

    async def say(connection: ServerConnection, what: Any, event: Any = None) -> None:
        answer = what(event) if callable(what) else what
        if answer is not None:
            await connection.send(answer if isinstance(answer, str) else json.dumps(answer))

    async def manner(connection: ServerConnection) -> None:
        await say(connection, said["first"])
        async for message in connection:
            try:
                event = json.loads(message)
            except ValueError:
                await say(connection, said["unreadable"])
                continue
            await say(connection, said[event["type"].replace(".", "_")], event)
            if event["type"] == "response.create":
                await say(connection, said.get("done", {"type": "response.done", "response": {"status": "failed"}}))

    return manner
