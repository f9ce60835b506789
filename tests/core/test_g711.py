"""Telephone audio, to and from PCM16 at 24 kHz."""

import pytest

from relay.core import g711

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
