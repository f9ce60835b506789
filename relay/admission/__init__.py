"""Who may open a session, as whom, with what, and how many.

session_request    a handshake, read once, and what the gate makes of it
gate               origin, credential and profile, checked in this order
credentials, origin, tokens, jwts, jwks, tickets, identity   what the gate asks
ticket_session     a ticket's session, put together with its profile's
quotas, counters   how many sessions, how soon, for how much money
startup_checks     settings that would let strangers in
commands           `relay token`
"""
