"""What Smart Turn's model wants to see of a turn: the log-mel spectrogram that Whisper's models take, of its last 8 s.

Frames of 25 ms every 10 ms, 80 bands on Slaney's mel scale, logarithms within 80 dB of the loudest, scaled to about ±1.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

RATE = 16_000
SECONDS = 8
WINDOW = 400
HOP = 160
BANDS = 80

_LINEAR_HZ, _LINEAR_MELS = 1000.0, 15.0
"""Below, the scale is linear, three mels to 200 Hz; above, 27 mels are a factor of 6.4."""


class Features:
    """Makes spectrograms. What it takes to make one is made once."""

    def __init__(self) -> None:
        import numpy as np  # noqa: PLC0415 - 20 MB, for who has a cascade

        self._np: Any = np
        self._window: Any = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
        self._bands = _mel_bands()

    def of(self, samples: "np.ndarray") -> "np.ndarray":
        """The spectrogram of a turn at 16 kHz: 80 bands, 800 frames; what is missing of 8 s is silence before it."""
        numpy = self._np
        wanted = RATE * SECONDS
        turn = numpy.zeros(wanted, dtype=numpy.float64)
        last = samples[-wanted:]
        turn[wanted - len(last) :] = last
        turn = (turn - turn.mean()) / numpy.sqrt(turn.var() + 1e-7)
        padded = numpy.pad(turn, WINDOW // 2, mode="reflect")
        frames = numpy.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:-1]
        power = numpy.abs(numpy.fft.rfft(frames * self._window, axis=1)) ** 2
        levels = numpy.log10(numpy.maximum(self._bands @ power.T, 1e-10))
        levels = numpy.maximum(levels, levels.max() - 8)
        scaled: np.ndarray = ((levels + 4) / 4).astype(numpy.float32)
        return scaled


def _mel_bands() -> "np.ndarray":
    """Triangles over the spectrum, evenly spaced in mels, each of the same area."""
    import numpy as np  # noqa: PLC0415 - 20 MB, loaded by now

    step = np.log(6.4) / 27
    most = _LINEAR_MELS + np.log(RATE / 2 / _LINEAR_HZ) / step
    mels = np.linspace(0, most, BANDS + 2)
    corners = np.where(mels < _LINEAR_MELS, mels * 200 / 3, _LINEAR_HZ * np.exp(step * (mels - _LINEAR_MELS)))
    hertz = np.linspace(0, RATE / 2, WINDOW // 2 + 1)
    low, middle, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    triangles = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    return np.asarray(triangles * 2 / (high - low))
