"""Session descriptions (RFC 8866): offers checked before a library sees them, answers made reachable.

A peer's candidates are addresses that the relay would send to, so they are left out: whoever calls knows where the
relay is and comes by itself (a peer-reflexive candidate, RFC 8445 7.3.1.3). An offer cannot make the relay knock at
doors of its own network.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relay.legs.webrtc.media import OfferRefused

LONGEST_OFFER_BYTES = 64 * 1024
"""Several times what a browser writes with sound, pictures and a data channel."""

MOST_MEDIA = 8

_MEDIA = re.compile(
    r"m=audio \d{1,5} UDP/TLS/RTP/SAVPF( \d{1,3})+|m=application \d{1,5} (UDP|TCP)/DTLS/SCTP webrtc-datachannel",
    re.ASCII,
)

_CANDIDATES = ("a=candidate:", "a=end-of-candidates")
_CANDIDATE = re.compile(r"a=candidate:(\S+) (\d+) (udp|tcp) (\d+) (\S+) (\d+) typ (\S+)(.*)", re.IGNORECASE)


def checked_offer(sdp: bytes) -> str:
    """The offer as it is given to a library.

    Raises:
        OfferRefused: with the first thing that is wrong.
    """
    if len(sdp) > LONGEST_OFFER_BYTES:
        raise OfferRefused(f"the offer is longer than {LONGEST_OFFER_BYTES} bytes")
    try:
        lines = sdp.decode().splitlines()
    except UnicodeDecodeError:
        raise OfferRefused("the offer is not UTF-8") from None
    _check_media(lines)
    return without_candidates("\n".join(lines))


def checked_restart(sdp: bytes, before: str) -> str:
    """Another offer of the connection that `before` offered, as it is given to a library.

    Raises:
        OfferRefused: it is of another connection (RFC 8842 5.3: another certificate), or restarts nothing.
    """
    offer = checked_offer(sdp)
    if _values(offer, "a=fingerprint:") != _values(before, "a=fingerprint:"):
        raise OfferRefused("the offer is of another connection; make a new call")
    if _values(offer, "a=ice-ufrag:") == _values(before, "a=ice-ufrag:"):
        raise OfferRefused("the offer restarts nothing: its ice-ufrag is that of the one before")
    return offer


def _values(sdp: str, attribute: str) -> set[str]:
    return {line for line in sdp.splitlines() if line.startswith(attribute)}


def _check_media(lines: list[str]) -> None:
    media = [line.partition(" ")[0] for line in lines if line.startswith("m=")]
    if len(media) > MOST_MEDIA:
        raise OfferRefused(f"the offer has {len(media)} media sections; there may be {MOST_MEDIA}")
    for wanted, what in (("m=audio", "no sound (m=audio)"), ("m=application", "no data channel (m=application)")):
        if media.count(wanted) != 1:
            raise OfferRefused(f"the offer has {what}" if wanted not in media else f"the offer has {wanted} twice")
    for line in lines:
        if line.startswith(("m=audio", "m=application")) and not _MEDIA.fullmatch(line):
            raise OfferRefused("the offer has a media section that WebRTC does not have")
    if len({line for line in lines if line.startswith("a=mid:")}) != len(media):
        raise OfferRefused("the offer's media sections need a mid each (a=mid)")
    for attribute in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"):
        if not any(line.startswith(attribute) for line in lines):
            raise OfferRefused(f"the offer has no {attribute[2:-1]}")


def reachable_answer(sdp: str, advertise: Iterable[str]) -> str:
    """The answer with these addresses in place of its own, and no other; unchanged where there are none.

    Ports stay as they are: whoever forwards them to this machine forwards each to the same.
    """
    addresses = tuple(advertise)
    if not addresses:
        return sdp
    return "\r\n".join(_with_candidates(sdp.splitlines(), addresses)) + "\r\n"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Where a description says that its side is reached; `transport` is udp or tcp."""

    address: str
    port: int
    transport: str

    def __str__(self) -> str:
        return f"{self.address} {self.port}/{self.transport}"


def candidates_of(sdp: str) -> list[Candidate]:
    """The candidates of a description, each once; not those from which it only calls (RFC 6544 4.5: port 9)."""
    matches = (_CANDIDATE.fullmatch(line) for line in sdp.splitlines())
    found = (Candidate(match[5], int(match[6]), match[3].lower()) for match in matches if match)
    return list(dict.fromkeys(candidate for candidate in found if candidate.port != 9))


def without_candidates(sdp: str) -> str:
    """The description, from which nobody learns an address."""
    return "\r\n".join(line for line in sdp.splitlines() if not line.startswith(_CANDIDATES)) + "\r\n"


def _with_candidates(lines: Iterable[str], addresses: tuple[str, ...]) -> Iterator[str]:
    seen: set[tuple[str, str]] = set()
    for line in lines:
        if line.startswith("m="):
            seen.clear()
        match = _CANDIDATE.fullmatch(line)
        if match is None:
            yield line
            continue
        _, component, transport, priority, _, port, kind, _ = match.groups()
        if transport.lower() != "udp" or kind != "host" or (component, port) in seen:
            continue
        seen.add((component, port))
        for number, address in enumerate(addresses):
            yield f"a=candidate:{number + 1} {component} udp {int(priority) - number} {address} {port} typ host"
