"""A Realtime server without I/O: the GA protocol, with a mind to plug in.

It knows what the API does with every event of a conversation or a transcription: items and their order, turns,
responses and how they end, what is refused and in which words. What was said, and what to answer, is the mind's.

    mind                 what the engine asks of a mind, and the steps that an answer is made of
    session              one session: client events in, server events out, the time passed in
    session_base         what sessions of all kinds have in common
    requests             is this a client event?
    shapes, checks       what each has to look like, and what is wrong with it
    errors               everything that can be wrong, in one table
    realtime_session     the session object, and session.update
    listening, vad       the input audio buffer, and the turns in it, found by their loudness
    items                the conversation
    answering            which responses are in progress
    responses            one response, from created to done
    transcription        the events of a transcript
    schedule             scripts of events and pauses
    audio                formats

It refuses to wait, to open anything, to look at a clock, and to count what anything costs.
"""
