"""A process that holds media ends for a relay, and nothing else: `python -m relay.legs.webrtc.process_host FD OPTIONS`.

It has one socket, to the relay, and ends with it. It has neither a key nor a session, and is asked for nothing but
sound, text and pictures: what a hostile packet makes of the library in it, it makes of this process.
"""

import asyncio
import faulthandler
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from socket import socket
from typing import Any, cast

import orjson

from relay.core.close_codes import POLICY
from relay.core.leg import Closed
from relay.legs.webrtc.engines import load_engine, make_end
from relay.legs.webrtc.media import MediaEnd, MediaListener, Network, OfferRefused
from relay.legs.webrtc.process_wire import Kind, Note, Notes, numbered, read_numbered, waiting, written

MOST_SOUND_BYTES = 1024 * 1024
"""Of what waits for a relay that does not read; beyond that, sound is dropped: it is twenty seconds late."""

MOST_WAITING_BYTES = 16 * 1024 * 1024
"""Beyond that, a call that has something to say is ended."""

LOOK_S = 0.02
"""How often it is looked how much text still waits, where some does."""


class HostedCall:
    """One media end, and what it says on its way to the relay.

    Attributes:
        end: what the relay plays to and speaks with.
    """

    def __init__(self, host: "Host", number: int, end: MediaEnd) -> None:
        self._host = host
        self._number = number
        self._taken_bytes = 0
        self._draining: asyncio.Task[None] | None = None
        self.end = end

    @property
    def listener(self) -> MediaListener:
        """What the media end calls."""
        tell = self._tell
        return MediaListener(
            on_connected=partial(tell, Kind.CONNECTED),
            on_disconnected=partial(tell, Kind.DISCONNECTED),
            on_audio=self._heard,
            on_open=partial(tell, Kind.OPEN),
            on_message=self._said,
            on_sent=self._sent,
            on_gone=self._gone,
        )

    def send(self, text: bytes) -> None:
        """Send a text, and tell until it has left."""
        self.end.send(text.decode())
        self._taken_bytes += len(text)
        if not self._tell_waiting() or (self._draining is not None and not self._draining.done()):
            return
        self._draining = asyncio.create_task(self._drain())

    async def close(self) -> None:
        """Let go of it."""
        if self._draining is not None:
            self._draining.cancel()
            await asyncio.wait({self._draining})
        await self.end.close()

    async def _drain(self) -> None:
        while self._tell_waiting():  # noqa: ASYNC110 - libraries tell when little waits, and not how much
            await asyncio.sleep(LOOK_S)

    def _tell_waiting(self) -> int:
        buffered_bytes = self.end.buffered_bytes
        self._tell(Kind.WAITING, waiting(self._taken_bytes, buffered_bytes))
        return buffered_bytes

    def _tell(self, kind: Kind, payload: bytes = b"") -> None:
        self._host.tell(kind, self._number, payload)

    def _heard(self, pcm: bytes) -> None:
        if self._host.waiting_bytes < MOST_SOUND_BYTES:
            self._tell(Kind.AUDIO, pcm)

    def _said(self, data: str | bytes) -> None:
        if self._host.waiting_bytes > MOST_WAITING_BYTES:
            self._gone(Closed(POLICY, "too much at once", ours=True))
        elif isinstance(data, str):
            self._tell(Kind.TEXT, data.encode("utf-8", "surrogatepass"))
        else:
            self._tell(Kind.OCTETS, data)

    def _sent(self) -> None:
        self._tell_waiting()
        self._tell(Kind.SENT)

    def _gone(self, closed: Closed) -> None:
        self._tell(Kind.GONE, orjson.dumps([closed.code, closed.reason, closed.ours]))


class Host(asyncio.Protocol):
    """The calls of this process, as the relay's notes say.

    Attributes:
        over: is set when the relay has gone.
    """

    def __init__(self, engine: str, network: Network) -> None:
        self._engine = engine
        self._network = network
        self._notes = Notes()
        self._calls: dict[int, HostedCall] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._transport: asyncio.Transport
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.tell(Kind.READY, 0)

    def data_received(self, data: bytes) -> None:
        for note in self._notes.feed(data):
            self._take(note)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()

    @property
    def waiting_bytes(self) -> int:
        """What the relay has not read yet."""
        return self._transport.get_write_buffer_size()

    def tell(self, kind: Kind, call: int, payload: bytes = b"") -> None:
        """Tell the relay, if it is there."""
        if not self._transport.is_closing():
            self._transport.write(written(kind, call, payload))

    async def close(self) -> None:
        """Let go of all calls."""
        while self._calls:
            _, call = self._calls.popitem()
            await call.close()

    def _take(self, note: Note) -> None:
        if note.kind is Kind.PING:
            self.tell(Kind.PONG, 0)
            return
        if note.kind is Kind.ANSWER:
            self._calls[note.call] = HostedCall(self, note.call, make_end(self._engine, self._network))
        call = self._calls.get(note.call)
        if call is None:
            return
        match note.kind:
            case Kind.PLAY:
                call.end.play(note.payload)
            case Kind.SEND:
                call.send(note.payload)
            case Kind.CLOSE_CHANNEL:
                call.end.close_channel()
            case Kind.CLOSE:
                del self._calls[note.call]
                self._start(call.close())
            case _:
                number, payload = read_numbered(note.payload)
                task = self._start(_answered(note.kind, call, payload))
                task.add_done_callback(partial(self._reply, note.call, number))

    def _start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _reply(self, call: int, number: int, task: asyncio.Task[bytes]) -> None:
        if task.cancelled():
            return
        match task.exception():
            case None:
                self.tell(Kind.REPLY, call, numbered(number, task.result()))
            case OfferRefused() as why:
                self.tell(Kind.REFUSAL, call, numbered(number, str(why).encode("utf-8", "replace")))
            case failure:
                self.tell(Kind.FAULT, call, numbered(number, type(failure).__name__.encode()))


async def _answered(kind: Kind, call: HostedCall, payload: bytes) -> bytes:
    if kind is Kind.QUALITY:
        quality = await call.end.quality()
        return orjson.dumps([quality.packets, quality.lost, quality.jitter_s, quality.concealed_s])
    if kind is Kind.RESTART:
        return (await call.end.restart(payload.decode())).encode()
    asked = orjson.loads(payload)
    if kind is Kind.PHOTOGRAPH:
        return await call.end.photograph(asked["side"], asked["quality"]) or b""
    return (await call.end.answer(asked["offer"], call.listener, watches=asked["watches"])).encode()


async def host(link: socket, engine: str, network: Network) -> None:
    """Hold media ends until the relay has gone. To be called in a process of its own."""
    loop = asyncio.get_running_loop()
    _, calls = await loop.create_unix_connection(lambda: Host(engine, network), sock=link)
    await calls.over.wait()
    await calls.close()


def main() -> None:
    """Be such a process. What stops a relay by the keyboard reaches its children, too: the relay ends this one."""
    import uvloop  # noqa: PLC0415 - 2 MB, in this process alone

    faulthandler.enable()
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    descriptor, options = sys.argv[1:]
    asked = orjson.loads(options)
    load_engine(asked["engine"])  # no call waits for that
    ports = None if asked["ports"] is None else (asked["ports"][0], asked["ports"][1])
    uvloop.run(host(socket(fileno=int(descriptor)), asked["engine"], Network(ports)))


if __name__ == "__main__":
    main()
