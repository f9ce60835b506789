"""The formats of sound in a call that the relay answers: between it and the upstream that is PCM16 at 24 kHz."""

from collections.abc import Mapping
from typing import Any

from relay.core.events import Event, write_event
from relay.core.interceptor import Interceptor
from relay.core.locks import without

_HOLDERS: Mapping[str, str] = {"session.update": "session", "response.create": "response"}
_FORMATS = (("audio", "input", "format"), ("audio", "output", "format"))


def without_formats(session: Mapping[str, Any]) -> dict[str, Any]:
    """A session or response object that leaves its formats to the API: PCM16 at 24 kHz."""
    bare = dict(session)
    for path in _FORMATS:
        bare = without(bare, path)
    return bare


class CallFormats(Interceptor):
    """Keeps a peer from choosing formats for sound that it does not get as the upstream sends it."""

    up = frozenset(_HOLDERS)

    def on_up(self, event: Event, now: float) -> Event:
        holder = _HOLDERS[event.type]
        held = event.body.get(holder)
        if not isinstance(held, dict):
            return event
        bare = without_formats(held)
        return event if bare == held else write_event({**event.body, holder: bare})
