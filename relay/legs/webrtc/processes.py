"""Processes that hold media ends: started, watched, given calls, and started again when one is gone.

    STARTING ──► live ──► gone ──► resting ──► STARTING        one place, of `webrtc.workers`

A call goes to the live process that has the fewest. One that crashes, or answers nothing for ten seconds and is killed,
takes its own calls along, and nothing else. Its place is filled again after a second, and later and later while that
goes on: a packet that crashes the library must not keep a core busy with starting.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from signal import Signals
from socket import socketpair
from time import monotonic
from typing import Literal, cast

import orjson

from relay.legs.webrtc.media import MediaLost, Network
from relay.legs.webrtc.process_end import ProcessEnd
from relay.legs.webrtc.process_wire import Kind, Notes, written

LOOK_S = 1.0
"""How often a process is asked for a sign of life."""

MOST_SILENT_LOOKS = 10
"""So often it may give none. Looks are counted, not seconds: a relay that was held up itself has looked once."""

START_LIMIT_S = 120.0
"""How long one may take to start; on a busy machine the imports alone take seconds."""

READY_WITHIN_S = 10.0
"""How long a call waits for a process: its client waits for an answer."""

LEAVE_WITHIN_S = 5.0
"""How long one may take to let go of its calls, before it is killed."""

CALM_S = 60.0
"""A process that held for so long is not one of a series of crashes."""

FIRST_REST_S, LONGEST_REST_S = 1.0, 30.0

PASSED_ON = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
"""What such a process has of the environment: no key, no token."""


ADVICE = (
    "WebSocket sessions go on, and the calls that were lost can be made anew. What the library said is on standard "
    "error. Where this goes on, look for a newer wrtc, or set webrtc.engine to aiortc"
)
"""What an operator is told when one is lost."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A process that is gone before its time.

    Attributes:
        exit: how it ended: the signal's name, the exit code, or why it could not be started.
        calls: how many it took along.
    """

    reason: Literal["crashed", "hung"]
    pid: int
    exit: str
    calls: int


class MediaProcess(asyncio.Protocol):
    """One that runs.

    Attributes:
        gone: is done when it has let go of the socket.
        ready: is done when it takes calls.
        was_silent: it was killed for that.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        loop = asyncio.get_running_loop()
        self._process = process
        self._ends: dict[int, ProcessEnd] = {}
        self._last_call = 0
        self._notes = Notes()
        self._transport: asyncio.Transport | None = None
        self._unanswered = 0
        self._began_at = monotonic()
        self.gone: asyncio.Future[None] = loop.create_future()
        self.ready: asyncio.Future[None] = loop.create_future()
        self.was_silent = False

    def __len__(self) -> int:
        return len(self._ends)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_live(self) -> bool:
        """Whether it takes calls."""
        return self.ready.done() and not self.gone.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unanswered = 0
        for note in self._notes.feed(data):
            if note.kind is Kind.READY:
                self.ready.set_result(None)
            elif (end := self._ends.get(note.call)) is not None:
                end.take(note)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.gone.done():
            self.gone.set_result(None)

    def adopt(self, end: ProcessEnd) -> int:
        """Have it hold this call, whose number is returned."""
        self._last_call += 1
        self._ends[self._last_call] = end
        return self._last_call

    def forget(self, call: int) -> None:
        self._ends.pop(call, None)

    def tell(self, kind: Kind, call: int, payload: bytes = b"") -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(written(kind, call, payload))

    async def watch(self, look_s: float) -> None:
        """Wait until it is gone, and see to it that this is so when it gives no sign of life."""
        while not self.gone.done():
            self.tell(Kind.PING, 0)
            await asyncio.wait({self.gone}, timeout=look_s)
            if not self.gone.done() and self._is_silent():
                self.was_silent = True
                self._process.kill()

    def _is_silent(self) -> bool:
        if not self.ready.done():
            return monotonic() - self._began_at > START_LIMIT_S
        self._unanswered += 1
        return self._unanswered > MOST_SILENT_LOOKS

    async def end(self, within_s: float) -> tuple[str, int]:
        """Wait for its exit, or kill it; how it ended, and how many calls it took along."""
        if self._transport is None:
            self._process.kill()
        else:
            self._transport.close()
        lost = [*self._ends.values()]
        self._ends.clear()
        for end in lost:
            end.lost()
        waiting = asyncio.ensure_future(asyncio.to_thread(self._process.wait))
        await asyncio.wait({waiting}, timeout=within_s)
        if not waiting.done():
            self._process.kill()
        return _spelled(await waiting), len(lost)


