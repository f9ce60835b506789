"""Calls: WebRTC between a browser and the API, whose sound the relay never sees, or between a browser and the relay.

form            the request's body, read and checked
call_request    the session that the API is asked for
api             the API's own REST interface, asked with the relay's key
active_calls    those of the API that go on: watched through their sideband, and hung up
answered_calls  those that the relay answers itself
sound_reports   how the sound of those goes, for the metrics

They are asked for at `relay.endpoints.calls`.
"""
