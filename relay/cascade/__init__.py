"""The mind that hears, thinks and speaks, through services that are only addresses.

orders      what the mind wants done, and what comes of it: all that passes between the halves
chunks      an answer cut into pieces that a voice can begin with
spoken      what of an answer is said: words without marks
ears/       speech told from everything else
services/   what waits: the orders of a session carried out, over HTTP and WebSocket
"""
