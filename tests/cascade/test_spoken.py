"""relay.cascade.spoken"""

import pytest

from relay.cascade.spoken import Spoken, spoken_line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("**Bold** and *slanted* and ***both***", "Bold and slanted and both"),
        ("_Slanted_ but snake_case_name stays", "Slanted but snake_case_name stays"),
        ("2 * 3 * 4 is 24", "2 * 3 * 4 is 24"),
        ("Call `open()` now", "Call open() now"),
        ("## A heading", "A heading"),
        ("- [x] Done", "Done"),
        ("* An item", "An item"),
        ("> > Quoted", "Quoted"),
        ("See [the page](https://a.example/b?c) here", "See the page here"),
        ("![a cat](cat.png) A cat", "A cat"),
        ("| Day | Hours |", "Day, Hours"),
        ("|---|:--:|", ""),
        ("***", ""),
        ("Fine 😀👍🏽 day ☀️", "Fine day"),
        ("21 °C", "21 °C"),
        ("a<br>b <b>c</b> 1 < 2", "ab c 1 < 2"),
        ("1. First", "1. First"),
        ("…", ""),
        ("Ça va, 元気?", "Ça va, 元気?"),
        ("~~old~~ new", "old new"),
    ],
)
def test_marks_are_not_said(line, said) -> None:
    """Of Markdown, tags and pictures the words are said, and the marks are not."""
    assert spoken_line(line) == said


def test_code_is_not_said() -> None:
    """What stands in a fence is not said, over however many pieces it goes."""
    spoken = Spoken()
    assert spoken.read("So:\n```python\nprint(1)\n") == "So:"
    assert spoken.read("print(2)\n```\nThat prints two.") == "That prints two."
