"""The mind that hears, thinks and speaks, through services that are only addresses.

What decides, and never waits:

session       one session: client events, sound and results in, server events and orders out
mind          what is heard, thought and said, and what of it is made ahead of a turn's end
turn_work     what was begun for the turn that goes on
completeness  whether somebody has done speaking, by their words or by their sound
turns         who speaks, and when a turn is over
hearing       turns that are written down
answer        one answer: thought, cut, said
context       the conversation as a chat model reads it
speech        pieces of an answer, said in order
chunks        an answer cut into pieces that a voice can begin with
spoken        what of an answer is said: words without marks
abilities     what a cascade can do of what the API can, and how the rest is refused
orders        what the mind wants done, and what comes of it: all that passes between the halves
order_book    the orders under way; the one place where a void result is dropped
usage         what each stage used
stopwatch     what came when

What waits:

serving       a cascade as the upstream of a relay in the same process
connection    one peer's connection: the session, its ear and its services, put together
ears/         speech told from everything else
services/     the orders of a session carried out, over HTTP and WebSocket
"""
