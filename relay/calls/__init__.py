"""Calls: WebRTC between a browser and the API. The relay arranges, watches and ends them, and never sees their sound.

form          the request's body, read and checked
call_request  the session that the API is asked for
api           the API's own REST interface, asked with the relay's key
active_calls  those that go on: watched through their sideband, and hung up

They are asked for at `relay.endpoints.calls`.
"""
