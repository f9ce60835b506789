"""Formats of audio, and how loud it is."""

import math
from base64 import b64encode

import pytest

from relay.engine import audio, g711
from relay.engine.errors import Refused
from tests.stand_ins.mock.talk import silence, tone

PCM = {"type": "audio/pcm", "rate": 24000}
ALL_CODES = bytes(range(256))


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_what_comes_in_goes_out_unchanged(law: g711.Law) -> None:
    """Each code survives the way to 24 kHz and back; of µ-law's two zeros one stands for both."""
    there_and_back = g711.encode(law, g711.decode(law, ALL_CODES))
    different = [code for code in ALL_CODES if there_and_back[code] != code]
    assert different == ([0x7F] if law == "ulaw" else [])
    assert g711.decode(law, there_and_back) == g711.decode(law, ALL_CODES)


@pytest.mark.parametrize(
    ("law", "code", "level"),
    [
        ("ulaw", 0x00, -32124),
        ("ulaw", 0x80, 32124),
        ("ulaw", 0xFF, 0),
        ("ulaw", 0xFE, 8),
        ("alaw", 0x2A, -32256),
        ("alaw", 0xAA, 32256),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
    ],
)
def test_codes_have_the_levels_of_the_standard(law: g711.Law, code: int, level: int) -> None:
    """The ends and the middle of both laws are where ITU-T G.711 puts them, held for three samples."""
    assert g711.decode(law, bytes([code])) == level.to_bytes(2, "little", signed=True) * 3


@pytest.mark.parametrize("law", ["ulaw", "alaw"])
def test_full_scale_is_the_last_code(law: g711.Law) -> None:
    """The loudest samples of either sign, and silence, have the codes nearest to them."""
    loudest = (32767).to_bytes(2, "little", signed=True) * 3 + (-32768).to_bytes(2, "little", signed=True) * 3
    assert g711.encode(law, loudest) == (b"\x80\x00" if law == "ulaw" else b"\xaa\x2a")
    assert g711.encode(law, bytes(6)) == (b"\xff" if law == "ulaw" else b"\xd5")


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
