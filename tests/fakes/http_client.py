"""httpx's client, for tests that ask a relay over plain HTTP."""

import ssl
from functools import cache
from typing import Any

import httpx2 as httpx


def http_client(**given: Any) -> httpx.AsyncClient:
    """A client that believes nobody: reading the system's authorities takes longer than a relay's start."""
    return httpx.AsyncClient(verify=_nobody(), **given)


@cache
def _nobody() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
