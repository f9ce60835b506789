"""The page and its pictures."""

from xml.etree import ElementTree

from bench.report.measures import Measures
from bench.report.page import write_page
from bench.report.svg import Bar, Line, bars, lines
from tests.bench.figures import results


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_the_page_shows_all_pictures_that_are_written(tmp_path) -> None:
    """Nothing is left to be filled in, and no picture is missing or forgotten."""
    cpu_us = {"nginx": 30.0, "node": 70.0, "relay": 42.0}
    write_page(Measures(results(cpu_us, capacity={"bare": 900, "relay": 500})), tmp_path)
    page = (tmp_path / "performance.md").read_text()
    assert "$" not in page
    for picture in (tmp_path / "images").iterdir():
        assert f"(images/{picture.name})" in page
        ElementTree.parse(picture)
    assert "| rounds | 2 |" in page
    assert page.count("](images/") == len(list((tmp_path / "images").iterdir()))


def test_bars_say_their_figures() -> None:
    """Each bar has its name and its figure, safe in XML; the longest fits the page."""
    picture = bars("A & B", [Bar("<one>", [1, 2], "3"), Bar("two", [10, 20], "30")], ["user", "system"])
    assert {"A & B", "<one>", "3", "two", "30", "user", "system"} <= set(texts(picture))
    ends = [
        float(bar.attrib["x"]) + float(bar.attrib["width"])
        for bar in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}rect")
        if "x" in bar.attrib
    ]
    assert max(ends) < 720


def test_lines_lie_apart_in_their_labels() -> None:
    """Two lines with the same end keep readable names."""
    picture = lines("growth", "sessions", [Line("a", [(10, 5), (1000, 9)]), Line("b", [(10, 6), (1000, 9)])])
    places = {
        element.text: float(element.attrib["y"])
        for element in ElementTree.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
        if element.text in {"a", "b"}
    }
    assert abs(places["a"] - places["b"]) >= 18
