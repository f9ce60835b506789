"""What workers ask each other, over real Unix sockets."""

import asyncio
import os
from pathlib import Path

import pytest

from relay.telemetry.fellow_workers import FellowWorkers


def worker(said: str) -> FellowWorkers:
    made = FellowWorkers()
    made.answers["name"] = lambda about: f"{said}{about}".encode()
    return made


async def test_a_worker_asks_the_others(tmp_path: Path) -> None:
    """Each answers what it is asked about, by its number; who has no answer is left out; and itself only if wanted."""
    first, second, silent = worker("a"), worker("b"), FellowWorkers()
    silent.answers["name"] = lambda _: b""
    async with first.met(tmp_path, 2), second.met(tmp_path, 10), silent.met(tmp_path, 11):
        assert await first.ask("name", '\n"?"') == {"10": 'b\n"?"'}
        assert list((await first.ask_all("name")).items()) == [("2", "a"), ("10", "b")]


async def test_a_process_alone_has_nobody_to_ask() -> None:
    """It gets no answer, and waits for none."""
    assert await worker("a").ask("name") == {}


@pytest.mark.parametrize("line", [b"", b"no JSON\n", b'["unknown",""]\n', b"[1]\n", b"7\n"])
async def test_a_question_that_is_none(tmp_path: Path, line) -> None:
    """It gets no answer, and does no harm."""
    first, second = worker("a"), worker("b")
    async with first.met(tmp_path, 1), second.met(tmp_path, 2):
        reader, writer = await asyncio.open_unix_connection(tmp_path / "1")
        writer.write(line)
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        assert await second.ask("name", "!") == {"1": "a!"}


async def test_a_worker_that_has_gone(tmp_path: Path) -> None:
    """One that left its socket behind is left out."""
    first, gone = worker("a"), worker("b")
    async with first.met(tmp_path, 1):
        async with gone.met(tmp_path, 2):
            os.link(tmp_path / "2", tmp_path / "3")
        assert await first.ask("name") == {}
        (tmp_path / "3").unlink()
