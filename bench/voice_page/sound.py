"""What was heard and played, judged sample by sample."""

import numpy as np
from numpy.typing import NDArray

from tests.fakes.browser import RATE, Samples

JUMP = 0.02
"""How far from a sine a sample may lie, as a share of the tone's peak: rounding is a hundredth of that."""


def loudest(samples: Samples, seconds: float) -> Samples:
    """The stretch of this length that holds the most energy."""
    energy = np.concatenate([[0.0], np.cumsum(samples.astype(float) ** 2)])
    length = int(seconds * RATE)
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return samples[start : start + length]


def frequency(samples: Samples) -> float:
    """The frequency in Hz of the strongest tone: the peak of the windowed spectrum, between its bins."""
    spectrum = np.log(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) + 1e-9)
    peak = int(np.argmax(spectrum[1:-1])) + 1
    before, top, after = spectrum[peak - 1 : peak + 2]
    between = 0.5 * (before - after) / (before - 2 * top + after)
    return float((peak + between) * RATE / len(samples))


def sounding(samples: Samples) -> Samples:
    """Without the silence before and after."""
    loud = np.flatnonzero(np.abs(samples) > 0)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples[:0]


def discontinuities(samples: Samples, hertz: float, fade_s: float = 0.01) -> int:
    """How many samples do not go on as a sine of this frequency does, but for the fades at both ends."""
    return len(breaks(samples, hertz, fade_s))


def breaks(samples: Samples, hertz: float, fade_s: float = 0.01) -> NDArray[np.intp]:
    """Where samples do not go on as a sine does, as their places in what sounds.

    Each sample of a sine follows from the two before it: x[n+1] = 2 cos(w) x[n] - x[n-1].
    """
    fade = int(fade_s * RATE)
    inner = sounding(samples)[fade:-fade].astype(float)
    expected = 2 * np.cos(2 * np.pi * hertz / RATE) * inner[1:-1] - inner[:-2]
    if len(inner) <= 2:
        return np.array([], np.intp)
    return np.flatnonzero(np.abs(inner[2:] - expected) > JUMP * np.abs(inner).max())
