"""HTTP requests that no route takes: 404, 405 and 426, each with the API's error object and what to do now.

What the relay serves is read from its own routes, so there is no second list of it. WebSockets that come to a wrong
path are refused in `realtime.py`, as other peers are.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Scope

from relay.admission.session_request import read_session_request
from relay.core.causes import Cause
from relay.core.closing import ended
from relay.endpoints.refusals import complaint, refusal_response

READ = frozenset({"GET", "HEAD"})

UPGRADE: Mapping[str, str] = MappingProxyType({"Upgrade": "websocket", "Connection": "Upgrade"})
"""What a 426 has to say (RFC 9110, 15.5.22 and 7.8)."""

NO_UPGRADE = (
    "This address is for WebSockets, and the request asks for none. If a WebSocket client sent it, a proxy on the way "
    "took its upgrade away: does your proxy pass the headers Upgrade and Connection, by HTTP/1.1?"
)

_SHOWN = re.compile(r"[A-Za-z_.-]{0,24}|v\d")
"""A part of a path that may be logged; one that is longer or has digits may be an id or a secret."""

_log = structlog.stdlib.get_logger("relay")


class WrongAddress:
    """Answers where no route did, in place of Starlette's plain text.

    Args:
        routes: all that is served, but for files.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        routes = list(routes)
        self._http = [route for route in routes if isinstance(route, Route)]
        self._sockets = [route for route in routes if isinstance(route, WebSocketRoute)]

    async def answer(self, request: Request, failure: Exception) -> Response:
        """Tell what is wrong, and log it in one line."""
        path = path_below_root(request.scope)
        status, allowed = self.judge(request.method, path)
        if status == 404 and isinstance(failure, HTTPException) and failure.status_code != 404:
            status, allowed = failure.status_code, READ  # a file of the page
        address = read_session_request(request).address
        _log.info("request.refused", address=address, method=request.method, path=shown(path), status=status)
        return self._tell(status, request.method, path, allowed)

    def judge(self, method: str, path: str) -> tuple[int, frozenset[str]]:
        """The status for a request that no route took, and the methods that there are at its path."""
        allowed = {each for route in self._http if route.path_regex.match(path) for each in route.methods or ()}
        if any(route.path_regex.match(path) for route in self._sockets):
            if method in READ:
                return 426, READ
            allowed |= {"GET"}
        return (405 if allowed else 404), frozenset(allowed)

    def nearest(self, path: str) -> str | None:
        """What is served and may have been meant: the same in another spelling, or what looks most like it."""
        folded = re.sub("/+", "/", path.lower())
        for spelling in (folded, f"/v1{folded}"):
            if self.judge("", spelling)[0] != 404:
                return spelling
        paths = {route.path for route in self._http} | {route.path for route in self._sockets}
        return next(iter(difflib.get_close_matches(folded, sorted(paths), n=1, cutoff=0.75)), None)

    def _tell(self, status: int, method: str, path: str, allowed: frozenset[str]) -> Response:
        if status == 426:
            return complaint(NO_UPGRADE, status, "upgrade_missing", UPGRADE)
        if status == 404:
            return self._nothing_here(path)
        if status != 405:
            return complaint("This file cannot be read.", status, "file_refused")
        methods = ", ".join(sorted(allowed))
        words = f"There is no {method} at this address, but {methods}."
        return complaint(words, status, "method_not_allowed", {"Allow": methods})

    def _nothing_here(self, path: str) -> Response:
        how = ended(Cause.PATH_UNKNOWN)
        near = self.nearest(path)
        hint = f" Did you mean {near}?" if near else ""
        return refusal_response(how, {**how.error_object(), "message": f"{how.message}{hint}"})


async def failed(_: Request, __: Exception) -> Response:
    """The answer to a request at which the relay failed; who is above this logs the trace."""
    return JSONResponse({"error": ended(Cause.INTERNAL_ERROR).error_object()}, status_code=500)


def path_below_root(scope: Scope) -> str:
    """The path as the relay's routes have it, wherever it is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def shown(path: str) -> str:
    """The path for the log, without what may be an id or a secret."""
    return "/".join(part if _SHOWN.fullmatch(part) else "…" for part in path.split("/")[:8])
