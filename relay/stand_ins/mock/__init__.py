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
- remember without limit: `items` and `listening` say where it ends.

Translation and Live sessions say the same clips; `translation` and `live` say how.

How it is made: `session` decides and never waits; `server` waits and decides nothing. A session is told what came in
and what time it is, and asked for the next event. Its parts:

    requests            is this a client event?
    shapes, checks      what each has to look like, and what is wrong with it
    errors              everything that can be wrong, in one table
    realtime_session    the session object, and session.update
    listening, vad      the input audio buffer, and the turns in it
    items               the conversation
    answering           which responses are in progress
    responses, pieces   one response, from created to done
    voice, tools        what to say, what to call
    transcription       what the user said, or rather for how long
    usage               tokens
    schedule, pace      scripts of events and pauses, and how long the pauses are
    audio, g711         formats
    session_base        what sessions of all kinds have in common
    translation         a translation session
    live, live_shapes   a Live session
    clip_player         the clips, one after another
    rest, calls, sdp    WebRTC calls
"""

from relay.stand_ins.mock.pace import Pace
from relay.stand_ins.mock.server import MockServer, serve_mock
from relay.stand_ins.mock.session import MockSession

__all__ = ["MockServer", "MockSession", "Pace", "serve_mock"]
