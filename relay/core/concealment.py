"""What a peer may not see of its profile: locked instructions, locked tools, and what MCP tools open servers with.

The fields are left out wherever an upstream repeats them. The words of locked instructions are taken out of every other
string, too, as the relay's key is: an error may quote them, or an item, or the reason of a close.

What was *said* is judged more mildly, since instructions may dictate it: of it, all of the words are taken out, and
parts of them stay. Pieces of an answer are not put together for that: it would hold up what is being said, and a voice
says it anyway. A piece of sound has no words in it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from relay.core.events import BINARY, Body, Event
from relay.core.interceptor import EVERY, Interceptor
from relay.core.locks import INSTRUCTIONS, commands, holds
from relay.core.redaction import SOUND, rewritten
from relay.core.secret_words import SecretWords
from relay.core.session import Session
from relay.core.tool_credentials import is_mcp_tool, tools_of, without_credentials

SAID = frozenset({
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.segment",
    "response.content_part.added",
    "response.content_part.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.mcp_call_arguments.delta",
    "response.mcp_call_arguments.done",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.output_text.delta",
    "response.output_text.done",
    "session.input_transcript.delta",
    "session.output_transcript.delta",
})  # fmt: skip
"""The events that bring what the user or the model has said."""

_SPEAKERS = ("user", "assistant")
_CALLS = ("function_call", "function_call_output", "mcp_call", "mcp_approval_request")
_HOLDERS = frozenset({"session", "response", "item"})


class Concealment(Interceptor):
    """Shows a peer everything that comes down but for that.

    Args:
        session: what is injected.
        lock: the fields of it that are locked.
    """

    down = frozenset({EVERY})

    def __init__(self, session: Mapping[str, Any], lock: Iterable[str]) -> None:
        lock = tuple(lock)
        self._words = SecretWords(_locked_words(session, lock))
        self._hidden = frozenset({INSTRUCTIONS, "prompt"}) if holds(lock, INSTRUCTIONS) else frozenset()
        self._hides_tools = holds(lock, "tools")
        self._has_servers = any(is_mcp_tool(tool) for tool in tools_of(session))

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._words or self._hidden or self._hides_tools or self._has_servers)

    def opened(self, session: Session, now: float) -> None:
        session.down.unhook(SOUND, self.on_down)

    def on_down(self, event: Event, now: float) -> Event | None:
        said = event.type in SAID
        if said and (not self._words or len(event.data) < self._words.least_chars):
            return event
        if event.body:
            try:
                shown = self._object(event.body, said=said, holds_session=True)
                return event if shown == event.body else rewritten(event, shown)
            except (RecursionError, orjson.JSONEncodeError):  # nested more deeply than anything that is an event
                pass
        return self._unread(event)

    def reason(self, text: str) -> str:
        """A close reason as the peer may read it."""
        return self._words.taken_out(text)

    def _unread(self, event: Event) -> Event | None:
        """What is no event, or none that can be read: dropped where the words are in it."""
        if event.type == BINARY and not event.body and not _is_json(event.data):
            return event
        text = event.data if isinstance(event.data, str) else event.data.decode(errors="replace")
        return event if self._words.taken_out(text) == text else None

    def _object(self, node: Mapping[str, Any], *, said: bool, holds_session: bool = False) -> Body:
        shown: Body = {}
        said = said or node.get("role") in _SPEAKERS or node.get("type") in _CALLS
        for name, value in (without_credentials(node) if self._has_servers else node).items():
            plain = name.casefold()
            if holds_session and plain in self._hidden:
                continue
            if self._hides_tools and plain == "tools" and isinstance(value, list) and value:
                if node.get("type") != "mcp_list_tools":
                    continue
                value = []  # noqa: PLW2901 - such an item has to have the field
            inner = holds_session and plain in _HOLDERS
            shown[self._words.taken_out(name)] = self._node(value, said=said, holds_session=inner)
        return shown

    def _node(self, node: Any, *, said: bool, holds_session: bool = False) -> Any:
        if isinstance(node, str):
            return self._words.taken_out(node, pieces=not said)
        if isinstance(node, dict):
            return self._object(node, said=said, holds_session=holds_session)
        return [self._node(item, said=said) for item in node] if isinstance(node, list) else node


def shown_session(session: Mapping[str, Any], lock: Iterable[str]) -> Body:
    """A profile's session object, as whoever opens sessions with it may see it."""
    concealed = Concealment(session, lock)._object({"session": session}, said=False, holds_session=True)
    shown: Body = concealed["session"]
    return shown


def _locked_words(session: Mapping[str, Any], lock: tuple[str, ...]) -> Iterator[str]:
    """The instructions that the model has of the profile, as far as they are locked."""
    yield from _instructions(session, "", lock)
    items = session.get("input")
    if holds(lock, INSTRUCTIONS) or holds(lock, "input"):
        for item in items if isinstance(items, list) else ():
            yield from _texts(item) if commands(item) else ()


def _instructions(node: Mapping[str, Any], path: str, lock: tuple[str, ...]) -> Iterator[str]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _instructions(value, f"{path}{name}.", lock)
        elif name == INSTRUCTIONS and isinstance(value, str) and holds(lock, path + name):
            yield value


def _texts(node: Any) -> Iterator[str]:
    """Each string of an item that stands under `text`, or is its whole content."""
    for name, value in node.items() if isinstance(node, dict) else ():
        if name in {"text", "content"} and isinstance(value, str):
            yield value
        for item in value if isinstance(value, list) else ():
            yield from _texts(item)


def _is_json(data: str | bytes) -> bool:
    return data.lstrip()[:1] in {b"{", b"["}
