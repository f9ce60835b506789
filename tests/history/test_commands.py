"""`relay history` as an operator meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from relay.cli import main
from relay.core.remembered import Remembered
from relay.history.rows import Key, Row
from relay.history.sqlite import SqliteFile

AT = 1_900_000_000.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "relay.toml"
    path.write_text(f'[history]\nstore = "sqlite:{tmp_path}/history.db"\n')
    file = SqliteFile(tmp_path / "history.db")
    for subject, name in (("ada", "c1"), ("ada", "c2"), ("ben", "c1"), ("", "open")):
        item = Remembered(f"item_{subject}", "message", "user", f"sentinel of {subject} in {name}")
        file.write([Row(Key(subject, name), 1, item, AT)])
    file.close()
    return path


def history(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["history", arguments[0], "--config", str(config), *arguments[1:]])


def test_list(config) -> None:
    """A line for each conversation: whose, which, how many items, since when, until when."""
    lines = history(config, "list").stdout.splitlines()
    assert sorted(line.split("\t")[:3] for line in lines) == [
        ["-", "open", "1"], ["ada", "c1", "1"], ["ada", "c2", "1"], ["ben", "c1", "1"],
    ]  # fmt: skip
    assert lines[0].split("\t")[3:] == ["2030-03-17T17:46:40Z"] * 2
    assert len(history(config, "list", "--subject", "ben").stdout.splitlines()) == 1


def test_export(config) -> None:
    """Everything that a subject said, or one conversation of it, a JSON object a line."""
    lines = [json.loads(line) for line in history(config, "export", "ada").stdout.splitlines()]
    assert {line["conversation"] for line in lines} == {"c1", "c2"}
    [line] = history(config, "export", "ada", "c2").stdout.splitlines()
    assert json.loads(line)["content"] == [{"type": "input_text", "text": "sentinel of ada in c2"}]
    assert "open" in history(config, "export", "-").stdout


def test_delete(config) -> None:
    """One conversation goes; what is not there gives the exit code 1."""
    assert history(config, "delete", "ada", "c1").exit_code == 0
    assert history(config, "delete", "ada", "c1").exit_code == 1
    assert len(history(config, "list").stdout.splitlines()) == 3


def test_forget(config) -> None:
    """All of a subject's is gone from the files' bytes, and nobody else's."""
    assert history(config, "forget", "ada").stdout == "2 deleted\n"
    kept = b"".join(path.read_bytes() for path in config.parent.glob("history.db*"))
    assert b"sentinel of ada" not in kept
    assert b"sentinel of ben" in kept


@pytest.mark.parametrize(
    ("settings", "words"),
    [("", "the settings name none"), ('[history]\nstore = "sqlite:/nowhere/history.db"\n', "/nowhere/history.db")],
)
def test_no_store(tmp_path, settings, words) -> None:
    """Without a store that can be opened it says so, with exit code 2."""
    path = tmp_path / "relay.toml"
    path.write_text(settings)
    result = history(path, "list")
    assert result.exit_code == 2
    assert words in result.stderr
