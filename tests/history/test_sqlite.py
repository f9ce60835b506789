"""The file that conversations are kept in."""

import sqlite3
import stat
from itertools import count

import pytest

from relay.core.remembered import CALL, RESULT, Remembered
from relay.history.rows import Key, Row
from relay.history.sqlite import NotOurs, SqliteFile

ADA, BEN = Key("ada", "c1"), Key("ben", "c1")
_numbers = count(1)


def said(text: str, role: str = "user", *, id_: str = "") -> Remembered:
    return Remembered(id_ or f"item_{next(_numbers)}", "message", role, text)


def rows(*items: Remembered, key: Key = ADA, at: float = 100.0, position: int = 1) -> list[Row]:
    return [Row(key, position + place, item, at + place) for place, item in enumerate(items)]


@pytest.fixture
def file(tmp_path):
    file = SqliteFile(tmp_path / "history.db")
    yield file
    file.close()


def texts(found: list[Row]) -> list[str]:
    return [str(row.item.text) for row in found]


def all_bytes(directory) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir())


def test_what_was_written_is_read(file) -> None:
    """Messages, calls and results come back as they were, in order, the newest of them."""
    items = [
        said("Is it cold?"),
        Remembered("call_item", CALL, text='{"city":"Oslo"}', call_id="call_1", name="weather"),
        Remembered("result_item", RESULT, text="-3", call_id="call_1"),
        said("It is.", "assistant"),
    ]
    file.write(rows(*items))
    assert [row.item for row in file.newest(ADA, 0, 10)] == items
    assert texts(file.newest(ADA, 0, 2)) == ["-3", "It is."]


def test_the_order_is_the_conversations(file) -> None:
    """A transcript that comes late has its place nevertheless."""
    question, answer = rows(said("late"), said("answer", "assistant"))
    file.write([answer, question])
    assert texts(file.newest(ADA, 0, 10)) == ["late", "answer"]


def test_a_subjects_own(file) -> None:
    """The same id is another conversation for another subject."""
    file.write([*rows(said("mine")), *rows(said("his"), key=BEN)])
    assert texts(file.newest(ADA, 0, 10)) == ["mine"]
    assert [each.key for each in file.summaries(0, "ben")] == [BEN]
    assert file.item(BEN, 0, file.newest(ADA, 0, 1)[0].item.id) is None


def test_an_id_that_is_used_twice(file) -> None:
    """A client that names items alike in two sessions loses none of them."""
    file.write(rows(said("first", id_="msg_1"), said("second", id_="msg_1")))
    found = file.newest(ADA, 0, 10)
    assert texts(found) == ["first", "second"]
    assert found[0].item.id == "msg_1" != found[1].item.id


def test_halves_of_characters(file) -> None:
    """Text that is no UTF-8 is kept as far as it is."""
    file.write(rows(said("so \ud83d it was")))
    assert texts(file.newest(ADA, 0, 10)) == ["so ? it was"]


@pytest.mark.parametrize("newest_first", [True, False])
def test_pages(file, newest_first) -> None:
    """Pages have every item once, from either end, and end."""
    file.write(rows(*[said(str(number)) for number in range(7)]))
    seen: list[str] = []
    after = None
    while page := file.page(ADA, 0, 3, after=after, newest_first=newest_first):
        seen += texts(page)
        after = page[-1].item.id
    assert seen == sorted(map(str, range(7)), reverse=newest_first)
    assert file.page(ADA, 0, 3, after="unknown", newest_first=newest_first) == []


@pytest.mark.parametrize(
    "delete",
    [
        lambda file: file.delete(ADA),
        lambda file: file.forget("ada"),
        lambda file: file.delete_item(ADA, "the_secret"),
        lambda file: file.expire(150, 10),
    ],
)
def test_what_is_deleted_is_in_no_byte(file, tmp_path, delete) -> None:
    """Deletion and expiry take what was said out of the files, short or longer than a page, and leave the others."""
    secret = "sentinel-7b1d " * 1000
    file.write([*rows(said(secret, id_="the_secret")), *rows(said("stays"), key=BEN, at=200)])
    assert b"sentinel-7b1d" in all_bytes(tmp_path)
    assert delete(file) is not None
    assert file.clean()
    assert b"sentinel-7b1d" not in all_bytes(tmp_path)
    assert texts(file.newest(BEN, 0, 10)) == ["stays"]
    assert file.summary(ADA, 0) is None


def test_a_reader_elsewhere_keeps_the_log(file, tmp_path) -> None:
    """While another process reads, the log keeps what was deleted, and it is known that it does."""
    file.write(rows(said("sentinel-7b1d")))
    reader = sqlite3.connect(tmp_path / "history.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM items").fetchone()
    file._db.execute("PRAGMA busy_timeout = 0")
    file.delete(ADA)
    assert not file.clean()
    reader.close()
    assert file.clean()
    assert b"sentinel-7b1d" not in all_bytes(tmp_path)


def test_expiry_in_pieces(file) -> None:
    """What is over goes a piece at a time, so that nobody waits for all of it; an empty conversation goes, too."""
    file.write(rows(*[said(str(number)) for number in range(5)], at=100))
    assert file.expire(104, 3) is True
    assert file.expire(104, 3) is False
    assert texts(file.newest(ADA, 0, 10)) == ["4"]
    assert texts(file.newest(ADA, 105, 10)) == []
    file.expire(200, 3)
    assert file.summaries(0) == []


def test_a_full_file_loses_what_did_not_fit(file) -> None:
    """A transaction for which there is no room is undone whole, and the next one is written."""
    pages = file._db.execute("PRAGMA page_count").fetchone()[0]
    file._db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        file.write(rows(said("small"), said("large " * 10_000)))
    file.write(rows(said("next")))
    assert texts(file.newest(ADA, 0, 10)) == ["next"]


def test_nobody_elses_file(tmp_path) -> None:
    """The file is its owner's alone; one of another program is left as it is."""
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE things (name)")
    other.close()
    with pytest.raises(NotOurs):
        SqliteFile(path)
    tables = sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("things",)]
    SqliteFile(tmp_path / "own.db").close()
    assert stat.S_IMODE((tmp_path / "own.db").stat().st_mode) == 0o600
