"""Several workers at one address: started, watched, replaced one by one, and stopped together.

Theory of operation. The supervisor opens one listening socket for each slot, all at one address, and the kernel spreads
new connections over them (SO_REUSEPORT). It keeps the sockets for as long as it lives, so a connection that arrives
while a slot's worker is being replaced waits in the socket for the next one.

    STARTING ──► READY ──► LEAVING          a worker; a new one takes the slot's place once it is READY
         └─────────┴──────────┴──► gone     READY and gone: it crashed, and the slot is filled again

SIGHUP replaces all workers, a slot at a time: the old one leaves, with its sessions drained, when the new one listens.
A new one that cannot start ends the replacing, and the others stay. SIGTERM and SIGINT drain all; a second one stops
now. A worker that hangs is killed, whatever it was told: see `Patience`. Workers that lose their supervisor drain by
themselves.

Where it can, a worker is a copy of its supervisor (fork): it begins in some milliseconds, and shares the memory of what
has been imported. What it must not share, it leaves behind: the handlers of signals, the other slots' sockets, and the
supervisor's ends of all pipes, by whose closing workers learn that it is gone.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from socket import socket
from time import monotonic
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import structlog

from relay.serving.patience import Patience
from relay.serving.process_manager import READY, STOPPING, reloading, tell_manager
from relay.serving.worker import RETIRE, Assignment, CannotStart, Listens, work

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

FORKS = sys.platform == "linux"
"""Elsewhere, system libraries may not stand it."""

MINDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that the supervisor answers to."""

REFILL_DELAY_S = 1.0
"""How long a slot stays empty after a crash, so that one which cannot start does not keep a core busy."""

LOOK_S = 1.0
"""How often it is looked for workers that hang."""

MEND_AND_REPEAT = "the workers go on as they are; mend what the reason says, then send SIGHUP again"

_log = structlog.stdlib.get_logger("relay")


class State(Enum):
    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"


