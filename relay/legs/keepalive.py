"""How often both legs ping, and how long they wait for the answer.

Load balancers cut sockets that are quiet for 60 to 100 s, so the interval stays below 30 s; with the timeout, an end
that vanished without a word is noticed within 40 s.
"""

PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 20.0
