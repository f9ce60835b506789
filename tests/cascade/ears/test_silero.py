"""relay.cascade.ears.silero"""

import asyncio
import gc
import threading
import wave
import weakref
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest
from structlog.testing import capture_logs

from relay.cascade.ears import FRAME_BYTES, SileroEars
from relay.cascade.ears.models import Models
from relay.cascade.ears.silero import LATE_FRAMES, RELEASE_FRAMES
from tests.fakes.sounds import silence, tone

LOUD = tone(32)
QUIET = silence(32)


class Counting:
    """A model that counts what it hears, and says it in hundredths."""

    def __init__(self) -> None:
        self.heard = 0
        self.resets = 0
        self.gate: threading.Event | None = None

    def process(self, data) -> float:
        if self.gate is not None:
            self.gate.wait()
        assert len(data) == 512
        self.heard += 1
        return self.heard / 100 if np.abs(np.frombuffer(data, dtype=np.float32)).max() > 0.01 else 0.0

    def reset(self) -> None:
        self.heard = 0
        self.resets += 1


class Told:
    """What an ear tells."""

    def __init__(self, name: str = "", order: list[str] | None = None) -> None:
        self.found: list[tuple[int, float]] = []
        self._name = name
        self._order = [] if order is None else order
        self._changed = asyncio.Event()

    def __call__(self, stretch, found) -> None:
        self._order.append(self._name)
        self.found += [(stretch, likelihood) for likelihood in found]
        self._changed.set()

    async def until(self, count: int) -> list[tuple[int, float]]:
        while len(self.found) < count:
            self._changed.clear()
            await self._changed.wait()
        return self.found


@pytest.fixture
def models() -> list[Counting]:
    return []


@pytest.fixture
def ears(models) -> Iterator[SileroEars]:
    def load() -> Counting:
        model = Counting()
        models.append(model)
        return model

    ears = SileroEars(Models(load))
    yield ears
    for model in models:
        if model.gate is not None:
            model.gate.set()
    ears.close()


async def test_each_frame_is_told_in_order(ears) -> None:
    """Each frame has its own answer, in order, with the stretch that it belongs to."""
    told = Told()
    ear = ears.open(told)
    ear.hear(1, LOUD * 20)
    assert await told.until(20) == [(1, n / 100) for n in range(1, 21)]


async def test_a_new_stretch_is_heard_anew(ears) -> None:
    """A new stretch of sound is heard as if nothing had been before."""
    told = Told()
    ear = ears.open(told)
    ear.hear(1, LOUD * 3)
    ear.hear(2, LOUD * 2)
    assert await told.until(5) == [(1, 0.01), (1, 0.02), (1, 0.03), (2, 0.01), (2, 0.02)]


async def test_silence_takes_no_model(ears, models) -> None:
    """A session in which it is silent has no model, and one in which it was silent for a while gives its back."""
    first, second = Told(), Told()
    ear, other = ears.open(first), ears.open(second)
    ear.hear(1, QUIET * 5)
    assert await first.until(5) == [(1, 0.0)] * 5
    assert models[0].resets == 0
    ear.hear(1, LOUD + QUIET * (RELEASE_FRAMES + 2))
    await first.until(5 + 1 + RELEASE_FRAMES + 2)
    other.hear(1, LOUD)
    await second.until(1)
    assert len(models) == 1


async def test_sessions_that_speak_have_models_of_their_own(ears, models) -> None:
    """Sessions in which somebody speaks at the same time have each a model, and leave it to others when they end."""
    first, second, third = Told(), Told(), Told()
    one, other = ears.open(first), ears.open(second)
    one.hear(1, LOUD)
    other.hear(1, LOUD)
    await second.until(1)
    assert len(models) == 2
    one.close()
    other.close()
    ears.open(third).hear(1, LOUD)
    await third.until(1)
    assert len(models) == 2


async def test_an_ear_that_is_closed_tells_nothing(ears, models) -> None:
    """A session that has ended is told nothing more, and what waits of it is not listened to."""
    first, second = Told(), Told()
    ear = ears.open(first)
    ear.hear(1, LOUD)
    await first.until(1)
    models[0].gate = threading.Event()
    ear.hear(1, LOUD * 50)
    ear.close()
    ear.hear(1, LOUD)
    models[0].gate.set()
    ears.open(second).hear(1, LOUD)
    await second.until(1)
    assert len(first.found) == 1


