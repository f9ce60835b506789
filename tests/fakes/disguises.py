"""Events as somebody writes them who wants to get round a lock, and whether he did."""

import json
from typing import Any

from hypothesis import strategies as st

# What a bypass is made of: names that matter in every disguise, at every depth, in every order.
LOCKED_NAMES = ("instructions", "tools", "voice", "prompt")
NAMES = (*LOCKED_NAMES, "type", "session", "response", "audio", "output", "input", "item", "role", "x")
KINDS = (
    "session.update", "transcription_session.update", "response.create", "conversation.item.create", "x", "*", "binary",
    "session.start", "session.instructions.append", "response.item.create",
)  # fmt: skip
LEAVES = st.sampled_from((*map(json.dumps, KINDS), '"system"', '"user"', '"SECRET"', "null", "1e400", "[]"))


def spellings(name: str) -> list[str]:
    """A key as JSON text: in another case, escaped at each of its letters, and as often plain."""
    escaped = [f'"{name[:at]}\\u{ord(name[at]):04x}{name[at + 1 :]}"' for at in range(len(name))]
    disguised = [json.dumps(name.upper()), json.dumps(name.replace("s", "\u017f")), *escaped]
    return [json.dumps(name)] * len(disguised) + disguised


# Drawn at once and not piece by piece: what a thousand examples take is the drawing.
KEYS = st.sampled_from([spelling for name in NAMES for spelling in spellings(name)])


def written_objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(KEYS, values), max_size=5)
    return pairs.map(lambda entries: "{" + ",".join(f"{key}:{value}" for key, value in entries) + "}")


VALUES = st.recursive(
    LEAVES,
    lambda inner: written_objects(inner) | st.lists(inner, max_size=3).map(lambda it: f"[{','.join(it)}]"),
    max_leaves=30,
)


@st.composite
def written_events(draw: st.DrawFn) -> str:
    """An event with its type somewhere among what else it holds."""
    pairs = draw(st.lists(st.tuples(KEYS, VALUES), max_size=5))
    kind = (draw(st.sampled_from(('"type"', '"t\\u0079pe"'))), draw(st.sampled_from(KINDS).map(json.dumps)))
    pairs.insert(draw(st.integers(0, len(pairs))), kind)
    return "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"


def _first_wins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


def _any_case(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key.casefold(): value for key, value in pairs}


def _sets_something_locked(event: Any) -> bool:
    """Whether an upstream that reads the event so would change what is locked, or obey a stranger."""
    if not isinstance(event, dict):
        return True
    kind = event.get("type")
    holder = event.get("response" if kind == "response.create" else "session")
    if kind in {"conversation.item.create", "response.item.create"}:
        return event.get("item", {}).get("role", "user") not in ("user", "assistant") if "item" in event else False
    if kind not in {"session.start", "session.update", "transcription_session.update", "response.create"}:
        return kind == "session.instructions.append"
    if any(name in place for place in (event, holder) if isinstance(place, dict) for name in LOCKED_NAMES):
        return True
    if not isinstance(holder, dict):
        return False
    audio = holder.get("audio", {})
    output = audio.get("output", {})
    items = holder.get("input", []) if kind in {"response.create", "session.start"} else []
    return "voice" in output or any(item.get("role", "user") not in ("user", "assistant") for item in items)


def gets_round_locks(sent: str | bytes) -> bool:
    """Whether some reader of this message finds instructions, tools, a voice or a system item set."""
    readers = (dict, _first_wins, _any_case)
    return any(_sets_something_locked(json.loads(sent, object_pairs_hook=reader)) for reader in readers)
