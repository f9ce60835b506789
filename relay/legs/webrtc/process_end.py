"""A media end that is in another process: what the relay holds of it, and what it says over the socket.

Sound, text and pictures go to and fro; the session, its locks and its money stay here.
"""

import asyncio
from typing import Protocol

import orjson

from relay.core.close_codes import INTERNAL
from relay.core.leg import Closed
from relay.legs.webrtc.media import MediaListener, MediaLost, OfferRefused, Quality
from relay.legs.webrtc.process_wire import Kind, Note, numbered, read_numbered, read_waiting

LOST = Closed(INTERNAL, "the process that held the call's media is gone", ours=True)


class Process(Protocol):
    """The process that has the other half of a call."""

    def tell(self, kind: Kind, call: int, payload: bytes = b"") -> None:
        """Tell it something; lost where it is gone."""
        ...

    def forget(self, call: int) -> None:
        """Nothing more is wanted of this call."""
        ...


class Processes(Protocol):
    """Those of a relay."""

    async def adopt(self, end: "ProcessEnd") -> tuple[Process, int]:
        """A process for this call, and the call's number there.

        Raises:
            MediaLost: there is none, and none has started in time.
        """
        ...


class ProcessEnd:
    """One connection, held by a process of its own."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._process: Process | None = None
        self._call = 0
        self._listener: MediaListener | None = None
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._last_number = 0
        self._sent_bytes = self._buffered_bytes = 0
        self._last_quality = Quality()

    @property
    def buffered_bytes(self) -> int:
        """What the process has not told to have left."""
        return self._buffered_bytes

    async def answer(self, offer: str, listener: MediaListener, *, watches: bool = False) -> str:
        self._listener = listener
        self._process, self._call = await self._processes.adopt(self)
        reply = await self._ask(Kind.ANSWER, orjson.dumps({"offer": offer, "watches": watches}))
        return reply.decode()

    async def restart(self, offer: str) -> str:
        return (await self._ask(Kind.RESTART, offer.encode())).decode()

    def play(self, frame: bytes) -> None:
        self._tell(Kind.PLAY, frame)

    async def photograph(self, side: int, quality: int) -> bytes | None:
        try:
            return await self._ask(Kind.PHOTOGRAPH, orjson.dumps({"side": side, "quality": quality})) or None
        except MediaLost:
            return None

    def send(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        self._sent_bytes += len(data)
        self._buffered_bytes += len(data)
        self._tell(Kind.SEND, data)

    def close_channel(self) -> None:
        self._tell(Kind.CLOSE_CHANNEL)

    async def quality(self) -> Quality:
        try:
            self._last_quality = Quality(*orjson.loads(await self._ask(Kind.QUALITY)))
        except MediaLost:
            return self._last_quality
        return self._last_quality

    async def close(self) -> None:
        self._listener = None
        if self._process is not None:
            self._tell(Kind.CLOSE)
            self._process.forget(self._call)
        self._drop()

    # What the process says.

    def lost(self) -> None:
        """It is gone, and with it the call."""
        listener = self._listener
        self._drop()
        if listener is not None:
            listener.on_gone(LOST)

    def take(self, note: Note) -> None:
        """It says something of this call."""
        if note.kind in {Kind.REPLY, Kind.REFUSAL, Kind.FAULT}:
            self._take_reply(note)
        elif note.kind is Kind.WAITING:
            taken_bytes, waiting_bytes = read_waiting(note.payload)
            self._buffered_bytes = self._sent_bytes - taken_bytes + waiting_bytes
        elif self._listener is not None:
            _tell_listener(self._listener, note)

    def _take_reply(self, note: Note) -> None:
        number, payload = read_numbered(note.payload)
        asked = self._asked.pop(number, None)
        if asked is None or asked.done():
            return
        if note.kind is Kind.REPLY:
            asked.set_result(payload)
        elif note.kind is Kind.REFUSAL:
            asked.set_exception(OfferRefused(payload.decode()))
        else:
            asked.set_exception(RuntimeError(f"the process that holds the call's media failed: {payload.decode()}"))

    async def _ask(self, kind: Kind, payload: bytes = b"") -> bytes:
        if self._process is None:
            raise MediaLost
        self._last_number += 1
        asked = self._asked[self._last_number] = asyncio.get_running_loop().create_future()
        self._tell(kind, numbered(self._last_number, payload))
        reply: bytes = await asked
        return reply

    def _tell(self, kind: Kind, payload: bytes = b"") -> None:
        if self._process is not None:
            self._process.tell(kind, self._call, payload)

    def _drop(self) -> None:
        self._process = None
        self._buffered_bytes = 0
        while self._asked:
            _, asked = self._asked.popitem()
            if not asked.done():
                asked.set_exception(MediaLost())


def _tell_listener(listener: MediaListener, note: Note) -> None:
    match note.kind:
        case Kind.AUDIO:
            listener.on_audio(note.payload)
        case Kind.TEXT:
            listener.on_message(note.payload.decode("utf-8", "surrogatepass"))
        case Kind.OCTETS:
            listener.on_message(note.payload)
        case Kind.CONNECTED:
            listener.on_connected()
        case Kind.DISCONNECTED:
            listener.on_disconnected()
        case Kind.OPEN:
            listener.on_open()
        case Kind.SENT:
            listener.on_sent()
        case Kind.GONE:
            listener.on_gone(Closed(*orjson.loads(note.payload)))
