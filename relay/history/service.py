"""Conversations kept by a service of the operator's own, asked by signed HTTP; docs/history.md has the protocol.

Everything here waits for the service; `relay.history.history` has a thread for it. What the service deletes when, and
what of it is left then, is its own.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from time import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from relay.core.remembered import read_item
from relay.history.rows import Key, Row, Summary
from relay.history.store import StoreFailed

if TYPE_CHECKING:
    import httpx2

TIMESTAMP, SIGNATURE = "Relay-Timestamp", "Relay-Signature"
TIMEOUT_S = 2.0
MOST_ANSWER_BYTES = 8 * 1024 * 1024
MOST_ITEMS = 1000
"""What pages and single items are looked for in."""

GONE = 404


class Service:
    """The service at one address, for one thread at a time. Every method may raise `StoreFailed`.

    Args:
        secret: signs what is asked, shared with the service.
        clock: Unix time in seconds.
    """

    is_clean = True

    def __init__(self, url: str, secret: str, clock: Callable[[], float] = time) -> None:
        self._url = url
        self._secret = secret.encode()
        self._clock = clock
        self._client: httpx2.AsyncClient | None = None
        self._runner = asyncio.Runner()

    def close(self) -> None:
        if self._client is not None:
            self._runner.run(self._client.aclose())
        self._runner.close()

    def write(self, rows: Iterable[Row]) -> None:
        """Have the service keep these, or none of them; it may be told an item twice."""
        entries = [
            {"subject": row.key.subject, "conversation": row.key.id, "position": row.position,
             "said_at": row.said_at, "item": row.body()}
            for row in rows
        ]  # fmt: skip
        self._ask("POST", {}, orjson.dumps({"items": entries}))

    def newest(self, key: Key, since: float, most: int) -> list[Row]:
        """The newest items that were said since then, in order."""
        told = self._ask("GET", {**_named(key), "since": since, "limit": most}).get("items")
        rows = [row for entry in _list(told) if (row := _read_row(key, entry)) is not None and row.said_at >= since]
        return sorted(rows, key=lambda row: row.position)[-most:]

    def page(self, key: Key, since: float, most: int, *, after: str | None, newest_first: bool) -> list[Row]:
        """So many items behind the one of that id, from either end."""
        rows = self.newest(key, since, MOST_ITEMS)
        rows = rows[::-1] if newest_first else rows
        if after is not None:
            place = next((place for place, row in enumerate(rows) if row.item.id == after), len(rows))
            rows = rows[place + 1 :]
        return rows[:most]

    def item(self, key: Key, since: float, item_id: str) -> Row | None:
        """One item."""
        return next((row for row in self.newest(key, since, MOST_ITEMS) if row.item.id == item_id), None)

    def summary(self, key: Key, since: float) -> Summary | None:
        """The conversation, where anything of it is left."""
        rows = self.newest(key, since, MOST_ITEMS)
        return Summary(key, rows[0].said_at, rows[-1].said_at, len(rows)) if rows else None

    def listed(self, subject: str, since: float, most: int, ids: Sequence[str] | None = None) -> list[Summary]:
        """So many of a subject's conversations, as the service lists them; or of those with these ids."""
        told = self._ask("GET", {"subject": subject, "since": since, "limit": most}).get("conversations")
        found = [each for entry in _list(told) if (each := _read_summary(subject, entry)) is not None]
        return [each for each in found if ids is None or each.key.id in ids][:most]

    def delete(self, key: Key) -> bool:
        """Have a conversation deleted; returns whether there was one."""
        return bool(self._ask("DELETE", _named(key)))

    def delete_item(self, key: Key, item_id: str) -> bool:
        """Have an item deleted; returns whether there was one."""
        return bool(self._ask("DELETE", {**_named(key), "item": item_id}))

    def expire(self, before: float, most: int) -> bool:
        """Nothing: the service keeps what it keeps for as long as it wants; what is too old is not asked for."""
        return False

    def clean(self) -> bool:
        return True

    def _ask(self, method: str, query: Mapping[str, Any], body: bytes = b"") -> Mapping[str, Any]:
        """The service's answer: at least `ok` where it did what it was asked; empty where it has no such thing."""
        url = f"{self._url}{'&' if '?' in self._url else '?'}{urlencode(query)}" if query else self._url
        status, told = self._runner.run(self._asked(method, url, body))
        if status == GONE and method != "POST":
            return {}
        if not 200 <= status < 300:
            raise StoreFailed(f"the service answers {status}")
        return {"ok": True, **(_read(told) if method == "GET" else {})}

    async def _asked(self, method: str, url: str, body: bytes) -> tuple[int, bytes]:
        """Status and body, all of it in `TIMEOUT_S`: one byte every second would hold the thread for ever."""
        import httpx2  # noqa: PLC0415 - 1 MB, for who has a service

        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=None)
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        request = self._client.build_request(method, url, headers=headers, content=body)
        request.headers.update(self._signed(method, request.url.raw_path, body))
        told = b""
        try:
            async with asyncio.timeout(TIMEOUT_S), aclosing(await self._client.send(request, stream=True)) as answer:
                async for piece in answer.aiter_bytes():
                    told += piece
                    if len(told) > MOST_ANSWER_BYTES:
                        raise StoreFailed("the service's answer is too long")
        except (httpx2.HTTPError, TimeoutError) as failure:
            raise StoreFailed(f"the service cannot be asked: {type(failure).__name__}") from failure
        return answer.status_code, told

    def _signed(self, method: str, target: bytes, body: bytes) -> Mapping[str, str]:
        """Headers by which the service knows who asks for what, and when."""
        at = str(int(self._clock()))
        signed = b"\n".join([at.encode(), method.encode(), target, body])
        return {TIMESTAMP: at, SIGNATURE: hmac.new(self._secret, signed, hashlib.sha256).hexdigest()}


def _named(key: Key) -> dict[str, Any]:
    return {"subject": key.subject, "conversation": key.id}


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


def _read(told: bytes) -> Mapping[str, Any]:
    try:
        found = orjson.loads(told)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise StoreFailed("the service's answer is no JSON object")
    return found


def _read_row(key: Key, entry: Any) -> Row | None:
    """What the service says of an item; None where it is not what was written."""
    if not isinstance(entry, dict) or (item := read_item(entry.get("item"))) is None or item.text is None:
        return None
    position, said_at = entry.get("position"), entry.get("said_at")
    if type(position) is not int or not isinstance(said_at, int | float):
        return None
    return Row(key, position, item, float(said_at))


def _read_summary(subject: str, entry: Any) -> Summary | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        return None
    created_at, said_at, items = (entry.get(name) for name in ("created_at", "said_at", "items"))
    if not (isinstance(created_at, int | float) and isinstance(said_at, int | float) and isinstance(items, int)):
        return None
    return Summary(Key(subject, entry["id"]), float(created_at), float(said_at), items, str(entry.get("begins", "")))
