"""Calls: WebRTC between a browser and the API."""
