"""What is promised for bad days, measured: `make reliability` writes what these find into docs/reliability.md."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent / "docs" / "reliability.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->"

Report = Callable[[str, str, str], None]

_rows = pytest.StashKey[list[tuple[str, str, str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_rows] = []


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Iterator[Report]:
    """Say what was promised and what was found, for the table; a test that fails says nothing."""
    said: list[tuple[str, str, str]] = []
    yield lambda promise, bound, found: said.append((promise, bound, found))
    request.config.stash[_rows].extend(said)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Renew the rows of what was run; those of what was not stay."""
    rows = {promise: (bound, found) for promise, bound, found in session.config.stash[_rows]}
    if exitstatus == 0 and rows and os.environ.get("RELIABILITY_WRITE"):
        page = PAGE.read_text()
        before = page[page.index(BEGIN) + len(BEGIN) : page.index(END)].split("\n")[3:]
        kept = [line.strip("| ").split(" | ") for line in before if line]
        rows = {promise: (bound, found) for promise, bound, found in kept} | rows
        lines = ["| promise | bound | found |", "| --- | --: | --: |"]
        lines += [f"| {promise} | {bound} | {found} |" for promise, (bound, found) in rows.items()]
        table = "\n".join(["", *lines, "", ""])
        PAGE.write_text(re.sub(f"(?<={BEGIN}).*(?={END})", lambda _: table, page, flags=re.DOTALL))
