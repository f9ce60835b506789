"""A stand-in for the API that says again what a recorded one said.

`session` decides and never waits, `server` waits and decides nothing, as in the mock. A session's parts:

    script_follower   what the recorded peer said, and whether this one says it
    matching          what matters in a message, and what may differ
    ids               what the recorded peer called things, and what this one calls them
    replay_schedule   what the recorded upstream said, and when it is due
    silence           audio that the recording does not hold
    recording_store   which recording a peer gets
"""

from relay.stand_ins.replay.recording_store import RecordingStore, open_recording_store
from relay.stand_ins.replay.server import ReplayServer, serve_replay
from relay.stand_ins.replay.session import ReplayOptions, ReplaySession

__all__ = [
    "RecordingStore",
    "ReplayOptions",
    "ReplayServer",
    "ReplaySession",
    "open_recording_store",
    "serve_replay",
]
