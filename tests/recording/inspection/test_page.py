"""The page of a recording, as a browser would parse it."""

import re
import stat
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.core.prices import Prices
from relay.recording import Recording, read_recording
from relay.recording.inspection import Summary, inspect_recording
from relay.recording.inspection.page import as_page, write_page
from tests.fakes.recordings import Scripted
from tests.recording.inspection.test_reading import EVENTS, TRANSCRIPTS
from tests.recording.inspection.test_wav import append, delta, truncate

VOID = {"meta", "link"}
EVIL = '<script>alert(1)</script><img src=//x onerror=alert(1)> " onclick="alert(1) \' </title></style> ${name} &amp;'


class Page(HTMLParser):
    """What is on a page: its elements, its text, and whether each element ends where it should."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[str]:
        """This attribute of all that have it."""
        return [value for _, attributes in self.elements if (value := attributes.get(name)) is not None]

    def classed(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of this class."""
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


def page_of(recording: Recording) -> Page:
    return Page(as_page(recording, inspect_recording(recording, Prices({}))))


def plain() -> tuple[Recording, Summary]:
    recording = read_recording(TRANSCRIPTS / "plain-turn.jsonl")
    return recording, inspect_recording(recording, Prices({}))


@pytest.fixture
def scripted(tmp_path: Path):
    return lambda script: page_of(script.write(tmp_path / "one.jsonl"))


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_it_needs_nothing_else(path) -> None:
    """The page runs and loads nothing: its only links are to itself, and each leads somewhere."""
    page = page_of(read_recording(path))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "audio", "video"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.all("src") == []
    identities = page.all("id")
    assert len(set(identities)) == len(identities)
    links = [link for link in page.all("href") if link != "data:,"]
    assert {link[:1] for link in links} <= {"#"}
    assert {link[1:] for link in links} <= set(identities)
    assert "default-src 'none'" in page.all("content")[-1]


def test_its_style_loads_nothing() -> None:
    """The style sheet names no address."""
    html = as_page(*plain())
    style = html[html.index("<style>") : html.index("</style>")]
    assert not re.search(r"url\(|@import", style)


def test_what_was_said_is_text(tmp_path) -> None:
    """Whatever somebody says, writes or names is shown as it is, and is never markup."""
    script = Scripted(profile=EVIL, model=EVIL, started_at=EVIL)
    item = {"type": "message", "role": EVIL, "content": [{"type": "input_text", "text": EVIL}]}
    script.up({"type": "conversation.item.create", "item": item}, 0.1)
    script.down({"type": "response.output_text.done", "response_id": "r1", "item_id": "i1", "text": EVIL}, 0.2)
    call = {"type": "function_call", "name": EVIL, "arguments": EVIL}
    script.down({"type": "response.output_item.done", "response_id": "r1", "item": call}, 0.3)
    failed = {"id": "r1", "status": EVIL, "status_details": {"reason": EVIL}}
    script.down({"type": "response.done", "response": failed}, 0.4)
    script.down({"type": "error", "error": {"code": EVIL, "message": EVIL}}, 0.5)
    recording = script.closed_by_upstream(1001, EVIL, 0.6).write(tmp_path / "a<b>&.jsonl")
    page = page_of(recording)
    assert not {"script", "img", "b>"} & {tag for tag, _ in page.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.text.count(EVIL) >= 10
    assert "a<b>&" in page.text


def test_turns_stand_in_the_timeline_and_in_the_transcript(scripted) -> None:
    """Each turn has a band where it was heard, and an entry with its words; a wait and an error have their marks."""
    script = Scripted().up(append(1.0, 9), 0.0).down({"type": "input_audio_buffer.committed", "item_id": "u1"}, 1.0)
    script.down({"type": "input_audio_buffer.speech_stopped", "item_id": "u1", "audio_end_ms": 1000}, 1.0)
    script.down({**delta(1.0, 9), "response_id": "r1"}, 1.5)
    script.down({"type": "error", "error": {}}, 2.0).up(truncate("i1", 500), 2.0)
    page = scripted(script.closed_by_peer(5.0))
    places = [band["style"] for band in page.classed("band")]
    assert places == ["left:0.000%;width:20.000%", "left:30.000%;width:10.000%", "left:20.000%;width:10.000%"]
    assert [mark["style"] for mark in page.classed("mark")] == ["left:40.000%"]
    assert len(page.classed("cut")) == 1
    assert {"turn-1", "turn-2", "at-1", "at-2"} <= set(page.all("id"))
    assert "500 ms from the end of speech to the first audio" in page.text
    assert "cut: 500 ms of 1.0 s heard" in page.text


def test_a_turn_goes_on_in_the_next_row(scripted) -> None:
    """An answer that lasts beyond a row is continued in the next, and is named once."""
    page = scripted(Scripted().down({**delta(40.0, 9), "response_id": "r1"}, 10.0).closed_by_peer(50.0))
    bands = page.classed("band")
    assert [band["style"] for band in bands] == ["left:33.333%;width:66.667%", "left:0.000%;width:66.667%"]
    assert [band.get("id") for band in bands] == ["at-1", None]


def test_what_happens_at_the_very_end_is_shown(scripted) -> None:
    """An error in the last moment has its mark, although no row begins there."""
    page = scripted(Scripted().down({"type": "error", "error": {}}, 60.0).closed_by_peer(60.0))
    assert [mark["style"] for mark in page.classed("mark")] == ["left:100.000%"]


def test_it_is_the_users_alone(tmp_path) -> None:
    """Nobody else can read the file."""
    write_page(*plain(), tmp_path / "page.html")
    assert stat.S_IMODE((tmp_path / "page.html").stat().st_mode) == 0o600


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS.map(lambda event: (*event[:3], min(event[3], 20.0))), max_size=12))
def test_events_of_any_shape_are_shown(scripted, events) -> None:
    """Whatever was recorded, there is a page of it that is well formed."""
    script = Scripted()
    for is_up, kind, fields, at in events:
        (script.up if is_up else script.down)({**fields, "type": kind}, at)
    assert "Transcript" in scripted(script.closed_by_peer()).text
