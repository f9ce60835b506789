"""Measures WebRTC calls that the relay answers, in Chromium and in numbers: `make bench-webrtc`."""