async def test_what_comes_far_too_fast_is_judged_by_loudness(ears, models) -> None:
    """Sound that comes many times faster than anybody speaks does not hold up other sessions."""
    told = Told()
    ears.open(told).hear(1, LOUD * (LATE_FRAMES + 40))
    await told.until(LATE_FRAMES + 40)
    assert models[0].heard <= LATE_FRAMES
    assert told.found[0][1] > 0.9


async def test_one_session_after_the_other_is_served(ears, models) -> None:
    """A session that has much to be heard waits for others in between."""
    order: list[str] = []
    first, second = Told("one", order), Told("other", order)
    one, other = ears.open(first), ears.open(second)
    models[0].gate = threading.Event()
    one.hear(1, LOUD * 80)
    other.hear(1, LOUD)
    models[0].gate.set()
    await first.until(80)
    await second.until(1)
    assert order.index("other") <= 1


async def test_without_memory_for_a_model_loudness_decides(models) -> None:
    """Where no further model can be made, a session is judged by loudness, and the others go on."""

    def load() -> Counting:
        if models:
            raise RuntimeError("Failed to initialize")
        models.append(Counting())
        first: Counting = models[0]
        return first

    ears = SileroEars(Models(load))
    first, second = Told(), Told()
    ears.open(first).hear(1, LOUD)
    await first.until(1)
    with capture_logs() as log:
        ears.open(second).hear(1, LOUD * 20)
        assert (await second.until(20))[19][1] > 0.9
    ears.close()
    assert [line["event"] for line in log] == ["cascade.ear_missing"]


async def test_models_that_nobody_needs_are_let_go(models) -> None:
    """When all have gone, the thread lets their models go by itself, and is there for who comes."""
    left = 3
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()

    def load() -> Counting:
        model = Counting()
        weakref.finalize(model, lambda: loop.call_soon_threadsafe(one_less))
        return model

    def one_less() -> None:
        nonlocal left
        left -= 1
        if left == 1:
            gone.set()

    ears = SileroEars(Models(load, keep_s=0.05))
    talking = [(told, ears.open(told)) for told in (Told(), Told(), Told())]
    for told, ear in talking:
        ear.hear(1, LOUD)
        await told.until(1)
    for _, ear in talking:
        ear.close()
    await gone.wait()
    last = Told()
    ears.open(last).hear(1, LOUD)
    assert await last.until(1) == [(1, 0.01)]
    ears.close()


async def test_an_ear_that_is_closed_is_held_by_nobody(ears) -> None:
    """The thread holds a session no longer than it listens to it."""

    async def listened() -> weakref.ref[Told]:
        told = Told()
        ear = ears.open(told)
        ear.hear(1, LOUD)
        await told.until(1)
        ear.close()
        return weakref.ref(told)

    gc.collect()
    gc.disable()
    try:
        told = await listened()
        while told() is not None:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    finally:
        gc.enable()


def test_the_model_tells_a_voice_from_noise() -> None:
    """Silero's model takes the mock's voice for one, and neither a tone nor silence nor noise."""

    async def speech_in(pcm: bytes, ears: SileroEars) -> float:
        told = Told()
        pcm = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES]
        ears.open(told).hear(1, pcm)
        found = await told.until(len(pcm) // FRAME_BYTES)
        return sum(likelihood > 0.5 for _, likelihood in found) / len(found)

    async def all_of_it() -> None:
        noise = np.random.default_rng(1).normal(0, 2000, 48_000).astype("<i2").tobytes()
        ears = SileroEars()
        try:
            with wave.open(str(files("relay.stand_ins.mock").joinpath("clips/greeting.wav"))) as clip:
                assert clip.getframerate() == 24_000
                assert await speech_in(clip.readframes(clip.getnframes()), ears) > 0.6
            for no_voice in (tone(2000), noise, silence(2000)):
                assert await speech_in(no_voice, ears) < 0.1
        finally:
            ears.close()

    asyncio.run(all_of_it())
