"""A peer that floods, in a process of its own: `python -m tests.reliability.peer_flooder PORT PROFILE FLOOD`.

It sends as fast as the relay takes it, reads nothing, and comes again when it is thrown out, until it is killed.
"""

import contextlib
import socket
import struct
import sys

MIB = 1024 * 1024
CHUNK_BYTES = 256 * 1024
UPGRADE = (
    b"GET /v1/realtime?swallow=1&profile=%b HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def frame(first: int, payload: bytes = b"") -> bytes:
    """A frame that is masked with zeros."""
    size = len(payload)
    if size < 126:
        return bytes([first, 0x80 | size, 0, 0, 0, 0]) + payload
    if size < 65536:
        return bytes([first, 0x80 | 126]) + struct.pack("!H", size) + bytes(4) + payload
    return bytes([first, 0x80 | 127]) + struct.pack("!Q", size) + bytes(4) + payload


def of_values(count: int) -> bytes:
    """An event with so many values, of two characters each."""
    return b'{"type":"session.update","session":[' + b",".join([b"0"] * count) + b"]}"


def append(size: int) -> bytes:
    return b'{"type":"input_audio_buffer.append","audio":"' + b"A" * size + b'"}'


FLOODS = {
    "pings": (b"", frame(0x89)),
    "pongs": (b"", frame(0x8A)),
    "empty continuations": (frame(0x01), frame(0x00)),
    "fragments of one byte": (frame(0x01), frame(0x00, b"x")),
    "messages of two characters": (b"", frame(0x81, b"{}")),
    "messages of 40 KB with 19,900 values": (b"", frame(0x81, of_values(19_900))),
    "messages of 1 MiB": (b"", frame(0x81, append(MIB - 100))),
    "messages of 24 MiB": (b"", frame(0x81, append(24 * MIB - 100))),
}
"""What is sent first, and what again and again."""


def flood(port: int, profile: str, start: bytes, piece: bytes) -> None:
    """Flood until the relay closes."""
    chunk = piece * max(1, CHUNK_BYTES // len(piece))
    with socket.create_connection(("127.0.0.1", port)) as peer:
        peer.sendall(UPGRADE % profile.encode())
        if not peer.recv(1024).startswith(b"HTTP/1.1 101 "):
            return
        peer.sendall(start)
        while True:
            peer.sendall(chunk)


def main() -> None:
    port, profile, name = sys.argv[1:]
    while True:
        with contextlib.suppress(OSError):
            flood(int(port), profile, *FLOODS[name])


if __name__ == "__main__":
    main()
