"""A stand-in for the Realtime API: it speaks the GA protocol over a real socket, and has no model behind it.

    async with serve_mock() as mock:
        ...  # connect to mock.url + "?model=gpt-realtime-2.1"

What it is: the protocol's events in the order in which the API sends them, its errors in the API's words, answers that
can be heard, and come in bursts far ahead of real time. What it does not do:

- understand. It hears that somebody speaks (`vad`), not what; a transcript says for how long. What it answers
  follows a few written cues (`voice`), and it calls functions by keyword (`tools`).
- call MCP tools, apply `speed`, `noise_reduction`, `truncation` or `prompt`, give log probabilities, or know which
  models exist: these are taken and echoed, not acted upon.
- carry the sound of WebRTC: a call has its answer, its sideband and its end, and nothing to hear.
- remember without limit: `relay.engine.items` and `relay.engine.listening` say where it ends.

Translation and Live sessions say the same clips; `translation` and `live` say how.

How it is made: the protocol is `relay.engine`, which decides and never waits; the mock is a mind for it, and a server
that waits and decides nothing. Its parts:

    session, mind       a session of the engine, and what it says, transcribes and calls
    opening             what a handshake asks for
    voice, tools        what to say, what to call
    usage               tokens
    pieces, pace        an answer cut into deltas, and how fast they come
    translation         a translation session
    live, live_…        a Live session: its voice, and whom it delegates to
    clip_player         the clips, one after another
    server              one session for each connection
    rest_api, calls, sdp  WebRTC calls
"""

from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.server import MockServer, serve_mock
from relay.stand_ins.mock.session import MockSession

__all__ = ["MockServer", "MockSession", "Pace", "serve_mock"]
