"""WebRTC with the relay as one end of it: sound both ways and events over a data channel.

media           what a media end is, whichever library is behind it
descriptions    offers checked, answers made reachable
wrtc_end        a media end on libwebrtc
aiortc_end      a media end on aiortc
engines         which of them, and what to say where it is not installed
watching, jpeg  a camera's pictures, made small
hearing         decoded sound made into events, by the clock
leg             a peer's leg on a media end; what it plays is decided in `relay.core.playout`
"""
