"""SECURITY.md promises nothing that no test keeps."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_NAME = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def promises() -> list[str]:
    """Each item of the promises' list, in one line."""
    text = (ROOT / "SECURITY.md").read_text()
    section = text.split("## What the relay promises", 1)[1].split("\n## ", 1)[0]
    return [" ".join(item.split()) for item in re.split(r"\n- ", section)[1:]]


def names_in(path: str) -> set[str]:
    nodes = ast.walk(ast.parse((ROOT / path).read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_names_its_test() -> None:
    """Each promise names at least one test."""
    assert len(promises()) > 15
    assert [promise for promise in promises() if not TEST_NAME.search(promise)] == []


def test_every_named_test_is_there() -> None:
    """Each test that SECURITY.md names exists where it says."""
    named = TEST_NAME.findall((ROOT / "SECURITY.md").read_text())
    assert [f"{path}::{name}" for path, name in named if name not in names_in(path)] == []
    assert len(named) == (ROOT / "SECURITY.md").read_text().count("::")