class MediaProcesses:
    """The processes of one relay.

    Args:
        count: how many.
        tell_loss: is told of each that is gone before its time, and after how many seconds its place is filled again.
        look_s: how often each is asked for a sign of life.
    """

    def __init__(
        self,
        count: int,
        engine: str,
        network: Network,
        tell_loss: Callable[[Loss, float], None],
        look_s: float = LOOK_S,
    ) -> None:
        self._count = count
        self._look_s = look_s
        ports = None if network.ports is None else [*network.ports]
        self._options = orjson.dumps({"engine": engine, "ports": ports}).decode()
        self._tell_loss = tell_loss
        self._running: set[MediaProcess] = set()
        self._keeping: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()

    @property
    def pids(self) -> list[int]:
        """Of those that take calls."""
        return [process.pid for process in self._running if process.is_live]

    def start(self) -> None:
        """Have them all started; once is enough."""
        if not self._keeping:
            self._keeping = [asyncio.create_task(self._keep()) for _ in range(self._count)]

    async def adopt(self, end: ProcessEnd) -> tuple[MediaProcess, int]:
        """The live process with the fewest calls, and this call's number there.

        Raises:
            MediaLost: none has come to life in time.
        """
        self.start()
        deadline = monotonic() + READY_WITHIN_S
        while not (live := [process for process in self._running if process.is_live]):
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), deadline - monotonic())
            except TimeoutError:
                raise MediaLost from None
        process = min(live, key=len)
        return process, process.adopt(end)

    async def close(self) -> None:
        """End them all; calls that are still open end with them."""
        for keeping in self._keeping:
            keeping.cancel()
        if self._keeping:
            await asyncio.wait(self._keeping)
        await asyncio.gather(*(process.end(LEAVE_WITHIN_S) for process in self._running))
        self._running.clear()

    async def _keep(self) -> None:
        rest_s = FIRST_REST_S / 2
        while True:
            began_at = monotonic()
            try:
                how = await self._run()
            except OSError as why:  # the system has no room for another process
                how = Loss("crashed", 0, str(why), 0)
            rest_s = FIRST_REST_S if monotonic() - began_at > CALM_S else min(LONGEST_REST_S, 2 * rest_s)
            self._tell_loss(how, rest_s)
            await asyncio.sleep(rest_s)

    async def _run(self) -> Loss:
        process = await self._start()
        await process.watch(self._look_s)
        self._running.discard(process)
        exit_, calls = await process.end(LEAVE_WITHIN_S)
        return Loss("hung" if process.was_silent else "crashed", process.pid, exit_, calls)

    async def _start(self) -> MediaProcess:
        ours, theirs = socketpair()
        with theirs:
            process = MediaProcess(_launched(theirs.fileno(), self._options))
        self._running.add(process)
        process.ready.add_done_callback(lambda _: self._changed.set())
        await asyncio.get_running_loop().create_unix_connection(lambda: process, sock=ours)
        return process


def _launched(descriptor: int, options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-P", "-m", "relay.legs.webrtc.process_host", str(descriptor), options]
    return subprocess.Popen(  # noqa: S603 - this very Python, with arguments of our own
        command, env=_environment(), stdin=subprocess.DEVNULL, pass_fds=[descriptor]
    )


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed_on | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _spelled(exit_code: int) -> str:
    return Signals(-exit_code).name if exit_code < 0 else str(exit_code)
