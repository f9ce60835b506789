"""Joins ES modules into one: each becomes a function of its own, called in the order of their imports.

It knows the JavaScript that `web/` is written in and refuses the rest: named imports of files, exports that are
declared where they stand or named from another file, no circles, nothing that is exported and changes. It imports
nothing of the relay, since it runs where a wheel is built.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from pathlib import Path

Locate = Callable[[str], str]
"""Where a file that a module loads by address will be: a path from the root of the modules, in and out."""

NAMED_FROM = re.compile(r"^(?:import|export)\s*\{([^}]*)\}\s*from\s*'([^']+)';\n?", re.MULTILINE)
RE_EXPORT = re.compile(r"^export\s*\{([^}]*)\}\s*from\s*'([^']+)';\n?", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|(?:async )?function\*?|class) (\w+))", re.MULTILINE)
ADDRESS = re.compile(r"new URL\(\s*'([^']+)',\s*import\.meta\.url\s*,?\s*\)")
NOT_KNOWN = re.compile(r"^\s*(?:import|export)\b.*|\bimport\s*[(.].*", re.MULTILINE)
TOKEN = re.compile(
    r"""'(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" | `(?:\\.|[^`\\])*`      # a string may look like a comment
      | (?<=[(,=:!&|?;\[])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n\[])+/  # and so may a regular expression
      | (?P<waste>//[^\n]* | /\*.*?\*/ | (?<=\n)[ \t]+)""",
    re.VERBOSE | re.DOTALL,
)


class NotUnderstood(Exception):  # noqa: N818 - the fact, not the fault
    """A module has what cannot be joined; the words say where and what."""


def bundle(root: Path, entry: str, locate: Locate = str) -> str:
    """Join a module and all that it imports.

    Args:
        root: the folder of the modules.
        entry: the module's path from it. The bundle exports what the module does, and has to lie at the root.
        locate: see `Locate`.

    Raises:
        NotUnderstood: a module has another sort of import or export, or they run in a circle.
    """
    names = {path: f"module{number}" for number, path in enumerate(_in_order(root, entry))}
    parts = [_as_function(root, path, names, locate) for path in names]
    exported = _exports(_source(root, entry))
    return "".join(parts) + f"export const {{ {', '.join(exported)} }} = {names[entry]};\n" * bool(exported)


def without_comments(source: str) -> str:
    """JavaScript without its comments, the lines that they leave empty, and what its lines are indented by."""
    bare = TOKEN.sub(lambda found: "" if found["waste"] else found[0], source)
    return re.sub(r"\n\s*(?=\n)|[ \t]+$", "", bare, flags=re.MULTILINE).strip() + "\n"


def _source(root: Path, path: str) -> str:
    return without_comments((root / path).read_text("utf-8"))


def _in_order(root: Path, entry: str) -> list[str]:
    """The module's own path last, and before each module those that it imports."""
    done: list[str] = []

    def visit(path: str, above: tuple[str, ...]) -> None:
        if path in above:
            raise NotUnderstood(f"modules import each other: {' -> '.join((*above, path))}")
        if path in done:
            return
        source = _source(root, path)
        for found in NAMED_FROM.finditer(source):
            visit(_resolve(path, found[2]), (*above, path))
        done.append(path)

    visit(entry, ())
    return done


def _resolve(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def _as_function(root: Path, path: str, names: Mapping[str, str], locate: Locate) -> str:
    """The module as a constant that holds what it exports."""
    source = _source(root, path)
    exported = _exports(source)
    source = NAMED_FROM.sub(lambda found: _taken(found, path, names), source)
    source = ADDRESS.sub(lambda found: f"new URL('{_address(path, found[1], locate)}', import.meta.url)", source)
    source = EXPORT.sub("", source)
    if unknown := NOT_KNOWN.search(source.replace("import.meta.url)", "")):
        raise NotUnderstood(f"{path}: {unknown[0].strip()}")
    return f"const {names[path]} = (() => {{\n// {path}\n{source}return {{ {', '.join(exported)} }};\n}})();\n"


def _taken(found: re.Match[str], path: str, names: Mapping[str, str]) -> str:
    taken = ", ".join(": ".join(name.split(" as ")) for name in _listed(found[1]))
    return f"const {{ {taken} }} = {names[_resolve(path, found[2])]};\n"


def _exports(source: str) -> list[str]:
    named = [name.split(" as ")[-1] for names, _ in RE_EXPORT.findall(source) for name in _listed(names)]
    return [*named, *EXPORT.findall(source)]


def _listed(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _address(path: str, target: str, locate: Locate) -> str:
    return f"./{locate(_resolve(path, target))}"
