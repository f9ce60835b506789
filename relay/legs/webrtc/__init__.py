"""WebRTC with the relay as one end of it: sound both ways and events over a data channel.

media           what a media end is, whichever library is behind it
descriptions    offers checked, answers made reachable
wrtc_end        a media end on libwebrtc
aiortc_end      a media end on aiortc
engines         which of them, and what to say where it is not installed
processes       processes of their own that hold media ends: started, watched, given calls
process_end     what the relay holds of such a call; process_wire: what goes over the socket
process_host    what runs in such a process
watching, jpeg  a camera's pictures, made small
hearing         decoded sound made into events, by the clock
leg             a peer's leg on a media end; what it plays is decided in `relay.core.playout`
"""
