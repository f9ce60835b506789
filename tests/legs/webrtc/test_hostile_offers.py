"""Offers that somebody has spoilt: a library of C++ code reads them, so it is tried with many."""

import random

import pytest

from relay.legs.webrtc.descriptions import checked_offer
from relay.legs.webrtc.engines import make_end
from relay.legs.webrtc.media import Network, OfferRefused
from tests.fakes.webrtc import NOBODY, OFFER_WITH_CAMERA

SCRAPS = (
    "",
    "\0",
    "-1",
    "99999999999999999999",
    "a=",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "é",
    "x" * 9000,
    "a=mid:0",
    " ",
)


def spoilt(chance: random.Random) -> bytes:
    """An offer with some of its lines cut, doubled, swapped, dropped, or filled with scraps."""
    lines = OFFER_WITH_CAMERA.splitlines()
    for _ in range(chance.randint(1, 4)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        line = lines[at]
        cut = chance.randrange(len(line) + 1)
        lines[at : at + 1] = chance.choice([
            [], [line, line], [line[:cut]], [line[:cut] + chance.choice(SCRAPS) + line[cut:]], [lines[other]],
            [line[:cut] + chance.choice(SCRAPS)], [line, chance.choice(SCRAPS)],
        ])  # fmt: skip
    return "\r\n".join([*lines, ""]).encode()


async def answered(engine: str, offer: bytes) -> bool:
    """Whether it was; that nothing but a refusal is raised is what is tried."""
    end = make_end(engine, Network())
    try:
        return (await end.answer(checked_offer(offer), NOBODY, watches=True)).startswith("v=0")
    except OfferRefused:
        return False
    finally:
        await end.close()


async def try_many(engine: str, count: int) -> None:
    chance = random.Random(engine)
    outcomes = [await answered(engine, spoilt(chance)) for _ in range(count)]
    assert True in outcomes
    assert False in outcomes
    assert await answered(engine, OFFER_WITH_CAMERA.encode())


@pytest.mark.parametrize("engine", ["wrtc", "aiortc"])
async def test_spoilt_offers(engine) -> None:
    """Each is answered or refused with words, and the next good one is answered."""
    await try_many(engine, 40)
