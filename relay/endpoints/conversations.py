"""`/v1/conversations`: which ones are kept, and what is kept of each, in the shapes of the API's Conversations.

A peer sees and deletes its subject's own, and a ticket that is for one conversation that one alone. Somebody else's is
answered like one that does not exist.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import structlog
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.admission.gate import Gate
from relay.admission.identity import Identity
from relay.admission.session_request import SessionRequest, read_session_request
from relay.config.settings import Settings
from relay.core.closing import Refused
from relay.endpoints.refusals import complaint, refusal_response
from relay.history.history import History, HistoryUnavailable
from relay.history.rows import Key

LIST_PATH = "/v1/conversations"
PATH = f"{LIST_PATH}/{{id}}"
MOST_LISTED = 100
LISTED = 20

_log = structlog.stdlib.get_logger("relay")

Answer = Callable[["Asked"], Awaitable[Response]]


class Asked:
    """One request, from somebody who may ask it.

    Attributes:
        key: the conversation that it is about.
        item_id: the item; empty where it is about none.
        query: what stands behind the path.
        among: the ids of those that may be listed; None for all of its subject's.
    """

    def __init__(self, identity: Identity, request: SessionRequest, path: Mapping[str, str]) -> None:
        self.key = Key.of(identity.subject, path.get("id", ""))
        self.item_id = path.get("item_id", "")
        self.query = dict(request.query)
        self.among: list[str] | None = None
        if identity.conversation is not None:
            self.among = [identity.conversation]
        elif not identity.is_named:  # others are that subject, too: to know an id is all that there is between them
            self.among = [id_ for name, id_ in request.query if name == "id"][:MOST_LISTED]


def conversation_routes(gate: Gate, settings: Settings, history: History) -> list[Route]:
    """The routes. Pages of the allowed origins may ask, and are checked like a peer otherwise."""
    cors = Middleware(
        CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=["GET", "DELETE"], allow_headers=["*"]
    )
    kept = Conversations(history)
    answers = {
        (LIST_PATH, "GET"): kept.list_conversations,
        (PATH, "GET"): kept.show,
        (PATH, "DELETE"): kept.delete,
        (f"{PATH}/items", "GET"): kept.list_items,
        (f"{PATH}/items/{{item_id}}", "GET"): kept.show_item,
        (f"{PATH}/items/{{item_id}}", "DELETE"): kept.delete_item,
    }
    by_path: dict[str, dict[str, Answer]] = {}
    for (path, method), answer in answers.items():
        by_path.setdefault(path, {})[method] = answer
    return [
        Route(path, partial(_serve, gate, methods), methods=[*methods, "OPTIONS"], middleware=[cors])
        for path, methods in by_path.items()
    ]


class Conversations:
    """Answers what is asked of the history."""

    def __init__(self, history: History) -> None:
        self._history = history

    async def show(self, asked: Asked) -> Response:
        """The conversation."""
        since = self._history.since
        summary = await self._history.ask(lambda file: file.summary(asked.key, since))
        return _no_conversation() if summary is None else JSONResponse(summary.body())

    async def list_conversations(self, asked: Asked) -> Response:
        """The subject's own, the one that was last spoken in first; where nobody is named, those whose ids are."""
        since, subject, among = self._history.since, asked.key.subject, asked.among
        kept = await self._history.ask(lambda file: file.listed(subject, since, MOST_LISTED, among))
        return JSONResponse({"object": "list", "data": [summary.entry() for summary in kept], "has_more": False})

    async def list_items(self, asked: Asked) -> Response:
        """A page of its items; the newest come first unless `order=asc`."""
        limit, order = asked.query.get("limit", str(LISTED)), asked.query.get("order", "desc")
        if not (limit.isascii() and limit.isdigit() and len(limit) <= 3 and 1 <= int(limit) <= MOST_LISTED):
            return complaint(f"limit: must be a whole number from 1 to {MOST_LISTED}")
        if order not in {"asc", "desc"}:
            return complaint("order: must be asc or desc")
        since, after, most = self._history.since, asked.query.get("after"), int(limit)
        rows = await self._history.ask(
            lambda file: file.page(asked.key, since, most + 1, after=after, newest_first=order == "desc")
        )
        if not rows and after is None:
            return _no_conversation()
        data = [row.body() for row in rows[:most]]
        ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": "", "last_id": ""}
        return JSONResponse({"object": "list", "data": data, **ends, "has_more": len(rows) > most})

    async def show_item(self, asked: Asked) -> Response:
        """One of its items."""
        since = self._history.since
        row = await self._history.ask(lambda file: file.item(asked.key, since, asked.item_id))
        return _no_item() if row is None else JSONResponse(row.body())

    async def delete(self, asked: Asked) -> Response:
        """Delete it."""
        if not await self._history.change(lambda file: file.delete(asked.key)):
            return _no_conversation()
        _log.info("conversation.deleted")
        return JSONResponse({"id": asked.key.id, "object": "conversation.deleted", "deleted": True})

    async def delete_item(self, asked: Asked) -> Response:
        """Delete one of its items."""
        if not await self._history.change(lambda file: file.delete_item(asked.key, asked.item_id)):
            return _no_item()
        since = self._history.since
        summary = await self._history.ask(lambda file: file.summary(asked.key, since))
        gone = {"id": asked.key.id, "object": "conversation", "created_at": 0, "metadata": {}}
        return JSONResponse(gone if summary is None else summary.body())


async def _serve(gate: Gate, answers: Mapping[str, Answer], request: Request) -> Response:
    """Find out who asks, and answer."""
    if request.method == "OPTIONS":  # one that is a page's preflight was answered before
        return Response(status_code=204, headers={"Allow": ", ".join(answers)})
    asked = read_session_request(request)
    try:
        identity = await gate.identify(asked)
        if identity.conversation not in {None, request.path_params.get("id", identity.conversation)}:
            return _no_conversation()
        answer = answers["GET" if request.method == "HEAD" else request.method]
        response = await answer(Asked(identity, asked, request.path_params))
        response.headers["Cache-Control"] = "no-store"
        return response
    except Refused as refusal:
        return refusal_response(refusal.ended, event_id=asked.event_id)
    except HistoryUnavailable:
        words = "What is kept of conversations cannot be read now. Try again later."
        return complaint(words, 503, "history_unavailable", {"Retry-After": "5"})


def _no_conversation() -> Response:
    return complaint("There is no such conversation here.", 404, "conversation_not_found")


def _no_item() -> Response:
    return complaint("There is no such item in this conversation.", 404, "item_not_found")
