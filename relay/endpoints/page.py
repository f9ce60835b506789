"""The voice page's files: in the wheel they lie inside the package, in a checkout beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PACKAGE = Path(__file__).parents[1]

HEADERS = {
    # The page may connect to any relay that its user names; everything else comes from here, and nothing is inline.
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(self), display-capture=(self), geolocation=()",
    "Cache-Control": "no-cache",
}


MODULE_HEADERS = {**HEADERS, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The modules are a library too: a page of another origin may load them, and still needs to be allowed to connect."""


class PageFiles(StaticFiles):
    """Static files with the page's headers."""

    def __init__(self, *, headers: Mapping[str, str] = HEADERS, **options: Any) -> None:
        super().__init__(**options)
        self._headers = headers

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, {**scope, "method": "GET"})  # or 404, whatever the method
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405)
        response.headers.update(self._headers)
        return response


def page_directory(name: str) -> Path:
    """Where `web` or `public` is."""
    packaged = _PACKAGE / "page" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
