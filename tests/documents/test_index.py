"""The index of the documents, and the glossary."""

import re

from docs.tables import ROOT

DOCS = ROOT / "docs"
INDEX = (DOCS / "README.md").read_text()
GLOSSARY = (DOCS / "glossary.md").read_text()


def test_every_document_has_its_place_in_the_index() -> None:
    """Whoever begins there can get to each of them."""
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", INDEX))
    assert linked == {path.name for path in DOCS.glob("*.md")} - {"README.md"}


def test_the_glossary_is_in_order_and_explains_itself() -> None:
    """Words stand once, by the alphabet, each with a sentence, and are words that the other documents use."""
    words = re.findall(r"^- \*\*(.+?)\*\*: .+\.$", GLOSSARY, re.MULTILINE)
    assert words == sorted(set(words), key=str.lower)
    assert len(words) == GLOSSARY.count("\n- ")
    others = " ".join(path.read_text() for path in DOCS.glob("*.md") if path.name != "glossary.md").lower()
    assert [word for word in words if word.lower() not in others] == []
