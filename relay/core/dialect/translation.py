"""Events from the beta's shape to GA's and back, for one session.

    peer ── from_peer ──► session and its interceptors ── to_upstream ──► upstream
         ◄── to_peer ───          (always GA)          ◄── from_upstream ──

Each way takes a message and returns the messages that stand for it: mostly itself, untouched; sometimes none, sometimes
two. An event that differs in its type alone gets another type and keeps the rest of its bytes. Only what differs more
is parsed and written anew, and what is no event, or has an unexpected form, passes as it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from relay.core.dialect.items import Conversation
from relay.core.dialect.objects import Spellings, flattened, nested, without_place
from relay.core.dialect.table import BETA, Field, Table
from relay.core.dialect.values import Body
from relay.core.events import Data

Rewrite = Callable[[Body], Iterable[Body]]

# Clients of the beta's time put `event_id` before `type`.
_LEADING_TYPE = re.compile(r'\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([a-z0-9_.]+)"')

_TRANSCRIPTION = "realtime.transcription_session"


class OneWay:
    """One direction of the table.

    Args:
        renames: types that become other types.
        rewrites: what becomes of the events of other types; of those in neither, nothing.
    """

    __slots__ = ("_rewrites", "is_stopped", "renames")

    def __init__(self, renames: Mapping[str, str], rewrites: Mapping[str, Rewrite]) -> None:
        self.renames = renames
        self._rewrites = rewrites
        self.is_stopped = False

    def rewrites(self, kind: str) -> bool:
        """Whether more than the type of such events may become another one."""
        return kind in self._rewrites

    def stop(self) -> None:
        """From now on let everything pass as it is."""
        self.renames, self._rewrites = {}, {}
        self.is_stopped = True

    def __call__(self, data: Data) -> tuple[Data, ...]:
        if isinstance(data, bytes):
            return (data,)
        leading = _LEADING_TYPE.match(data)
        if leading is None:
            return self._rewritten(data)
        kind = leading[1]
        other = self.renames.get(kind)
        if other is not None:
            start, end = leading.span(1)
            return (f"{data[:start]}{other}{data[end:]}",)
        return self._rewritten(data) if kind in self._rewrites else (data,)

    def _rewritten(self, data: str) -> tuple[Data, ...]:
        try:
            body = orjson.loads(data)
        except orjson.JSONDecodeError:
            return (data,)
        kind = body.get("type") if isinstance(body, dict) else None
        if not isinstance(kind, str):
            return (data,)
        if kind in self.renames:
            return (_written({**body, "type": self.renames[kind]}),)
        if kind not in self._rewrites:
            return (data,)
        bodies = list(self._rewrites[kind](body))
        try:
            return (data,) if bodies == [body] else tuple(map(_written, bodies))
        except orjson.JSONEncodeError:  # nested so deep that it can be read and not be written
            return (data,)


class Translation:
    """Both ends of one session, whichever of them speak another dialect.

    It remembers what GA has no words for: how the peer spelt its wishes, to echo them, and what a message lost on the
    way through the session, for the case that neither end speaks GA.

    Args:
        peer, upstream: what they speak; the ways to and from one that speaks GA are not to be used.
        is_peer_sure: whether the peer speaks so whatever it says first; else a `session.update` or `response.create`
            in GA's shape shows that it speaks GA, and until then it is told of its session in both shapes.
    """

    def __init__(self, peer: Table = BETA, upstream: Table = BETA, *, is_peer_sure: bool = True) -> None:
        self._peer = peer
        self._is_peer_sure = is_peer_sure
        self._upstream = upstream
        self._told_to_peer = Conversation(peer.created_items)
        self._told_by_upstream = Conversation(upstream.created_items)
        self._wished: Spellings = {}
        self._wished_of_response: Spellings = {}
        self._lost_up: Spellings = {}
        self._lost_down: Spellings = {}
        self.from_peer = OneWay({}, self._from_peer())
        self.to_upstream = OneWay({}, self._to_upstream())
        self.from_upstream = OneWay(dict(upstream.event_types), self._from_upstream())
        self.to_peer = OneWay({ga: beta for beta, ga in peer.event_types}, self._to_peer())

    def _from_peer(self) -> Mapping[str, Rewrite]:
        return {
            "session.update": self._update_from_peer,
            "transcription_session.update": self._update_from_peer,
            "response.create": self._request_from_peer,
            "conversation.item.create": self._told_to_peer.from_beta,
        }

    def _to_upstream(self) -> Mapping[str, Rewrite]:
        return {
            "session.update": self._update_to_upstream,
            "response.create": self._request_to_upstream,
            "conversation.item.create": self._told_by_upstream.to_beta,
        }

    def _from_upstream(self) -> Mapping[str, Rewrite]:
        return {
            "session.created": self._session_from_upstream,
            "session.updated": self._session_from_upstream,
            "transcription_session.created": self._session_from_upstream,
            "transcription_session.updated": self._session_from_upstream,
            "response.created": self._response_from_upstream,
            "response.done": self._response_from_upstream,
            **self._told_by_upstream.told_by_upstream(),
        }

    def _to_peer(self) -> Mapping[str, Rewrite]:
        return {
            "session.created": self._session_to_peer,
            "session.updated": self._session_to_peer,
            "response.created": self._response_to_peer,
            "response.done": self._response_to_peer,
            **self._told_to_peer.told_to_peer(),
        }

    # Up.

    def _update_from_peer(self, body: Body) -> Iterable[Body]:
        session = body.get("session")
        if not isinstance(session, dict):
            return [body]
        if self._turns_out_ga(session, (*self._peer.session, *self._peer.transcription_session)):
            return [body]
        self._is_peer_sure = True
        kind = session.get("type") or ("transcription" if body["type"].startswith("transcription") else "realtime")
        wanted, self._lost_up = nested(session, _session_fields(self._peer, kind))
        self._wished = {name: spelt for name, spelt in self._wished.items() if name not in session}
        self._wished |= {name: spelt for name, spelt in self._lost_up.items() if name != "client_secret"}
        return [{**body, "type": "session.update", "session": {"type": kind, **wanted}}]

    def _update_to_upstream(self, body: Body) -> Iterable[Body]:
        session = body.get("session")
        if not isinstance(session, dict):
            return [body]
        kind = session.get("type")
        wanted = flattened(session, _session_fields(self._upstream, kind), self._taken_up())
        wanted.pop("type", None)
        event_type = "transcription_session.update" if kind == "transcription" else "session.update"
        return [{**body, "type": event_type, "session": wanted}]

    def _request_from_peer(self, body: Body) -> Iterable[Body]:
        self._wished_of_response = {}
        if not isinstance(body.get("response"), dict):
            return [body]
        if self._turns_out_ga(body["response"], self._peer.request):
            return [body]
        response, self._lost_up = nested(body["response"], self._peer.request)
        self._wished_of_response = self._lost_up
        return [{**body, "response": response}]

    def _request_to_upstream(self, body: Body) -> Iterable[Body]:
        if not isinstance(body.get("response"), dict):
            return [body]
        return [{**body, "response": flattened(body["response"], self._upstream.request, self._taken_up())}]

    # Down.

    def _session_from_upstream(self, body: Body) -> Iterable[Body]:
        session = body.get("session")
        if not isinstance(session, dict):
            return [body]
        is_transcription = body["type"].startswith("transcription") or session.get("object") == _TRANSCRIPTION
        kind = session.get("type") or ("transcription" if is_transcription else "realtime")
        said, self._lost_down = nested(session, _session_fields(self._upstream, kind))
        event_type = body["type"].removeprefix("transcription_")
        return [{**body, "type": event_type, "session": {"type": kind, **said}}]

    def _session_to_peer(self, body: Body) -> Iterable[Body]:
        session = body.get("session")
        if not isinstance(session, dict):
            return [body]
        kind = session.get("type")
        said = flattened(session, _session_fields(self._peer, kind), {**self._wished, **self._taken_down()})
        said.pop("type", None)
        if not self._is_peer_sure:
            said = {**session, **said}
        if kind == "transcription":
            said.setdefault("client_secret", {"value": "", "expires_at": 0})  # the beta's type asks for it
            return [{**body, "type": f"transcription_{body['type']}", "session": said}]
        return [{**body, "session": said}]

    def _response_from_upstream(self, body: Body) -> Iterable[Body]:
        if not isinstance(body.get("response"), dict):
            return [body]
        response, self._lost_down = nested(body["response"], self._upstream.response)
        return [{**body, "response": response}]

    def _response_to_peer(self, body: Body) -> Iterable[Body]:
        if not isinstance(body.get("response"), dict):
            return [body]
        wished = {**self._wished, **self._wished_of_response, **self._taken_down()}
        return [{**body, "response": flattened(body["response"], self._peer.response, wished)}]

    # What both need.

    def _turns_out_ga(self, wanted: Body, fields: tuple[Field, ...]) -> bool:
        """Whether a peer that nobody is sure of shows by this that it speaks GA; then all passes from now on."""
        if self._is_peer_sure:
            return False
        shows_ga = any(name in wanted for name in _OF_GA)
        shows_dialect = not {field.beta for field in fields if field.ga != (field.beta,)}.isdisjoint(wanted)
        self._is_peer_sure = shows_ga or shows_dialect
        if shows_ga and not shows_dialect:
            self.from_peer.stop()
            self.to_peer.stop()
            return True
        return False

    def _taken_up(self) -> Spellings:
        lost, self._lost_up = self._lost_up, {}
        return self._understood(lost)

    def _taken_down(self) -> Spellings:
        lost, self._lost_down = self._lost_down, {}
        return self._understood(lost)

    def _understood(self, lost: Spellings) -> Spellings:
        """What was lost, as far as the other end means the same by it."""
        return lost if self._peer is self._upstream else without_place(lost)


_OF_GA = ("type", "audio", "output_modalities")
"""What stands in GA's sessions and requests alone."""


def _session_fields(table: Table, kind: Any) -> tuple[Field, ...]:
    return table.transcription_session if kind == "transcription" else table.session


def _written(body: Body) -> str:
    return orjson.dumps(body).decode()
