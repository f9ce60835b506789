"""docs/architecture.md and CONTRIBUTING.md name files and functions that exist."""

import ast
import re
from pathlib import Path

import pytest

from tests.test_house_rules import ROOMS

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()

NAMED = re.compile(r"`((?:[\w.-]+/)*[\w.-]+\.(?:py|js|toml))(?:: ([\w.]+))?`")


def named_in(document: str) -> list[tuple[str, str]]:
    found = NAMED.findall((ROOT / document).read_text())
    return sorted({(path, name) for path, name in found if name or "/" in path})


def defined_in(path: Path) -> set[str]:
    """Names at the top of a module, and `Class.method` and `Class.attribute` below them."""
    names = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{inner.name}"
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


@pytest.mark.parametrize(("path", "name"), named_in("docs/architecture.md") + named_in("CONTRIBUTING.md"))
def test_what_is_named_exists(path, name) -> None:
    """Whoever follows a name into the code finds it there."""
    place = next((root / path for root in (ROOT / "relay", ROOT) if (root / path).is_file()), None)
    assert place is not None
    assert not name or name in defined_in(place)


def test_the_map_is_the_table_of_the_rules() -> None:
    """The rooms of the document import what the rules let them."""
    rows = re.findall(r"^\| `(\w+)/` \| .* \| (.*) \|$", ARCHITECTURE, re.MULTILINE)
    assert [(room, set(re.findall(r"`(\w+)`", cell))) for room, cell in rows] == list(ROOMS.items())