class Worker:
    """One worker's process, as its supervisor knows it.

    Args:
        leave_behind: closes what a copy of the supervisor must not keep.

    Attributes:
        failure: why it ends before its time, where that is known.
    """

    def __init__(self, slot: int, assignment: Assignment, leave_behind: Sequence[Callable[[], None]]) -> None:
        context = get_context("fork") if FORKS else get_context("spawn")
        self.slot = slot
        self.serial = assignment.serial
        self.state = State.STARTING
        self.failure: str | None = None
        self._told_to_stop = self._killed = False
        self.control, theirs = context.Pipe()
        self._patience = Patience(monotonic())
        self._sign_of_life = context.RawValue("d", monotonic())
        arguments = (assignment, theirs, self._sign_of_life)
        self.process: BaseProcess
        if FORKS:
            left = (*leave_behind, self.control.close)
            self.process = context.Process(target=_work_as_copy, args=(left, *arguments), name="relay-worker")
        else:
            self.process = context.Process(target=work, args=arguments, name="relay-worker")
        with _held_back(MINDED):
            self.process.start()
        theirs.close()

    def listens(self, drain_timeout_s: float) -> None:
        """It has said so."""
        self.state = State.READY
        self._patience.listens(drain_timeout_s)

    def retire(self) -> None:
        """Let it finish its sessions and end; another one has its place."""
        self.state = State.LEAVING
        self._patience.leaves(monotonic())
        try:
            self.control.send(RETIRE)
        except BrokenPipeError:  # it is gone already
            return

    def stop(self) -> None:
        """Let it drain, if it does not yet; the second time, let it stop now."""
        if self._told_to_stop:
            self._patience.leaves_now(monotonic())
            self.process.terminate()
        elif self.state is not State.LEAVING:
            self._patience.leaves(monotonic())
            self.process.terminate()
        self._told_to_stop = True
        self.state = State.LEAVING

    def kill_if_lost(self) -> None:
        """Kill it where there is nothing to be waited for; its process tells that it is gone."""
        reason = self._patience.lost(monotonic(), self._sign_of_life.value)
        if reason is not None and not self._killed:
            self._killed = True
            self.failure = reason
            _log.error("worker.killed", worker=self.serial, reason=reason)
            self.process.kill()


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
        self._replacing: int | None = None
        self._last_before_restart = 0
        self._began = False
        self._stopping = False
        self._failed = False

    def run(self) -> int:
        """Serve until a signal has stopped all workers; returns the exit code. To be called in the main thread."""
        gc.freeze()  # so that no collection in a worker writes to what it shares with the others
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
        next_look = monotonic() + LOOK_S
        next_due = min(self._refill_at.values(), default=next_look)
        for source in wait(follows, max(0.0, min(next_due, next_look) - monotonic())):
            follows[cast("Connection | int", source)]()
        for worker in self._workers:
            worker.kill_if_lost()
        for slot, due in list(self._refill_at.items()):
            if due <= monotonic():
                self._fill(slot)

    def _fill(self, slot: int) -> None:
        self._refill_at.pop(slot, None)
        self._last_serial += 1
        mine = self._listeners[slot]
        others = [listener.close for listener in self._listeners if listener is not mine]
        pipes = [worker.control.close for worker in self._workers]
        self._workers.append(Worker(slot, self._assign(self._last_serial, mine), (*others, *pipes)))

    def _spoke(self, worker: Worker) -> None:
        try:
            said: Listens | CannotStart = worker.control.recv()
        except (EOFError, OSError):  # it ended, which its process tells
            return
        if isinstance(said, CannotStart):
            worker.failure = said.reason
            return
        worker.listens(said.drain_timeout_s)
        before = self._others(worker, State.READY)
        for other in before:
            other.retire()
        if not before:  # it has gone meanwhile, or there was none
            self._replaced(worker.slot)
        if not self._began and all(each.state is State.READY for each in self._workers):
            self._began = True
            self._on_ready()

    def _gone(self, worker: Worker) -> None:
        if worker.state is State.STARTING and worker.control.poll():
            self._spoke(worker)  # its last words
        self._workers.remove(worker)
        worker.process.join()
        worker.control.close()
        if worker.state is State.STARTING:
            self._did_not_start(worker)
        elif worker.state is State.READY:
            _log.error("worker.lost", worker=worker.serial, exit_code=worker.process.exitcode)
            self._refill(worker)
        else:
            _log.info("worker.left", worker=worker.serial)
            self._replaced(worker.slot)

    def _did_not_start(self, worker: Worker) -> None:
        reason = worker.failure or f"it ended with exit code {worker.process.exitcode} before it listened"
        if not self._began:
            if not self._failed:
                _log.error("start.failed", reason=reason)
            self._failed = True
            self._stop()
            return
        if self._replacing == worker.slot:
            self._abandon(reason, MEND_AND_REPEAT)
        else:
            _log.error("worker.failed", worker=worker.serial, reason=reason)
        self._refill(worker)

    def _refill(self, worker: Worker) -> None:
        """Let another worker have the place of this one, unless one has it or is about to."""
        if not self._stopping and not self._others(worker, State.READY, State.STARTING):
            self._refill_at[worker.slot] = monotonic() + REFILL_DELAY_S

    def _others(self, worker: Worker, *states: State) -> list[Worker]:
        """The other workers of its slot in these states."""
        return [
            each for each in self._workers if each.slot == worker.slot and each is not worker and each.state in states
        ]

    def _signalled(self, signals: int) -> None:
        for signum in os.read(signals, 64):
            if signum == signal.SIGHUP:
                self._replace_all()
            else:
                self._stop()

    def _replace_all(self) -> None:
        if self._stopping:
            _log.warning("restart.ignored", reason="the relay stops")
        elif not self._began or self._replacing is not None:
            _log.warning("restart.ignored", reason="not all workers listen yet; send SIGHUP again when they do")
        else:
            _log.info("restart.started", workers=len(self._listeners))
            tell_manager(reloading())
            self._last_before_restart = self._last_serial
            self._to_replace = list(range(len(self._listeners)))
            self._replace_next()

    def _replace_next(self) -> None:
        self._replacing = self._to_replace.pop(0) if self._to_replace else None
        if self._replacing is None:
            _log.info("restart.finished")
            tell_manager(READY)
        else:
            self._fill(self._replacing)

    def _replaced(self, slot: int) -> None:
        """This slot has its new worker alone; go on with the next if it is the one that is being replaced."""
        if self._replacing == slot and not self._stopping:
            self._replace_next()

    def _abandon(self, reason: str, advice: str) -> None:
        """End the replacing half-way, and say where that leaves the workers and what to do."""
        self._replacing = None
        listening = sorted(each.serial for each in self._workers if each.state is State.READY)
        _log.error(
            "restart.abandoned",
            reason=reason,
            with_new_settings=[serial for serial in listening if serial > self._last_before_restart],
            as_before=[serial for serial in listening if serial <= self._last_before_restart],
            advice=advice,
        )
        tell_manager(READY)

    def _stop(self) -> None:
        if self._replacing is not None:
            self._abandon("a signal stops the relay", "start it again with the new settings")
        self._stopping = True
        tell_manager(STOPPING)
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
    before = {signum: signal.signal(signum, ignore) for signum in MINDED}
    wakeup_before = signal.set_wakeup_fd(writing)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(wakeup_before)
        for signum, handler in before.items():
            signal.signal(signum, handler)
        os.close(reading)
        os.close(writing)


@contextmanager
def _held_back(signals: Sequence[signal.Signals]) -> Iterator[None]:
    """Let signals wait, here and in a copy of this process that is made meanwhile."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work_as_copy(leave_behind: Sequence[Callable[[], None]], assignment: Assignment, *arguments: Any) -> None:
    """Be a worker, in a copy of the supervisor."""
    signal.set_wakeup_fd(-1)
    for signum in MINDED:
        signal.signal(signum, signal.default_int_handler if signum is signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, MINDED)
    for leave in leave_behind:
        leave()
    work(assignment, *arguments)
