"""Every way into the relay, one file each, with how a refusal is told.

realtime           `/v1/realtime` and the kinds beside it
calls              `/v1/realtime/calls`
client_secrets     `/v1/realtime/client_secrets`; ticket_request reads its body
page               the voice page's files; response_headers for all answers
probes             `/livez`, `/readyz`, `/metrics`
pending_peer       a peer between its handshake and its session
refusals           refusals and complaints as HTTP responses
"""
