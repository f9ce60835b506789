"""What a browser offers when it begins a call: as Chromium writes it, with the addresses left out."""

from relay.legs.webrtc.media import MediaListener

NOBODY = MediaListener(
    lambda: None, lambda: None, lambda _: None, lambda: None, lambda _: None, lambda: None, lambda _: None
)
"""Hears nothing of a call."""

OFFER = "\r\n".join([
    "v=0",
    "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=extmap-allow-mixed",
    "a=msid-semantic: WMS stream",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126",
    "c=IN IP4 0.0.0.0",
    "a=rtcp:9 IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlag",
    "a=ice-options:trickle",
    "a=fingerprint:sha-256 " + ":".join(["7B"] * 32),
    "a=setup:actpass",
    "a=mid:0",
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:0 PCMU/8000",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlag",
    "a=fingerprint:sha-256 " + ":".join(["7B"] * 32),
    "a=setup:actpass",
    "a=mid:1",
    "a=sctp-port:5000",
    "a=max-message-size:262144",
    "",
])  # fmt: skip

OFFER_WITH_CAMERA = OFFER.replace("BUNDLE 0 1", "BUNDLE 0 1 2") + "\r\n".join([
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "c=IN IP4 0.0.0.0",
    "a=ice-ufrag:4ZcD",
    "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlag",
    "a=fingerprint:sha-256 " + ":".join(["7B"] * 32),
    "a=setup:actpass",
    "a=mid:2",
    "a=sendonly",
    "a=rtcp-mux",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack pli",
    "a=rtpmap:97 rtx/90000",
    "a=fmtp:97 apt=96",
    "",
])  # fmt: skip
