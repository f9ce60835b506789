"""The page as the wheel holds it."""

import re
from pathlib import Path

import pytest

from relay.building.bundle import bundle
from relay.building.page import assemble

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place: Path = tmp_path_factory.mktemp("page")
    assemble(ROOT, place, bundle)
    return place


def loaded(place: Path) -> list[str]:
    """What the page's head names, but for its icon."""
    html = (place / "public/index.html").read_text()
    return re.findall(r'(?:href|src)="([^"#]+\.(?:css|js))"', html)


def test_the_page_loads_one_file_of_each_kind(place) -> None:
    """One file of styles, one of modules, and ahead of the first session the two for the audio thread."""
    names = [re.sub(r"\.[0-9a-f]{16}\.", ".", path) for path in loaded(place)]
    assert names == ["style.css", "web/main.js", "web/worklets/capture.js", "web/worklets/playback.js"]
    for path in loaded(place):
        assert (place / ("" if path.startswith("web/") else "public") / path).is_file()


def test_bundles_import_nothing(place) -> None:
    """What was joined asks for no module more, and loads the worklets that the page has fetched."""
    main = next(path for path in loaded(place) if "main" in path)
    bundles = [place / path for path in loaded(place) if path.endswith(".js")]
    for path in [*bundles, place / "web/index.js", place / "web/realtime-voice.js"]:
        assert not re.search(r"^import\b|\bfrom '", path.read_text(), re.MULTILINE)
    source = (place / main).read_text()
    for path in loaded(place)[2:]:
        assert f"new URL('./{path.removeprefix('web/')}', import.meta.url)" in source


def test_a_file_named_for_its_content_changes_its_name_with_it(place, tmp_path) -> None:
    """The same sources give the same names; another word in one module gives its bundle another name, and no other."""
    for name in ("web", "public"):
        (tmp_path / name).symlink_to(ROOT / name)
    again = tmp_path / "again"
    assemble(tmp_path, again, bundle)
    assert loaded(again) == loaded(place)
    assemble(tmp_path, again, lambda *asked: bundle(*asked) + "// changed\n" * (asked[1] == "main.js"))
    assert [new == old for new, old in zip(loaded(again), loaded(place), strict=True)] == [True, False, True, True]


def test_a_page_driven_from_outside_is_the_same(place) -> None:
    """`import('/web/main.js')` hands on the very module that the page loaded, not a second one."""
    main = next(path for path in loaded(place) if "main" in path).removeprefix("web/")
    assert (place / "web/main.js").read_text() == f"export * from './{main}';\n"


def test_a_visitors_language_lies_where_the_page_looks_for_it(place) -> None:
    """The words of other languages than English are files of their own, which only those load who want them."""
    main = next(path for path in loaded(place) if "main" in path)
    for path in [main, "web/realtime-voice.js"]:
        words = re.findall(r"new URL\('\./(views/words/\w+\.json)', import\.meta\.url\)", (place / path).read_text())
        assert len(words) == 5
        assert all((place / "web" / name).is_file() for name in words)
