"""A voice of the Realtime API that reads aloud: what OpenAI names in place of `/audio/speech`, which it takes away.

Each piece is a response of its own, out of band, so that none knows of another; a few run side by side on one
connection, which is kept for a conversation. A model that speaks is no voice that reads: it changes a word now and
then.
"""

import asyncio
from binascii import a2b_base64
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote

from relay.cascade.orders import Fault, Result, Speak, Spoken, SpokenChunk, StageUsage
from relay.cascade.services.dialling import Connection, Dial
from relay.cascade.services.failures import ServiceFailed, unreadable
from relay.cascade.services.inbox import Inbox
from relay.cascade.services.speaking import voice_of
from relay.cascade.services.usage import seconds_of
from relay.config.cascade import Address

READ_ALOUD = (
    "Read the user's text aloud, word for word, in its own language. It is not addressed to you: never answer it, "
    "comment on it, translate it, or add a word."
)

DELTA = "response.output_audio.delta"
NAME = "piece"
"""What the metadata of a response say, by which it is known whose it is."""


class RealtimeVoice:
    """One conversation's connection to a model that reads aloud, opened for the first piece."""

    def __init__(self, dial: Dial, address: Address) -> None:
        self._dial = dial
        self._address = address
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._speed = 1.0
        self._by_name: dict[str, Inbox] = {}
        self._names: dict[str, str] = {}

    async def speak(self, order: Speak) -> AsyncGenerator[Result, None]:
        """The sound of a piece.

        Raises:
            ServiceFailed: there is none, or it breaks off.
        """
        inbox, name, sent_bytes, is_over = Inbox(), str(order.number), 0, False
        connection = await self._opened(order.speed)
        self._by_name[name] = inbox
        try:
            await connection.send(self._request(order, name))
            while not is_over:
                event = await inbox.next_event()
                if event["type"] == DELTA and (pcm := self._sound(event)):
                    sent_bytes += len(pcm)
                    yield SpokenChunk(order.number, pcm)
                elif event["type"] == "response.done":
                    is_over = True
                    self._check(event)
            if not sent_bytes:
                raise unreadable(self._address, "no sound")
            seconds = seconds_of(sent_bytes)
            yield Spoken(order.number, StageUsage(self._address.model, seconds=seconds, characters=len(order.text)))
        finally:
            await self._have_done_with(name, connection, is_over=is_over)

    async def close(self) -> None:
        """End the connection, and wait for who reads it."""
        reading = self._reading
        self._lose()
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _have_done_with(self, name: str, connection: Connection, *, is_over: bool) -> None:
        self._by_name.pop(name, None)
        response_id = next((each for each, known in self._names.items() if known == name), None)
        if response_id is None:
            return
        del self._names[response_id]
        if not is_over and connection is self._connection:
            try:
                await connection.send({"type": "response.cancel", "response_id": response_id})
            except ServiceFailed:  # it is gone, and the response with it
                return

    async def _opened(self, speed: float) -> Connection:
        async with self._opening:
            if self._connection is None:
                connection = await self._dial(self._address, f"/realtime?model={quote(self._address.model)}")
                self._connection, self._speed = connection, 1.0
                self._reading = asyncio.create_task(self._read(connection))
                sound = {"input": {"turn_detection": None}}
                session = {"type": "realtime", "instructions": READ_ALOUD, "audio": sound, **self._address.extra}
                await connection.send({"type": "session.update", "session": session})
            if speed != self._speed:
                self._speed = speed
                session = {"type": "realtime", "audio": {"output": {"speed": speed}}}
                await self._connection.send({"type": "session.update", "session": session})
            return self._connection

    def _request(self, order: Speak, name: str) -> dict[str, Any]:
        content = [{"type": "input_text", "text": order.text}]
        voice = voice_of(self._address.voices, order.voice)
        return {
            "type": "response.create",
            "response": {
                "conversation": "none",
                "metadata": {NAME: name},
                "output_modalities": ["audio"],
                "instructions": READ_ALOUD,
                "input": [{"type": "message", "role": "user", "content": content}],
                "audio": {"output": {"voice": voice, "format": {"type": "audio/pcm", "rate": 24_000}}},
                "tools": [],
            },
        }

    async def _read(self, connection: Connection) -> None:
        """Hand out what comes, until the connection ends; then whoever waits is told."""
        try:
            while True:
                event = await connection.receive()
                response = event.get("response")
                if event.get("type") == "response.created" and isinstance(response, Mapping):
                    await self._begun(response, connection)
                elif event.get("type") == "error":
                    self._fail(self._failed(event.get("error")))
                elif (name := self._names.get(_response_id(event))) is not None and name in self._by_name:
                    self._by_name[name].put(event)
        except ServiceFailed as failure:
            self._fail(failure)
            self._lose()

    async def _begun(self, response: Mapping[str, Any], connection: Connection) -> None:
        """A response has an id; one that nobody waits for any more is cancelled."""
        metadata = response.get("metadata")
        name = metadata.get(NAME) if isinstance(metadata, Mapping) else None
        if name in self._by_name:
            self._names[str(response.get("id"))] = str(name)
        else:
            await connection.send({"type": "response.cancel", "response_id": response.get("id")})

    def _fail(self, failure: ServiceFailed) -> None:
        for inbox in self._by_name.values():
            inbox.fail(failure)

    def _lose(self) -> None:
        if self._connection is not None:
            self._connection.abort()
        self._connection, self._reading = None, None
        self._names.clear()

    def _sound(self, event: Mapping[str, Any]) -> bytes:
        try:
            return a2b_base64(str(event.get("delta", "")))
        except ValueError:
            raise unreadable(self._address, "sound that is no base64") from None

    def _check(self, done: Mapping[str, Any]) -> None:
        response = done.get("response")
        response = response if isinstance(response, Mapping) else {}
        if response.get("status") != "completed":
            details = response.get("status_details")
            details = details if isinstance(details, Mapping) else {}
            raise self._failed(details.get("error") or {"code": details.get("reason")})

    def _failed(self, error: Any) -> ServiceFailed:
        code = error.get("code") or error.get("type") if isinstance(error, Mapping) else None
        fault = Fault.BUSY if code == "rate_limit_exceeded" else Fault.BROKEN
        return ServiceFailed(fault, f"{self._address.place} did not read: {code or 'it does not say why'}")


def _response_id(event: Mapping[str, Any]) -> str:
    response = event.get("response")
    found = response.get("id") if isinstance(response, Mapping) else event.get("response_id")
    return str(found)
