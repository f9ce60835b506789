"""relay.cascade.ears.features and smart_turn"""

from pathlib import Path

import numpy as np
import pytest
import soxr

from relay.cascade.ears.features import Features
from relay.cascade.ears.smart_turn import SmartTurn
from relay.cascade.orders import Judge, Judged
from tests.fakes.orders import cascade_at, ordering
from tests.fakes.smart_turn import write_model
from tests.fakes.sounds import tone


@pytest.fixture
def model(tmp_path) -> Path:
    """A model that takes what Smart Turn's does, and says how much there is of the lowest band."""
    path: Path = tmp_path / "smart-turn.onnx"
    path.write_bytes(write_model("input_features", [80, 800]))
    return path


def test_a_turn_is_seen_as_whisper_sees_it() -> None:
    """A tone is in its band and in its frames; what is missing of eight seconds is silence before it."""
    features = Features().of(np.sin(2 * np.pi * 1000 / 16_000 * np.arange(16_000)))
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    assert features[:, :695].max() == features.min()
    loudest = features[:, 720:780].mean(axis=1).argmax()
    mels = np.linspace(0, 15 + np.log(8) / (np.log(6.4) / 27), 82)
    assert abs(mels[loudest + 1] - 15) < mels[1]
    assert features.max() - features.min() == pytest.approx(2.0)


def test_of_a_long_turn_the_end_is_seen() -> None:
    """Of a turn longer than eight seconds the last eight are seen."""
    noise = np.random.default_rng(1).normal(0, 0.1, 16_000 * 20)
    features = Features()
    assert np.array_equal(features.of(noise), features.of(noise[-16_000 * 8 :]))


def test_a_turn_is_judged_by_the_model(model) -> None:
    """What the model says of a turn's sound is how likely it is over."""
    samples = soxr.resample(np.frombuffer(tone(900), dtype="<i2").astype(np.float32) / 32768, 24_000, 16_000, "MQ")
    assert SmartTurn(model).judge(tone(900)) == pytest.approx(Features().of(samples)[0].mean(), abs=1e-5)


@pytest.mark.parametrize("content", [b"no model at all", write_model("input", [80, 800]), write_model("x", [1])])
def test_another_file_is_refused(tmp_path, content) -> None:
    """A file that holds another model, or none, is refused when it is loaded."""
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="holds"):
        SmartTurn(path)


async def test_an_order_is_judged(services, model) -> None:
    """A turn is judged by order, beside other orders; without a model nobody can judge."""
    async with ordering(cascade_at(services, turn={"smart_turn": str(model)})) as orderer:
        (judged,) = await orderer.carry_out(Judge(1, tone(500)))
    assert isinstance(judged, Judged)
    assert judged.likelihood is not None
    async with ordering(cascade_at(services)) as orderer:
        assert await orderer.carry_out(Judge(1, tone(500))) == [Judged(1, None)]
