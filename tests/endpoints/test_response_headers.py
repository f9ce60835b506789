"""What every answer tells a browser, as the whole application gives it."""

import httpx2 as httpx
import pytest

from relay import create_app, load_settings
from relay.endpoints.response_headers import EVERYWHERE, TRANSPORT_SECURITY


async def get(path: str, base: str = "http://relay.example", method: str = "GET") -> httpx.Headers:
    app = create_app(load_settings(upstream="ws://127.0.0.1:1/"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base) as http:
        return (await http.request(method, path)).headers


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v1/realtime/client_secrets", "/v1/nothing"])
async def test_what_is_no_page_loads_nothing(path) -> None:
    """Answers of the API and of the probes may load nothing, be framed nowhere, and are not sniffed for their type."""
    headers = await get(path, method="POST" if path.endswith("secrets") else "GET")
    assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE


@pytest.mark.parametrize("path", ["/", "/web/index.js"])
async def test_the_page_has_its_own_policy(path) -> None:
    """The page may load what is its own and use the microphone; all else is as everywhere."""
    headers = await get(path)
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["permissions-policy"].startswith("microphone=(self)")
    for name in ("Referrer-Policy", "X-Content-Type-Options"):
        assert headers[name] == EVERYWHERE[name]


@pytest.mark.parametrize(
    ("base", "bound"),
    [
        ("https://relay.example", True),
        ("http://relay.example", False),
        ("https://localhost:8000", False),
        ("https://127.0.0.1:8000", False),
    ],
)
async def test_browsers_are_bound_to_tls(base, bound) -> None:
    """A browser that came with TLS is told to come so again, but not for localhost, which other programs have too."""
    for path in ("/", "/livez"):
        headers = await get(path, base)
        assert headers.get("strict-transport-security") == (TRANSPORT_SECURITY if bound else None)
