"""A realtime transcription session: it hears while one speaks, and is kept for all turns of a conversation.

A service finds no turns here: each is committed when the mind says that it is over. What is heard of a turn that is not
wanted any more is dropped, and its sound is cleared before the next one's.
"""

import asyncio
from binascii import b2a_base64
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import urlencode

from relay.cascade.orders import Fault, Heard, HeardDelta, Result
from relay.cascade.services.dialling import Connection, Dial
from relay.cascade.services.failures import ServiceFailed
from relay.cascade.services.inbox import Inbox
from relay.cascade.services.turns import Turn
from relay.cascade.services.usage import heard_usage
from relay.config.cascade import Address

DELTA = "conversation.item.input_audio_transcription.delta"
COMPLETED = "conversation.item.input_audio_transcription.completed"
FAILED = "conversation.item.input_audio_transcription.failed"
COMMITTED = "input_audio_buffer.committed"

LONGEST_PIECE_BYTES = 48_000
"""A second: a turn that is sent whole goes in pieces that a service can begin with."""


class TranscriptionSession:
    """One conversation's connection to a service that hears.

    It is opened for the first turn, and again for the next one where it was lost.
    """

    def __init__(self, dial: Dial, address: Address) -> None:
        self._dial = dial
        self._address = address
        self._connection: Connection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._has_leftovers = False
        self._clearing = 0
        self._options: Mapping[str, Any] = {}
        self._appended: Inbox | None = None
        self._committed: deque[Inbox] = deque()
        self._by_item: dict[str, Inbox] = {}

    async def hear(
        self, number: int, turn: Turn, language: str | None, prompt: str | None
    ) -> AsyncGenerator[Result, None]:
        """What was said in a turn, its words as they are found.

        Raises:
            ServiceFailed: it could not be found out.
        """
        part = Inbox()
        options = {"model": self._address.model, "language": language, "prompt": prompt, **self._address.extra}
        said = {name: value for name, value in options.items() if value is not None}
        sending = asyncio.create_task(self._send(part, turn, said))
        sending.add_done_callback(part.sent)
        try:
            while True:
                event = await part.next_event()
                if event["type"] == DELTA and event.get("delta"):
                    yield HeardDelta(number, str(event["delta"]))
                elif event["type"] == COMPLETED:
                    usage = heard_usage(self._address.model, event.get("usage"), len(await turn.until_whole()))
                    yield Heard(number, str(event.get("transcript", "")).strip(), usage)
                    return
                elif event["type"] == FAILED:
                    raise self._failed(event)
        finally:
            part.is_wanted = False
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def close(self) -> None:
        """End the connection, and wait for who reads it."""
        reading = self._reading
        self._lose()
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _send(self, part: Inbox, turn: Turn, options: Mapping[str, Any]) -> None:
        async with self._sending:
            connection = await self._opened(options)
            if self._has_leftovers:
                self._clearing += 1
                await connection.send({"type": "input_audio_buffer.clear"})
            self._has_leftovers, self._appended = True, part
            async for piece in turn.pieces():
                for start in range(0, len(piece), LONGEST_PIECE_BYTES):
                    audio = b2a_base64(piece[start : start + LONGEST_PIECE_BYTES], newline=False).decode()
                    await connection.send({"type": "input_audio_buffer.append", "audio": audio})
            self._committed.append(part)
            self._has_leftovers, self._appended = False, None
            await connection.send({"type": "input_audio_buffer.commit"})

    async def _opened(self, options: Mapping[str, Any]) -> Connection:
        if self._connection is None:
            query = {"intent": "transcription"}
            if not self._address.is_openai:  # OpenAI's takes no model there, others know none but this
                query["model"] = self._address.model
            self._connection = await self._dial(self._address, f"/realtime?{urlencode(query)}")
            self._options, self._has_leftovers, self._clearing = {}, False, 0
            self._reading = asyncio.create_task(self._read(self._connection))
        if options != self._options:
            self._options = options
            sound = {"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": None, "transcription": options}
            session = {"type": "transcription", "audio": {"input": sound}}
            await self._connection.send({"type": "session.update", "session": session})
        return self._connection

    async def _read(self, connection: Connection) -> None:
        """Hand out what comes, until the connection ends; then whoever waits is told."""
        try:
            while True:
                self._received(await connection.receive())
        except ServiceFailed as failure:
            for part in self._waiting():
                part.fail(failure)
            self._lose()

    def _received(self, event: Mapping[str, Any]) -> None:
        kind, item_id = event.get("type"), str(event.get("item_id", ""))
        if kind == COMMITTED and self._committed:
            part = self._committed.popleft()
            self._by_item = {item: other for item, other in self._by_item.items() if other is not part}
            self._by_item[item_id] = part
        elif kind == "input_audio_buffer.cleared":
            self._clearing = max(0, self._clearing - 1)
        elif kind == DELTA:
            part = self._by_item.get(item_id) or self._begin(item_id)
            part.put(event)
        elif kind in {COMPLETED, FAILED} and item_id in self._by_item:
            self._by_item.pop(item_id).put(event)
        elif kind == "error":
            failure = self._failed(event)
            for part in self._waiting():
                part.fail(failure)

    def _begin(self, item_id: str) -> Inbox:
        """The part that an item is of which nobody has heard: the one that is being said, or was committed first."""
        said = self._appended or (self._committed[0] if self._committed else None)
        part = Inbox() if said is None or self._clearing else said
        self._by_item[item_id] = part
        return part

    def _waiting(self) -> list[Inbox]:
        parts = [*self._committed, *self._by_item.values(), *([self._appended] if self._appended else [])]
        return [part for part in dict.fromkeys(parts) if part.is_wanted]

    def _lose(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection, self._reading, self._appended = None, None, None
        self._committed.clear()
        self._by_item.clear()

    def _failed(self, event: Mapping[str, Any]) -> ServiceFailed:
        error = event.get("error")
        code = error.get("code") or error.get("type") if isinstance(error, Mapping) else None
        return ServiceFailed(Fault.BROKEN, f"{self._address.place} could not hear: {code or 'it does not say why'}")
