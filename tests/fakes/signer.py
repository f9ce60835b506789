"""Somebody whose JWTs the relay trusts: it signs them, and publishes its keys over HTTP."""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUDIENCE = "relay"


class Signer:
    """Attributes: `fetches` of its keys so far, and `answer`, what it says instead of its keys."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.fetches = 0
        self.answer: tuple[int, bytes] | None = None
        self.add("rsa", rsa.generate_private_key(65537, 2048))
        self.add("ec", ec.generate_private_key(ec.SECP256R1()))

    def add(self, key_id: str, key: Any) -> None:
        self.keys[key_id] = key

    def sign(self, key_id: str = "rsa", *, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A token for anna and the next minute, but for what the claims say; None leaves a claim out."""
        all_claims = {"sub": "anna", "aud": AUDIENCE, "exp": time() + 60, **claims}
        kept = {name: value for name, value in all_claims.items() if value is not None}
        algorithm = "RS256" if key_id.startswith("rsa") else "ES256"
        return jwt.encode(kept, self.keys[key_id], algorithm, {"kid": key_id, **(header or {})})

    def public_pem(self, key_id: str) -> str:
        pem: bytes = self.keys[key_id].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def key_set(self) -> bytes:
        """What it publishes."""
        return json.dumps({"keys": [self._published(key_id, key) for key_id, key in self.keys.items()]}).encode()

    def _published(self, key_id: str, key: Any) -> dict[str, Any]:
        kind = jwt.algorithms.RSAAlgorithm if key_id.startswith("rsa") else jwt.algorithms.ECAlgorithm
        return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": key_id}

    @asynccontextmanager
    async def dripping(self, start: bytes, times: int) -> AsyncIterator[str]:
        """Answer so often with such a start and then byte by byte without end, and later as it should."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.fetches += 1
            if self.fetches > times:
                keys = self.key_set()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(keys), keys))
            else:
                await _drip(start, reader, writer)
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/keys"

    @contextmanager
    def published(self) -> Iterator[str]:
        """Serve the keys; yields their address."""
        signer = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                signer.fetches += 1
                status, body = signer.answer or (200, signer.key_set())
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as server:
            serving = threading.Thread(target=server.serve_forever, args=(0.01,))
            serving.start()
            try:
                yield f"http://127.0.0.1:{server.server_port}/keys"
            finally:
                server.shutdown()
                serving.join()


async def _drip(start: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte a hundred times a second until whoever asked has gone."""
    writer.write(start)
    leaving = asyncio.ensure_future(_read_to_the_end(reader))
    while not leaving.done():
        writer.write(b" ")
        await asyncio.wait({leaving}, timeout=0.01)


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    with contextlib.suppress(ConnectionError):
        while await reader.read(1024):
            pass
