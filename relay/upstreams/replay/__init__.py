"""A stand-in for the API that says again what a recorded one said.

`session` decides and never waits, `server` waits and decides nothing, as in the mock. A session's parts:

    following    what the recorded peer said, and whether this one says it
    matching     what matters in a message, and what may differ
    ids          what the recorded peer called things, and what this one calls them
    playback     what the recorded upstream said, and when it is due
    silence      audio that the recording does not hold
    shelf        which recording a peer gets
"""

from relay.upstreams.replay.server import ReplayServer, serve_replay
from relay.upstreams.replay.session import Manner, ReplaySession

__all__ = ["Manner", "ReplayServer", "ReplaySession", "serve_replay"]
