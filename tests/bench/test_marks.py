"""The parts of a document that a benchmark writes."""

import pytest

from bench.report.marks import between

PAGE = "before\n<!-- a -->\n\nold\n<!-- end of a -->\nbetween\n<!-- b --><!-- end of b -->\n"


def test_words_stand_between_their_marks() -> None:
    """What was there goes, what is around it stays, and a second time changes nothing."""
    page = between(between(PAGE, "a", "new"), "b", "other")
    assert page == "before\n<!-- a -->\n\nnew\n<!-- end of a -->\nbetween\n<!-- b -->\n\nother\n<!-- end of b -->\n"
    assert between(page, "a", "new") == page


@pytest.mark.parametrize("page", ["", "<!-- a -->", "<!-- end of a --><!-- a -->"])
def test_a_page_without_marks_is_not_written(page) -> None:
    """Marks that are missing, or stand the wrong way round, are told."""
    with pytest.raises(ValueError, match="a"):
        between(page, "a", "words")
