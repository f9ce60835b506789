"""What the page says of the relay's ends."""

from pathlib import Path

from relay.core.causes import ROWS, Cause

WORDS = (Path(__file__).parents[2] / "web/protocol/ending-rows.js").read_text()


def test_the_page_knows_every_end() -> None:
    """Each cause that a page can be told has a sentence there, but for the upstream's own code, which has its own."""
    told = {cause.value for cause, row in ROWS.items() if row.message is not None} - {Cause.UPSTREAM_CLOSED.value}
    assert {cause for cause in told if f"    {cause}: {{" not in WORDS} == set()
