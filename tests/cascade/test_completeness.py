"""Whether somebody has done speaking."""

import pytest

from relay.cascade.completeness import Completeness, completeness_of_sound, completeness_of_words

COMPLETE, UNCERTAIN, INCOMPLETE = Completeness


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("What time is it?", COMPLETE),
        ('He said "no." ', COMPLETE),
        ("今何時ですか。", COMPLETE),
        ("what time is it", UNCERTAIN),
        ("", UNCERTAIN),
        ("First of all,", INCOMPLETE),
        ("I would like to...", INCOMPLETE),
        ("I would like to…", INCOMPLETE),
        ("Well —", INCOMPLETE),
    ],
)
def test_by_words(text: str, completeness: Completeness) -> None:
    """The last mark of a transcript says whether it goes on; without a mark nothing does."""
    assert completeness_of_words(text) is completeness


@pytest.mark.parametrize(("likelihood", "completeness"), [(0.51, COMPLETE), (0.5, INCOMPLETE), (0.0, INCOMPLETE)])
def test_by_sound(likelihood: float, completeness: Completeness) -> None:
    """What is more likely over than not is."""
    assert completeness_of_sound(likelihood) is completeness
