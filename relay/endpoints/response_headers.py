"""The security headers of every HTTP answer. The page's own policies stand in `page.py`."""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.admission.origin import names_no_domain

EVERYWHERE: Mapping[str, str] = MappingProxyType({
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
})  # fmt: skip
"""For answers that do not say otherwise: what is no page loads nothing and is shown in no frame."""

TRANSPORT_SECURITY = "max-age=31536000"
"""A year. Other names below this one are not the relay's to bind."""


class ResponseHeaders:
    """Adds the headers to HTTP answers, and binds browsers to TLS where they came with it.

    A browser remembers the latter for the name at every port, so localhost, which is everybody's, is not bound.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        secure = scope["scheme"] == "https" and not names_no_domain(Headers(scope=scope).get("host", ""))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in EVERYWHERE.items():
                    headers.setdefault(name, value)
                if secure:
                    headers.setdefault("Strict-Transport-Security", TRANSPORT_SECURITY)
            await send(message)

        await self._app(scope, receive, send_with_headers)
