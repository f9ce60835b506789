"""Sound, judged sample by sample."""

import numpy as np
import pytest

from bench.voice_page.sound import discontinuities, frequency, loudest, sounding
from tests.fakes.browser import RATE, silence, tone


@pytest.mark.parametrize("hertz", [440.0, 997.3, 1000.0])
def test_a_frequency_is_found_between_the_bins(hertz: float) -> None:
    """Half a second tells a tone's frequency to a tenth of a hertz."""
    assert abs(frequency(tone(0.5, hertz)) - hertz) < 0.1


def test_the_loudest_stretch_is_found() -> None:
    """The stretch with the most energy is cut out of what is quieter before and after."""
    samples = np.concatenate([tone(1, peak=100), tone(0.5), silence(1)])
    assert np.abs(loudest(samples, 0.5)).min() == 0
    assert (loudest(samples, 0.5) == tone(0.5)).all()


def test_silence_around_a_sound_does_not_count() -> None:
    """What was recorded before and after an answer is no part of it; where nothing sounded, nothing is left."""
    assert len(sounding(np.concatenate([silence(0.3), tone(1, 1001), silence(0.2)]))) == pytest.approx(RATE, abs=30)
    assert len(sounding(silence(1))) == 0


def test_a_whole_tone_has_no_discontinuity() -> None:
    """Rounding to 16 bits and the fades at both ends are none."""
    assert discontinuities(tone(2), 1000) == 0
    assert discontinuities(silence(1), 1000) == 0


@pytest.mark.parametrize("lost", [1, 5, 479])
def test_lost_samples_are_a_discontinuity(lost: int) -> None:
    """Even one sample that is missing is found."""
    whole = tone(1)
    assert discontinuities(np.concatenate([whole[:9000], whole[9000 + lost :]]), 1000) >= 1


def test_a_gap_is_a_discontinuity() -> None:
    """Silence in the middle of a tone is found."""
    whole = tone(1)
    assert discontinuities(np.concatenate([whole[:9000], silence(0.01), whole[9000:]]), 1000) >= 1
