"""Several workers at one address: started, watched, replaced one by one, and stopped together.

Theory of operation. The supervisor opens one listening socket for each slot, all at one address, and the kernel spreads
new connections over them (SO_REUSEPORT). It keeps the sockets for as long as it lives, so a connection that arrives
while a slot's worker is being replaced waits in the socket for the next one.

    STARTING ──► READY ──► LEAVING          a worker; a new one takes the slot's place once it is READY
         └─────────┴──────────┴──► gone     READY and gone: it crashed, and the slot is filled again

SIGHUP replaces all workers, a slot at a time: the old one leaves, with its sessions drained, when the new one listens.
A new one that cannot start ends the replacing, and the others stay. SIGTERM and SIGINT drain all; a second one stops
now. Workers that lose their supervisor drain by themselves.
"""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from socket import socket
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, cast

import structlog

from relay.serving.worker import RETIRE, Assignment, work

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

REFILL_DELAY_S = 1.0
"""How long a slot stays empty after a crash, so that one which cannot start does not keep a core busy."""

_log = structlog.stdlib.get_logger("relay")


class State(Enum):
    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"


class Worker:
    """One worker's process, as its supervisor knows it."""

    def __init__(self, slot: int, assignment: Assignment) -> None:
        context = get_context("spawn")
        self.slot = slot
        self.serial = assignment.serial
        self.state = State.STARTING
        self.control, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(target=work, args=(assignment, theirs), name="relay-worker")
        self.process.start()
        theirs.close()

    def retire(self) -> None:
        """Let it finish its sessions and end; another one has its place."""
        self.state = State.LEAVING
        try:
            self.control.send(RETIRE)
        except BrokenPipeError:  # it is gone already
            return

    def stop(self) -> None:
        """Let it drain; the second time, let it stop now."""
        self.state = State.LEAVING
        self.process.terminate()


class Supervisor:
    """Runs one worker for each listening socket.

    Args:
        listeners: sockets that listen at one address; to be closed by the caller, after `run`.
        assign: makes what a worker is started with, from its serial number and its socket.
        on_ready: is called once, when every slot has a worker that listens.
    """

    def __init__(
        self,
        listeners: Sequence[socket],
        assign: Callable[[int, socket], Assignment],
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._listeners = listeners
        self._assign = assign
        self._on_ready = on_ready
        self._workers: list[Worker] = []
        self._last_serial = 0
        self._refill_at: dict[int, float] = {}
        self._to_replace: list[int] = []
        self._replacing = False
        self._began = False
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Serve until a signal has stopped all workers; returns the exit code. To be called in the main thread."""
        with _signals_as_bytes() as signals:
            for slot in range(len(self._listeners)):
                self._fill(slot)
            while self._workers or self._refill_at:
                self._step(signals)
        return 1 if self._failed else 0

    def _step(self, signals: int) -> None:
        """Wait until something happens, and do what follows from it."""
        follows: dict[Connection | int, Callable[[], None]] = {signals: partial(self._signalled, signals)}
        for worker in self._workers:
            follows[worker.process.sentinel] = partial(self._gone, worker)
            if worker.state is State.STARTING:
                follows[worker.control] = partial(self._spoke, worker)
        next_due = min(self._refill_at.values(), default=None)
        for source in wait(follows, None if next_due is None else max(0.0, next_due - monotonic())):
            follows[cast("Connection | int", source)]()
        for slot, due in list(self._refill_at.items()):
            if due <= monotonic():
                self._fill(slot)

    def _fill(self, slot: int) -> None:
        self._refill_at.pop(slot, None)
        self._last_serial += 1
        self._workers.append(Worker(slot, self._assign(self._last_serial, self._listeners[slot])))

    def _spoke(self, worker: Worker) -> None:
        try:
            worker.control.recv()
        except (EOFError, OSError):  # it ended, which its process tells
            return
        worker.state = State.READY
        for other in self._workers:
            if other.slot == worker.slot and other is not worker and other.state is State.READY:
                other.retire()
        if not self._began and all(each.state is State.READY for each in self._workers):
            self._began = True
            self._on_ready()

    def _gone(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.process.join()
        worker.control.close()
        if worker.state is State.STARTING:
            self._did_not_start(worker)
        elif worker.state is State.READY:
            _log.error("worker.lost", worker=worker.serial, exit_code=worker.process.exitcode)
            self._refill_at[worker.slot] = monotonic() + REFILL_DELAY_S
        else:
            _log.info("worker.left", worker=worker.serial)
            self._replace_next()

    def _did_not_start(self, worker: Worker) -> None:
        if not self._began:
            self._failed = True
            self._stop()
        elif any(other.slot == worker.slot and other.state is State.READY for other in self._workers):
            _log.error("restart.abandoned", worker=worker.serial)
            self._replacing = False
        elif not self._stopping:
            self._refill_at[worker.slot] = monotonic() + REFILL_DELAY_S

    def _signalled(self, signals: int) -> None:
        for signum in os.read(signals, 64):
            if signum == signal.SIGHUP:
                self._replace_all()
            else:
                self._stop()

    def _replace_all(self) -> None:
        if self._began and not self._stopping and not self._replacing:
            _log.info("restart.started", workers=len(self._listeners))
            self._replacing = True
            self._to_replace = list(range(len(self._listeners)))
            self._replace_next()

    def _replace_next(self) -> None:
        if not self._replacing or self._stopping:
            return
        if self._to_replace:
            self._fill(self._to_replace.pop(0))
        else:
            self._replacing = False
            _log.info("restart.finished")

    def _stop(self) -> None:
        self._stopping = True
        self._refill_at.clear()
        for worker in self._workers:
            worker.stop()


@contextmanager
def _signals_as_bytes() -> Iterator[int]:
    """Turn the signals that a supervisor minds into bytes to be read from the yielded descriptor."""

    def ignore(_: int, __: FrameType | None) -> None:
        """The wake-up descriptor says it."""

    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    minded = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {signum: signal.signal(signum, ignore) for signum in minded}
    wakeup_before = signal.set_wakeup_fd(writing)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for signum, handler in before.items():
            signal.signal(signum, handler)
        os.close(reading)
        os.close(writing)
