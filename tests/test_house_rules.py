"""What the architecture promises about its own code."""

import ast
from pathlib import Path

import pytest

RELAY = Path(__file__).parent.parent / "relay"
CORE_MAY_IMPORT = {
    "__future__", "binascii", "bisect", "collections", "dataclasses", "decimal", "enum", "functools", "json", "re",
    "struct", "types", "typing", "orjson",
}  # fmt: skip


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("path", sorted((RELAY / "core").rglob("*.py")), ids=lambda path: path.name)
def test_the_core_does_not_wait(path) -> None:
    """core/ imports no socket, no asyncio, no clock and no logger: what decides does not wait."""
    foreign = {
        name
        for name in imports(path)
        if not name.startswith("relay.core") and name.split(".")[0] not in CORE_MAY_IMPORT
    }
    assert foreign == set()


def test_the_unknown_is_caught_in_one_place() -> None:
    """`except Exception` stands once, where the unknown becomes close 1011 and a log line."""
    catching = [
        path.name
        for path in RELAY.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Name) and node.type.id == "Exception"
    ]
    assert catching == ["endpoint.py"]
