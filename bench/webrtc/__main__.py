"""`python -m bench.webrtc`: measure calls that the relay answers, and write about them into docs/webrtc.md."""

import argparse
import asyncio
import datetime
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.processes import StartError
from bench.report.marks import between
from bench.voice_page.__main__ import browser_version
from bench.webrtc.calls import measure_calls, measure_video
from bench.webrtc.report import words
from bench.webrtc.visit import Length, measure

QUICK = Length(echo_s=10, tone_s=10, cuts=4)
CALLS_S = {False: 20.0, True: 4.0}

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "webrtc.md"
_RESULTS = _ROOT / "bench" / "results" / "webrtc.json"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.webrtc", description=__doc__)
    parser.add_argument("--render", action="store_true", help="write the page from the last results")
    parser.add_argument(
        "--quick", action="store_true", help="see in a minute and a half that it works; nothing is written"
    )
    options = parser.parse_args()
    if options.quick:
        print(words(_measured(QUICK, is_quick=True)))
        return
    if not options.render:
        _RESULTS.write_text(json.dumps(_measured(Length(), is_quick=False), indent=1) + "\n")
    written = words(json.loads(_RESULTS.read_text()))
    _PAGE.write_text(between(_PAGE.read_text(), "figures", written))
    print(written)


def _measured(length: Length, is_quick: bool) -> dict[str, Any]:
    try:
        calls = measure_calls(_tell, CALLS_S[is_quick])
        video = measure_video(_tell, CALLS_S[is_quick])
    except StartError as failure:
        sys.exit(f"bench: {failure}")
    kept = ("processor", "memory", "kernel", "Python")
    machine = {name: text for name, text in describe_machine().items() if name in kept}
    found = asyncio.run(measure(_tell, length))
    return {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": {**machine, "Chromium": browser_version(), "wrtc": version("wrtc")},
        "tone_s": length.tone_s,
        "calls": calls,
        "video": video,
        **found,
    }


def _tell(doing: str) -> None:
    print(f"it {doing}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
