"""The page: `page-performance.md` beside this file, filled in."""

from pathlib import Path
from string import Template

from bench.report.tables import table
from bench.voice_page.figures import Figures, rows
from bench.voice_page.growth import EXCHANGES, FILLING, SPOKEN_S
from bench.voice_page.visit import LONG, TIMES

_TEMPLATE = Path(__file__).with_name("page-performance.md")


def write_page(figures: Figures, docs: Path) -> None:
    """Write `page-performance.md` into the docs."""
    words = {
        "figures": table(["what", "limit", "found", ""], list(rows(figures))),
        "machine": table(["", figures.date], [[name, text] for name, text in figures.machine.items()]),
        "times": str(TIMES),
        "filling": str(FILLING),
        "exchanges": str(EXCHANGES),
        "spoken_s": str(SPOKEN_S),
        "burst_ms": f"{LONG.burst_s * 1000:.0f}",
        "every_ms": f"{LONG.every_s * 1000:.0f}",
        "late_ms": f"{LONG.late_s * 1000:.0f}",
    }
    page = Template(_TEMPLATE.read_text()).substitute(words)
    (docs / "page-performance.md").write_text(page.rstrip() + "\n")
