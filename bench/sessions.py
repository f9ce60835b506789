"""The load generator's sessions: each sends stamped appends and checks every byte that comes back."""

import array
import asyncio
import ssl
from collections.abc import Iterable
from time import monotonic_ns

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.wire import Script, Stamp
from relay.core.binary_audio import SUBPROTOCOL

_CONNECTING_AT_ONCE = 32
_CLOSE_TIMEOUT_S = 5.0
_BESIDE = (b'{"type":"relay.', b'{"type":"input_audio_buffer.speech_')
"""What comes where it was asked for, and brings no answer."""


class Ledger:
    """What all sessions of one process have sent and got.

    Attributes:
        round_trips_ns: from an append's sending to the arrival of each delta that answers it, in order of arrival.
        sent: appends.
        due: deltas that those appends must bring.
        wrong: messages that were not what must come next.
        updated: how many `session.updated` came: one a session where the contestant injects.
        cut: sessions that ended without our asking.
    """

    def __init__(self) -> None:
        self.round_trips_ns = array.array("q")
        self.sent = 0
        self.due = 0
        self.wrong = 0
        self.updated = 0
        self.cut = 0

    @property
    def missing(self) -> int:
        """Deltas that have not come yet."""
        return self.due - len(self.round_trips_ns)


class LoadSession(WSListener):
    """One session.

    Args:
        first_sequence: where its count starts, so that not all are answered at the same time.

    Attributes:
        created: done when the upstream's greeting has come.
        answered: set when a delta has come.
    """

    def __init__(self, script: Script, ledger: Ledger, first_sequence: int = 0) -> None:
        self.created = asyncio.get_running_loop().create_future()
        self.answered = asyncio.Event()
        self._talk = script.talk
        self._form = WSMsgType.BINARY if script.talk.in_bytes else WSMsgType.TEXT
        self._ledger = ledger
        self._append = script.append
        self._deltas = script.deltas
        self._created, self._updated = script.created, script.updated
        self._sequence = first_sequence
        self._answers = script.talk.answers(first_sequence)
        self._next_answer = next(self._answers)
        self._transport: WSTransport
        self._closing = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            self._on_event(frame.get_payload_as_bytes())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        if not self._closing:
            self._ledger.cut += 1

    def send_append(self) -> None:
        """Send the next append."""
        self._transport.send(self._form, self._append.write(Stamp(self._sequence, monotonic_ns())))
        self._ledger.sent += 1
        if self._talk.is_answered(self._sequence):
            self._ledger.due += len(self._talk.delta_bytes)
        self._sequence += 1

    async def close(self) -> None:
        """Close with 1000 and wait for the end of the connection.

        Raises:
            TimeoutError: the other end did not close within 5 s.
        """
        self._closing = True
        self._transport.send_close(WSCloseCode.OK)
        await asyncio.wait_for(self._transport.wait_disconnected(), _CLOSE_TIMEOUT_S)

    def hang_up(self) -> None:
        """Leave without a word."""
        self._closing = True
        self._transport.disconnect(graceful=False)

    def _on_event(self, event: bytes) -> None:
        sequence, part, size = self._next_answer
        stamp = self._deltas[size].read(event)
        if stamp is None:
            self._on_other(event)
            return
        if stamp.sequence != sequence or stamp.part != part:
            self._ledger.wrong += 1
        self._ledger.round_trips_ns.append(monotonic_ns() - stamp.sent_ns)
        self._next_answer = next(self._answers)
        self.answered.set()

    def _on_other(self, event: bytes) -> None:
        if event == self._created and not self.created.done():
            self.created.set_result(None)
        elif event == self._updated:
            self._ledger.updated += 1
        elif not event.startswith(_BESIDE):
            self._ledger.wrong += 1


class Dialler:
    """Opens sessions at one address.

    Args:
        trusted: a PEM file whose certificate a `wss://` address may show.
    """

    def __init__(self, url: str, trusted: str | None) -> None:
        self._url = url
        self._context = ssl.create_default_context(cafile=trusted) if trusted else None

    async def open(self, script: Script, ledger: Ledger, first_sequence: int = 0) -> LoadSession:
        """Open one session and wait for its greeting.

        Raises:
            OSError, WSError, TimeoutError: it cannot be opened, or is not greeted.
        """
        _, listener = await ws_connect(
            lambda: LoadSession(script, ledger, first_sequence),
            self._url,
            ssl_context=self._context,
            extra_headers={"Sec-WebSocket-Protocol": SUBPROTOCOL} if script.talk.in_bytes else None,
        )
        assert isinstance(listener, LoadSession)
        await asyncio.wait_for(listener.created, timeout=10)
        return listener

    async def open_many(self, count: int, script: Script, ledger: Ledger) -> list[LoadSession]:
        """Open that many sessions, some at once, their counts spread over the talk's rhythm.

        Raises:
            OSError, WSError, TimeoutError: one of them cannot be opened.
        """
        turn = asyncio.Semaphore(_CONNECTING_AT_ONCE)

        async def open_one(index: int) -> LoadSession:
            async with turn:
                return await self.open(script, ledger, index % script.talk.answer_every)

        return await asyncio.gather(*(open_one(index) for index in range(count)))


async def close_all(sessions: Iterable[LoadSession]) -> None:
    """Close sessions, some at once.

    Raises:
        TimeoutError: one of them was left open by the other end.
    """
    turn = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def close_one(session: LoadSession) -> None:
        async with turn:
            await session.close()

    await asyncio.gather(*(close_one(session) for session in sessions))
