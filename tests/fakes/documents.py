"""The examples in the documents that tests run as they stand there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_MARKED = re.compile(r"<!-- run: ([\w-]+) -->\n```\w+\n(.*?)```", re.DOTALL)


def examples(document: str) -> dict[str, str]:
    """By name, what stands in the code blocks that are marked to be run; of a document in docs/, or README.md."""
    place = ROOT if document == "README.md" else DOCS
    return dict(_MARKED.findall((place / document).read_text()))


def example(document: str, name: str, port: int) -> str:
    """The example of that name, with the port of the relay under test."""
    return examples(document)[name].replace("127.0.0.1:8000", f"127.0.0.1:{port}")
