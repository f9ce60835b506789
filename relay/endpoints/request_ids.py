"""Every request has a name: in the log lines that it causes, and in the headers of its answer."""

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relay.admission.request_ids import REQUEST_ID, SCOPE_KEY, TRACEPARENT, read_request_ids

_ANSWERS = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})


class RequestIdHeaders:
    """Reads or makes a request's names, answers with them, and has the log bear them; a 101 is an answer too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        ids = read_request_ids(Headers(scope=scope))

        async def send_with_names(message: Message) -> None:
            if message["type"] in _ANSWERS:
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID], headers[TRACEPARENT] = ids.request_id, ids.traceparent
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=ids.request_id, trace_id=ids.trace_id):
            await self._app({**scope, SCOPE_KEY: ids}, receive, send_with_names)
