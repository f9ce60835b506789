"""Which events of a peer could make an upstream answer, and which certainly do not."""

from relay.core.events import BINARY, MALFORMED, BriefEvent, Event, read_as_text
from relay.core.locks import check_unambiguous

ASKING = "response.create"

HARMLESS = frozenset({
    "conversation.item.delete",
    "conversation.item.retrieve",
    "conversation.item.truncate",
    "input_audio_buffer.append",
    "input_audio_buffer.clear",
    "output_audio_buffer.clear",
    "response.cancel",
})  # fmt: skip
"""What takes back, cuts, or looks; and speech, with which a user may interrupt what is being said."""


def may_ask_for_an_answer(event: Event) -> bool:
    """Whether this could be a request for an answer, for an upstream that takes JSON in binary messages, too."""
    if event.type == BINARY and isinstance(event.data, bytes):
        inner = read_as_text(event.data)
        return inner is not None and may_ask_for_an_answer(inner)
    if event.type == MALFORMED and isinstance(event.data, str):
        return _may_say(event.data, ASKING)
    return event.type == ASKING


def is_harmless(event: Event) -> bool:
    """Whether this is proved to cost nothing: read in full, and the same for every reader."""
    if event.type == BINARY and isinstance(event.data, bytes):
        return read_as_text(event.data) is None
    if event.type not in HARMLESS:
        return False
    if isinstance(event, BriefEvent):
        return True
    try:
        check_unambiguous(event.data)
    except ValueError:
        return False
    return bool(event.body)


def _may_say(data: str, word: str) -> bool:
    """Whether an object that our readers cannot read may have this word in it for others, as it is or escaped."""
    if data.lstrip("\ufeff \t\r\n")[:1] != "{":
        return False
    has_escapes = "\\" in data and "\\u" in data  # one character is found ten times as fast as two
    return has_escapes or word in data.casefold()
