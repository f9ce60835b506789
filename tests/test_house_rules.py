"""What the architecture promises about its own code."""

import ast
import re
import tokenize
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RELAY = ROOT / "relay"

ROOMS: dict[str, set[str]] = {
    "core": set(),
    "config": {"core"},
    "legs": {"core"},
    "admission": {"core", "config"},
    "upstreams": {"core", "config", "legs", "admission"},
    "recording": {"core", "config", "legs"},
    "telemetry": {"core", "config", "recording"},
    "history": {"core", "config"},
    "sessions": {"core", "config", "legs", "admission", "upstreams", "recording", "telemetry", "history"},
    "calls": {"core", "config", "legs", "admission", "upstreams", "sessions"},
    "endpoints": {"core", "config", "legs", "admission", "upstreams", "history", "sessions", "telemetry", "calls"},
    "serving": {"core", "config", "legs", "admission", "sessions", "telemetry"},
    "engine": {"core"},
    "stand_ins": {"core", "config", "legs", "admission", "upstreams", "recording", "calls", "serving", "engine"},
    "cascade": {"core", "config", "legs", "admission", "upstreams", "engine", "stand_ins"},
    "checking": {"config", "legs", "cascade"},
    "building": set(),
}
"""Each room, and the rooms that it may import; all may import `version`. Whoever moves a row says why."""

AT_THE_ROOT = {"__init__", "__main__", "app", "cli", "local_upstreams", "serve", "testing", "version"}
"""What lies beside the rooms, and may import all of them."""

CORE_MAY_IMPORT = {
    "__future__", "binascii", "bisect", "collections", "contextlib", "dataclasses", "decimal", "enum", "functools",
    "itertools", "json", "re", "struct", "types", "typing", "orjson",
}  # fmt: skip

ENGINE_MAY_IMPORT = {*CORE_MAY_IMPORT, "array", "math", "secrets"}

FILES = sorted(RELAY.rglob("*.py"))
IN_ROOMS = [path for path in FILES if path.parent != RELAY]


def named(path: Path) -> str:
    return str(path.relative_to(RELAY))


def imports(path: Path) -> set[str]:
    """The modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def late_imports(path: Path) -> Iterator[int]:
    """The lines of the imports that are done inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (inner.lineno for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom))


def rooms_of(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("relay.")}


def test_the_table_has_all_rooms_and_no_circle() -> None:
    """Every room has a row, a row names rooms above it alone, and nothing else lies at the root."""
    assert {path.parent.name for path in RELAY.glob("*/*.py")} == set(ROOMS)
    assert {path.stem for path in RELAY.glob("*.py")} == AT_THE_ROOT
    rooms = list(ROOMS)
    assert all(rooms.index(other) < rooms.index(room) for room, others in ROOMS.items() for other in others)


@pytest.mark.parametrize("path", IN_ROOMS, ids=named)
def test_imports_run_as_the_table_says(path) -> None:
    """A file imports its own room and those in its room's row, early or late, for types or to run."""
    room = path.relative_to(RELAY).parts[0]
    assert rooms_of(path) - {room, "version"} <= ROOMS[room]


def test_every_permission_is_used() -> None:
    """A row says what is, not what might be."""
    used = {room: set[str]() for room in ROOMS}
    for path in IN_ROOMS:
        room = path.relative_to(RELAY).parts[0]
        used[room] |= rooms_of(path) - {room, "version"}
    assert used == ROOMS


def test_no_files_import_each_other() -> None:
    """There is no circle between files either; what is imported for its types alone does not count."""
    modules = {".".join(("relay", *path.relative_to(RELAY).with_suffix("").parts)): path for path in IN_ROOMS}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        for_types = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in modules and id(node) not in for_types:
                sorter.add(name, node.module)
    sorter.prepare()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_late_import_says_what_it_weighs(path) -> None:
    """An import inside a function is there because it is heavy, and its comment names the megabytes."""
    lines = path.read_text().splitlines()
    assert [lines[number - 1] for number in late_imports(path) if " MB" not in lines[number - 1]] == []


