"""The mind that hears, thinks and speaks, through services that are only addresses.

orders      what the mind wants done, and what comes of it: all that passes between the halves
services/   what waits: the orders of a session carried out, over HTTP and WebSocket
"""
