"""The voice page's files: in the wheel they lie inside the package, joined by `building/`, in a checkout beside it."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_PACKAGE = Path(__file__).parents[1]

HEADERS = {
    # The page may connect to any relay that its user names, and ask an address that its user gives to try a tool;
    # everything else comes from here, and nothing is inline.
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss: https: http://localhost:* http://127.0.0.1:*; "
        "img-src 'self' data: blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(self), display-capture=(self), geolocation=()",
    "Cache-Control": "no-cache",
}


MODULE_HEADERS = {**HEADERS, "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""The modules are a library too: a page of another origin may load them, and still needs to be allowed to connect."""


LASTING = "public, max-age=31536000, immutable"
"""For a file whose name says what is in it, as `building/page.py` names them."""

_NAMED_FOR_CONTENT = re.compile(r"\.[0-9a-f]{16}\.(?:js|css)$")
_COMPRESSED = ("text/", "image/svg+xml")


class PageFiles(StaticFiles):
    """Static files with the page's headers, compressed for whoever takes gzip."""

    def __init__(self, *, headers: Mapping[str, str] = HEADERS, **options: Any) -> None:
        super().__init__(**options)
        self._headers = headers
        self._zipped: dict[str, tuple[str, bytes]] = {}  # a path, and what it held; there are no more than files

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, {**scope, "method": "GET"})  # or 404, whatever the method
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405)
        if isinstance(response, FileResponse) and response.headers["content-type"].startswith(_COMPRESSED):
            response.headers["Vary"] = "Accept-Encoding"
            if takes_gzip(Headers(scope=scope)):
                response = await self._as_gzip(response)
        response.headers.update(self._headers)
        if _NAMED_FOR_CONTENT.search(path):
            response.headers["Cache-Control"] = LASTING
        return response

    async def _as_gzip(self, response: FileResponse) -> Response:
        path, tag = str(response.path), response.headers["etag"]
        if self._zipped.get(path, ("",))[0] != tag:
            self._zipped[path] = tag, await run_in_threadpool(_zip, path)
        headers = {
            "Content-Encoding": "gzip",
            "Content-Type": response.headers["content-type"],
            "ETag": f"W/{tag}",  # of the same file: what was kept uncompressed is as good
            "Last-Modified": response.headers["last-modified"],
            "Vary": "Accept-Encoding",
        }
        return Response(self._zipped[path][1], response.status_code, headers)


def takes_gzip(headers: Headers) -> bool:
    """Whether a request says so, by name, and not that it would rather not (RFC 9110, 12.5.3)."""
    offers = ",".join(headers.getlist("accept-encoding")).lower().replace(" ", "").split(",")
    return any(offer.split(";")[0] == "gzip" and not re.search(r";q=0(?:\.0*)?$", offer) for offer in offers)


def _zip(path: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def page_directory(name: str) -> Path:
    """Where `web` or `public` is."""
    packaged = _PACKAGE / "page" / name
    return packaged if packaged.is_dir() else _PACKAGE.parent / name
