"""An ear by Silero's model, which tells voices from noise, in one thread for all sessions.

A model holds what it has heard, and is dear (`relay.cascade.ears.models`). So a session has one only while there is
something to hear: it takes it with the first frame that is not silent, and gives it back after a while of silence.
A voice sounds on in the model for up to two frames after it has fallen silent, so of a silent frame it is not believed.
The thread serves one session after the other, a few frames each; what comes far faster than anybody speaks is judged by
its loudness.
"""

import asyncio
import contextvars
import threading
from collections import deque
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from relay.cascade.ears.ear import FRAME_MS, Told, frames_of
from relay.cascade.ears.energy import likelihood
from relay.cascade.ears.models import MODEL_RATE, Model, Models

if TYPE_CHECKING:
    import numpy as np

GATE = 104
"""A frame whose samples are all smaller, below -50 dBFS, holds no voice that a microphone was meant to take."""

RELEASE_FRAMES = 2000 // FRAME_MS
UNLIKELY = 0.1

TURN_FRAMES = 8
"""So many of a session's are listened to before it is another's turn."""

LATE_FRAMES = 30_000 // FRAME_MS
"""When more of a session's wait, it is some thirty times faster than speech."""


class SileroEars:
    """Those of a process. What cannot be loaded is found out where they are made.

    Args:
        models: which the sessions share.

    Raises:
        ImportError, OSError: the extra `cascade` is not installed, or does not run here.
    """

    def __init__(self, models: Models | None = None) -> None:
        self._models = models or Models()
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
        while True:
            with suppress(Empty):
                ear = self._waiting.get(timeout=self._models.wait_s)
                if ear is None:
                    return
                self._serve(ear)
                del ear  # it would be held until another comes
            self._models.let_go()

    def _serve(self, ear: "SileroEar") -> None:
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
            ear.model = self._models.take()
            if ear.model is None:
                return likelihood(pcm)
            ear.model.reset()
        found = float(ear.model.process(frame.data))
        ear.quiet_frames = ear.quiet_frames + 1 if is_silent and found < UNLIKELY else 0
        if ear.quiet_frames >= RELEASE_FRAMES:
            self._give_back(ear)
        return 0.0 if is_silent else found

    def _give_back(self, ear: "SileroEar") -> None:
        model, ear.model, ear.quiet_frames = ear.model, None, 0
        if model is not None:
            self._models.give_back(model)


class SileroEar:
    """One session's.

    Attributes:
        frames: those that wait, each with its stretch.
        model: what listens now; None while it is silent.
        quiet_frames: for how many frames it has been.
    """

    def __init__(self, told: Told, waiting: "SimpleQueue[SileroEar | None]") -> None:
        self.frames: deque[tuple[int, bytes]] = deque()
        self.model: Model | None = None
        self.quiet_frames = 0
        self._told: Told | None = told
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()  # the thread has none of the session's names for its log
        self._stretch: int | None = None
        self._resampler: Any = None
        self._rest: Any = None

    @property
    def is_closed(self) -> bool:
        """Nothing more is wanted."""
        return self._told is None

    def hear(self, stretch: int, pcm: bytes) -> None:
        """Take whole frames."""
        if not self.is_closed:
            self.frames.extend((stretch, frame) for frame in frames_of(pcm))
            self._waiting.put(self)

    def close(self) -> None:
        """Nothing more is told."""
        self._told = None
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
            self._told = None

    def _tell(self, stretch: int, found: list[float]) -> None:
        if self._told is not None:
            self._told(stretch, found)


def _is_silent(pcm: bytes) -> bool:
    """Whether a frame holds no voice. It is asked of the sound itself: a resampler gives it a few samples later."""
    import numpy as np  # noqa: PLC0415 - 20 MB, loaded by now

    samples = np.frombuffer(pcm, dtype="<i2")
    return bool(samples.max() < GATE and samples.min() > -GATE)
