"""Events as somebody writes them who wants to get round a lock, and whether he did."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

# What a bypass is made of: names that matter in every disguise, at every depth, in every order.
LOCKED_NAMES = ("instructions", "tools", "voice", "prompt")
NAMES = (*LOCKED_NAMES, "type", "session", "response", "audio", "output", "input", "item", "role", "x")
PLAIN_KINDS = (
    "session.update", "transcription_session.update", "response.create", "conversation.item.create", "x", "*", "binary",
    "session.start", "session.instructions.append", "response.item.create",
)  # fmt: skip
ITEM_KINDS = (
    "message", "function_call_output", "item_reference", "mcp_list_tools", "mcp_call", "mcp_approval_request",
    "reasoning",
)  # fmt: skip
HARMLESS_KINDS = {"message", "function_call_output", "item_reference"}

# Letters of other scripts that look like those of the names above; what Unicode itself equates needs no table.
LOOK_ALIKES = dict(zip("aceiopsxyr0|", "\u0430\u0441\u0435\u0456\u043e\u0440\u0455\u0445\u0443\u0433oi", strict=True))
INVISIBLE = ("\u200b", "\u2060", "\ufeff", "\u00ad", "\0", " ", "\t", "\n", "\u00a0", "\u180e")


def disguises(name: str) -> Iterator[str]:
    """A name as a lax reader may take for the plain one: in another case, with what cannot be seen, or look-alike."""
    yield name.upper()
    yield name.translate({code: code + 0xFEE0 for code in range(33, 127)})
    yield from (unseen + name + unseen for unseen in INVISIBLE)
    for at, letter in enumerate(name):
        yield name[:at] + LOOK_ALIKES.get(letter, letter) + name[at + 1 :]
        yield from (name[:at] + unseen + name[at:] for unseen in INVISIBLE)


def written(key: str) -> Iterator[str]:
    """A key as JSON text: as it is, with a long s, escaped at each of its letters."""
    yield json.dumps(key)
    yield json.dumps(key.replace("s", "\u017f"))
    yield from (f'"{key[:at]}\\u{ord(key[at]):04x}{key[at + 1 :]}"' for at in range(len(key)) if key.isprintable())


def half_plain(plain: Iterable[str], odd: Iterable[str]) -> st.SearchStrategy[str]:
    """As often plain as odd. Drawn at once and not piece by piece: what a thousand examples take is the drawing."""
    return st.one_of(st.sampled_from([*plain]), st.sampled_from([*odd]))


def disguised(names: Sequence[str]) -> st.SearchStrategy[str]:
    return half_plain(names, (odd for name in names for odd in disguises(name)))


KINDS = disguised(PLAIN_KINDS)
LEAVES = st.one_of(
    KINDS.map(json.dumps),
    disguised(ITEM_KINDS).map(json.dumps),
    st.sampled_from(('"system"', '"user"', '"SECRET"', "null", "1e400", "[]")),
)
KEYS = half_plain(
    map(json.dumps, NAMES), (text for name in NAMES for key in (name, *disguises(name)) for text in written(key))
)


def written_objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(KEYS, values), max_size=5)
    return pairs.map(lambda entries: "{" + ",".join(f"{key}:{value}" for key, value in entries) + "}")


VALUES = st.recursive(
    LEAVES,
    lambda inner: written_objects(inner) | st.lists(inner, max_size=3).map(lambda it: f"[{','.join(it)}]"),
    max_leaves=30,
)
PAIRS = st.lists(st.tuples(KEYS, VALUES), max_size=5)
TYPE_KEYS = st.sampled_from(('"type"', '"t\\u0079pe"'))


@st.composite
def written_events(draw: st.DrawFn) -> str:
    """An event with its type somewhere among what else it holds."""
    pairs = draw(PAIRS)
    kind = (draw(TYPE_KEYS), json.dumps(draw(KINDS)))
    pairs.insert(draw(st.integers(0, len(pairs))), kind)
    return "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _any_case(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key.casefold(): value for key, value in pairs}


def _lax(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {lax(key): lax(value) if lax(key) == "type" and isinstance(value, str) else value for key, value in pairs}


def lax(name: str) -> str:
    """The name as somebody reads it who minds neither case nor space, nor scripts that look like his own."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    seen = (letter for letter in folded if unicodedata.category(letter)[0] not in "CZ")
    return "".join(seen).translate({ord(alike): plain for plain, alike in LOOK_ALIKES.items() if not alike.isascii()})


def _is_harmful(item: Any) -> bool:
    """Whether an item sets what is locked, or commands."""
    if not isinstance(item, dict):
        return True
    return item.get("role", "user") not in ("user", "assistant") or item.get("type", "message") not in HARMLESS_KINDS


def _sets_something_locked(event: Any) -> bool:
    """Whether an upstream that reads the event so would change what is locked, or obey a stranger."""
    if not isinstance(event, dict):
        return True
    kind = event.get("type")
    holder = event.get("response" if kind == "response.create" else "session")
    if kind in {"conversation.item.create", "response.item.create"}:
        return _is_harmful(event["item"]) if "item" in event else False
    if kind not in {"session.start", "session.update", "transcription_session.update", "response.create"}:
        return kind == "session.instructions.append"
    places = [place for place in (event, holder) if isinstance(place, dict)]
    if "input" in event or any(name in place for place in places for name in LOCKED_NAMES):
        return True
    return isinstance(holder, dict) and _holds_something_locked(holder)


def _holds_something_locked(holder: dict[str, Any]) -> bool:
    audio = holder.get("audio", {})
    output = audio.get("output", {})
    return "voice" in output or any(_is_harmful(item) for item in holder.get("input", []))


def gets_round_locks(sent: str | bytes) -> bool:
    """Whether some reader of this message finds instructions, tools, a voice or a system item set."""
    readers = (dict, _first_wins, _any_case, _lax)
    return any(_sets_something_locked(json.loads(sent, object_pairs_hook=reader)) for reader in readers)
