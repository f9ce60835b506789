"""relay.cascade.ears.energy"""

import asyncio

import pytest

from relay.cascade.ears import FRAME_BYTES, EnergyEars
from relay.cascade.ears.energy import likelihood
from tests.fakes.sounds import silence, tone


@pytest.mark.parametrize(
    ("frame", "about"), [(silence(32), 0.0), (tone(32, loudness=463), 0.5), (tone(32, loudness=20_000), 1.0)]
)
def test_the_louder_the_likelier(frame, about) -> None:
    """Silence is no speech, -40 dBFS is speech by half, and a shout is."""
    assert likelihood(frame) == pytest.approx(about, abs=0.02)


async def test_each_frame_is_told() -> None:
    """Each frame has its own answer, later, with the stretch that it belongs to, until the ear is closed."""
    told: list[tuple[int, int]] = []
    ears = EnergyEars()
    ear = ears.open(lambda stretch, found: told.append((stretch, len(found))))
    ear.hear(3, bytes(5 * FRAME_BYTES))
    assert told == []
    await asyncio.sleep(0)
    assert told == [(3, 5)]
    ear.hear(3, bytes(FRAME_BYTES))
    ear.close()
    await asyncio.sleep(0)
    assert told == [(3, 5)]
    ears.close()
