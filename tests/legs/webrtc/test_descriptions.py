"""Offers that are checked before a library sees them, and answers that can be reached."""

import pytest

from relay.legs.webrtc.descriptions import LONGEST_OFFER_BYTES, candidates_of, checked_offer, reachable_answer
from relay.legs.webrtc.media import OfferRefused
from tests.fakes.webrtc import OFFER

CANDIDATE = "a=candidate:1 1 udp 2122194687 10.0.0.5 22 typ host"


def test_an_offer_names_no_address_for_the_relay_to_send_to() -> None:
    """Candidates are left out, so nobody has the relay knock at addresses of its own network; the rest stays."""
    lines = OFFER.splitlines()
    offered = "\r\n".join([*lines[:9], CANDIDATE, "a=end-of-candidates", *lines[9:]]) + "\r\n"
    assert checked_offer(offered.encode()) == OFFER
    assert candidates_of(checked_offer(offered.encode())) == []


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (OFFER + "a=x:" + "y" * LONGEST_OFFER_BYTES, "longer than 65536 bytes"),
        ("v=0\r\n\udcff", "not UTF-8"),
        (OFFER.replace("m=audio", "m=video"), "no sound"),
        (OFFER.replace("m=application", "m=video"), "no data channel"),
        (OFFER.replace("m=application", "m=audio"), "no data channel|m=audio twice"),
        (OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", "m=audio twice"),
        (OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 7, "9 media sections"),
        (OFFER.replace("webrtc-datachannel", "5000"), "a media section that WebRTC does not have"),
        (OFFER.replace("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 RTP/AVP x"), "a media section"),
        (OFFER.replace("a=mid:1", "a=mid:0"), "a mid each"),
        (OFFER.replace("a=fingerprint", "a=print"), "no fingerprint"),
        (OFFER.replace("a=ice-ufrag", "a=ice"), "no ice-ufrag"),
    ],
)
def test_an_offer_that_is_refused(offer, words) -> None:
    """The first thing that is wrong is said."""
    with pytest.raises(OfferRefused, match=words):
        checked_offer(offer.encode("utf-8", "surrogateescape"))


def test_an_answer_gives_the_addresses_that_can_be_reached() -> None:
    """Each address that is advertised stands for each port, the first one preferred; the machine's own are left out."""
    answer = "\r\n".join([
        "v=0",
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111",
        "a=candidate:1 1 udp 2122194687 192.168.0.2 40000 typ host generation 0 network-id 1",
        "a=candidate:2 1 udp 2122265343 fd00::2 40000 typ host generation 0 network-id 2",
        "a=candidate:3 1 tcp 1518214911 192.168.0.2 9 typ host tcptype active generation 0 network-id 1",
        "a=end-of-candidates",
        "",
    ])  # fmt: skip
    advertised = reachable_answer(answer, ["203.0.113.7", "2001:db8::7"])
    assert advertised.splitlines()[2:] == [
        "a=candidate:1 1 udp 2122194687 203.0.113.7 40000 typ host",
        "a=candidate:2 1 udp 2122194686 2001:db8::7 40000 typ host",
        "a=end-of-candidates",
    ]
    assert [each.address for each in candidates_of(advertised)] == ["203.0.113.7", "2001:db8::7"]
    assert reachable_answer(answer, []) == answer
