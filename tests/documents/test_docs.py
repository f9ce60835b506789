import re

import pytest

from docs.screenshots.scenes import SCENES
from docs.tables import DOCUMENTS, ROOT, TABLES, filled


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_say_what_the_code_does(name) -> None:
    """Every setting, metric and close code stands in the documents' tables; `make docs` writes them."""
    text = (ROOT / name).read_text()
    assert filled(text) == text


def test_every_table_has_its_place() -> None:
    """No table is written that no document shows."""
    everything = "".join((ROOT / name).read_text() for name in DOCUMENTS)
    assert all(f"<!-- {name} -->" in everything for name in TABLES)


def test_every_picture_of_the_page_is_shown() -> None:
    """`make screenshots` takes the pictures that the documents show, no others, and none above 150 KB."""
    kept = {f"{name}.png" for name, scene in SCENES.items() if scene.kept}
    found = {path.name: path.stat().st_size for path in (ROOT / "docs/images").glob("page*.png")}
    assert set(found) == kept
    assert max(found.values()) <= 150_000
    page = (ROOT / "docs/voice-page.md").read_text()
    assert all(f"images/{name}" in page for name in kept)


def test_links_between_documents_lead_somewhere() -> None:
    """Each relative link in README.md and docs/ names a file that is there."""
    for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"(?:\]\(|src=\")([^)#\":]+)[)#\"]", path.read_text())
        assert [link for link in links if not (path.parent / link).exists()] == [], path.name
