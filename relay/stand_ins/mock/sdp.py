"""An answer to a WebRTC offer (RFC 8829, JSEP) which a browser accepts, and to which it will never be connected.

The answer takes what the API takes: Opus and a data channel. Its keys and credentials are made up, and it names no
address, so no sound flows.
"""

import re
import secrets

ENDS = "\r\n"

_OPUS = re.compile(r"^a=rtpmap:(\d+) opus/48000/2\b", re.MULTILINE | re.IGNORECASE)
_MID = re.compile(r"^a=mid:(\S+)", re.MULTILINE)
_MEDIA = re.compile(r"^(?=m=)", re.MULTILINE)


class OfferWrong(ValueError):  # noqa: N818 - the fact, not the fault
    """The offer has nothing that the API could answer."""


def answer(offer: str) -> str:
    """The answer.

    Raises:
        OfferWrong: there is no sound in the offer.
    """
    _, *media = _MEDIA.split(offer.replace(ENDS, "\n"))
    transport = _transport()
    sections = [_section(each, transport) for each in media]
    if not any(section[0].startswith("m=audio 9 ") for section in sections):
        raise OfferWrong("the offer has no audio in Opus")
    taken = [section for section in sections if " 0 " not in section[0]]
    mids = " ".join(line.removeprefix("a=mid:") for section in taken for line in section if line.startswith("a=mid:"))
    session = [
        "v=0",
        f"o=- {secrets.randbits(62)} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {mids}",
        "a=msid-semantic: WMS *",
    ]
    return ENDS.join([*session, *(line for section in sections for line in section), ""])


def _section(offered: str, transport: list[str]) -> list[str]:
    """What answers one medium; one that is not taken has port 0."""
    head = offered.partition("\n")[0]
    mid = _MID.search(offered)
    named = [f"a=mid:{mid[1]}"] if mid else []
    opus = _OPUS.search(offered)
    if head.startswith("m=audio ") and opus:
        flow = ["a=sendrecv", f"a=rtpmap:{opus[1]} opus/48000/2", "a=rtcp-mux"]
        return [f"m=audio 9 UDP/TLS/RTP/SAVPF {opus[1]}", "c=IN IP4 0.0.0.0", *named, *flow, *transport]
    if head.startswith("m=application "):
        return [
            "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0", *named, *transport,
            "a=sctp-port:5000",
        ]  # fmt: skip
    kind, _, protocol, *formats = head.split(" ")
    return [f"{kind} 0 {protocol} {' '.join(formats)}", "c=IN IP4 0.0.0.0", *named, "a=inactive"]


def _transport() -> list[str]:
    """Credentials and a fingerprint of nobody's."""
    fingerprint = ":".join(f"{octet:02X}" for octet in secrets.token_bytes(32))
    return [
        f"a=ice-ufrag:{secrets.token_hex(4)}",
        f"a=ice-pwd:{secrets.token_hex(16)}",
        f"a=fingerprint:sha-256 {fingerprint}",
        "a=setup:active",
    ]
