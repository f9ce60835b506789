"""`python -m bench.voice_page`: measure the page, and write about it."""

import argparse
import asyncio
import dataclasses
import datetime
import re
import subprocess
import sys
from pathlib import Path

from bench.machine import describe_machine
from bench.report.tables import table
from bench.voice_page.figures import Figures, load_figures, rows
from bench.voice_page.growth import measure_growth
from bench.voice_page.opening import measure_opening
from bench.voice_page.report import write_page
from bench.voice_page.visit import measure
from tests.fakes.browser import chromium

_ROOT = Path(__file__).parents[2]
_RESULTS = _ROOT / "bench" / "results" / "page.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.voice_page", description=__doc__)
    parser.add_argument("--render", action="store_true", help="write the page from the last results")
    parser.add_argument("--opening", action="store_true", help="measure anew only how soon the page answers to a press")
    options = parser.parse_args()
    if options.opening:
        opening = asyncio.run(measure_opening(_tell))
        dataclasses.replace(load_figures(_RESULTS), opening_ms=opening).save(_RESULTS)
    elif not options.render:
        _measure().save(_RESULTS)
    figures = load_figures(_RESULTS)
    write_page(figures, _ROOT / "docs")
    print(table(["what", "limit", "found", ""], list(rows(figures))))


def _measure() -> Figures:
    found = asyncio.run(measure(_tell))
    heaps = asyncio.run(measure_growth(_tell))
    found["opening_ms"] = asyncio.run(measure_opening(_tell))
    found |= {"heap_bytes": [heap.bytes for heap in heaps], "nodes": [heap.nodes for heap in heaps]}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    kept = ("processor", "memory", "kernel", "Python")
    machine = {name: text for name, text in describe_machine().items() if name in kept}
    return Figures(today, {**machine, "Chromium": browser_version()}, **found)


def _tell(words: str) -> None:
    print(f"the page {words}", file=sys.stderr, flush=True)


def browser_version() -> str:
    said = subprocess.run([chromium(), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\d+[.\d]*", said)
    return found[0] if found else "unknown"


if __name__ == "__main__":
    main()