@pytest.mark.parametrize("path", sorted((RELAY / "core").rglob("*.py")), ids=named)
def test_the_core_does_not_wait(path) -> None:
    """core/ imports no socket, no asyncio, no clock and no logger: what decides does not wait."""
    assert foreign_to(path, {"core"}, CORE_MAY_IMPORT) == set()


@pytest.mark.parametrize("path", sorted((RELAY / "engine").rglob("*.py")), ids=named)
def test_the_engine_does_not_wait(path) -> None:
    """engine/ is as strict as core/, and may compute and make ids besides."""
    assert foreign_to(path, {"core", "engine"}, ENGINE_MAY_IMPORT) == set()


CASCADE_WAITS = {"connection", "serving"}
CASCADE_MAY_IMPORT = {*ENGINE_MAY_IMPORT, "sentencex", "unicodedata", "weakref"}


@pytest.mark.parametrize("path", sorted((RELAY / "cascade").glob("*.py")), ids=named)
def test_the_mind_of_a_cascade_does_not_wait(path) -> None:
    """In cascade/ what decides lies beside the folders of what waits, and is as strict as the engine."""
    if path.stem not in CASCADE_WAITS:
        assert foreign_to(path, {"core", "config", "engine", "cascade"}, CASCADE_MAY_IMPORT) == set()
        assert not {name for name in imports(path) if name.startswith(("relay.cascade.services", "relay.cascade.ears"))}


def foreign_to(path: Path, rooms: set[str], allowed: set[str]) -> set[str]:
    """What a file imports beside these rooms and these modules."""
    own = tuple(f"relay.{room}" for room in rooms)
    return {name for name in imports(path) if not name.startswith(own) and name.split(".")[0] not in allowed}


def test_the_handshake_is_read_once() -> None:
    """One file reads what a peer's request says; of the rest, one answers it, and two read an id in the path.

    Stand-ins are servers of their own, with requests of their own.
    """
    reading = {"headers", "client", "cookies", "query_params", "path_params"}
    readers = {
        named(path)
        for path in RELAY.glob("*/*.py")
        if {"starlette.requests", "starlette.websockets"} & imports(path)
        and reading & {node.attr for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)}
    }
    assert readers == {"admission/session_request.py", "endpoints/calls.py", "endpoints/conversations.py"}


def test_who_holds_the_websocket() -> None:
    """Behind admission nobody holds the peer's WebSocket but the leg that is made of it."""
    holders = {named(path) for path in FILES if "starlette.websockets" in imports(path)}
    assert holders == {"endpoints/realtime.py", "endpoints/pending_peer.py", "legs/choice.py", "legs/asgi.py"}


PYTHON = [path for root in ("relay", "bench", "tests") for path in (ROOT / root).rglob("*.py")]

PRIVATE_WORDS = {
    "brought", "desk", "discretion", "door", "doors", "guest", "hum", "living", "nobodys", "purse", "purses", "recital",
    "resting", "shelf", "sibling", "siblings", "tape", "wish", "wishes",
}  # fmt: skip
"""What only this house would say, for what the field has a word for."""


def test_names_are_the_fields_own() -> None:
    """No name of a file, class, function or variable uses a word that a stranger would have to be told."""
    assert {str(path): words for path in PYTHON if (words := private_words_in(path))} == {}


def private_words_in(path: Path) -> set[str]:
    with tokenize.open(path) as file:
        names = {token.string for token in tokenize.generate_tokens(file.readline) if token.type == tokenize.NAME}
    words = {word.lower() for name in {path.stem, *names} for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}
    return words & PRIVATE_WORDS | names & {"Ask"}


def test_the_unknown_is_caught_in_one_place() -> None:
    """`except Exception` stands once, where the unknown becomes close 1011 and a log line."""
    catching = [
        path.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert catching == ["realtime.py"]
