"""Which addresses peers are told, and whether they help them."""

from ipaddress import ip_address

import pytest

from relay.legs.webrtc.descriptions import candidates_of, checked_offer
from relay.legs.webrtc.engines import make_end
from relay.legs.webrtc.media import Network
from relay.legs.webrtc.reachability import advice, offered, own_addresses
from tests.fakes.webrtc import NOBODY, OFFER


@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        (["203.0.113.7", "10.0.0.2"], "this network"),
        (["8.8.8.8"], None),
        (["10.0.0.2", "2606:4700::1"], None),
        (["192.168.1.5", "fd00::1"], "this network"),
        (["127.0.0.1", "::1"], "this machine"),
        (["100.64.3.2"], "this network"),
    ],
)
def test_what_is_wrong_with_an_address(addresses, words) -> None:
    """A public address among them is enough; else the advice says who can reach the relay, and what to set."""
    said = advice(addresses)
    if words is None:
        assert said is None
    else:
        assert said is not None
        assert words in said
        assert "webrtc.advertise" in said


def test_what_is_advertised_comes_first() -> None:
    """What the operator says goes; else it is this machine's own, of which there always is one."""
    assert offered(["203.0.113.7"], ["10.0.0.2"]) == ["203.0.113.7"]
    own = own_addresses()
    assert offered([], own) == own
    assert [ip_address(address) for address in own]


async def test_the_start_tells_what_answers_give() -> None:
    """Each address in an answer was told at the start, whichever interface has it, routed to others or not."""
    end = make_end("wrtc", Network())
    try:
        answer = await end.answer(checked_offer(OFFER.encode()), NOBODY)
    finally:
        await end.close()
    assert {candidate.address for candidate in candidates_of(answer)} <= set(own_addresses())
