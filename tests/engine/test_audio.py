"""Formats of audio, and how loud it is."""

import math
from base64 import b64encode

import pytest

from relay.engine import audio
from relay.engine.errors import Refused
from tests.stand_ins.mock.talk import silence, tone

PCM = {"type": "audio/pcm", "rate": 24000}


def test_base64_is_checked() -> None:
    """Audio that is not base64 is refused by the name of its field; none at all is no audio."""
    assert audio.decode(PCM, "", "audio") == b""
    assert audio.decode(PCM, b64encode(b"abcd").decode(), "audio") == b"abcd"
    with pytest.raises(Refused) as refused:
        audio.decode(PCM, "not base64!", "item.content[0].audio")
    assert refused.value.param == "item.content[0].audio"


def test_loudness_is_the_root_mean_square() -> None:
    """A tone of amplitude A is A divided by the root of two, and silence is nothing."""
    assert math.isclose(audio.loudness(tone(20, 10000)), 10000 / math.sqrt(2), rel_tol=0.02)
    assert audio.loudness(silence(20)) == audio.loudness(b"") == 0


def test_a_short_sound_is_audible() -> None:
    """A tenth of a second in a minute of silence is enough."""
    assert audio.is_audible(silence(30_000) + tone(100) + silence(30_000))
    assert not audio.is_audible(silence(1000))
