"""Calls: WebRTC between a browser and the API. The relay arranges, watches and ends them, and never sees their sound.

form.py      the request's body, read and checked
api.py       the API's own REST interface, asked with the relay's key
endpoint.py  `/v1/realtime/calls`: admit, ask the API, answer, watch the call through its sideband, hang up
"""
