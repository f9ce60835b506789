"""`python -m bench.replicas`: two and four replicas on bad days, into docs/scale.md (eleven minutes)."""

import asyncio
import datetime
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.processes import StartError
from bench.replicas.report import picture, words
from bench.replicas.trial import trial
from bench.report.marks import between

COUNTS = (2, 4)
_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "scale.md"
_RESULTS = _ROOT / "bench" / "results" / "replicas.json"
_PICTURE = _ROOT / "docs" / "images" / "bench-replicas.svg"


def main() -> None:
    """Measure, unless only the page is to be written anew (`--render`)."""
    if "--render" not in sys.argv:
        try:
            parts = (f'"{name}": {json.dumps(found)}' for name, found in measure().items())
            _RESULTS.write_text("{\n" + ",\n".join(parts) + "\n}\n")
        except StartError as failure:
            sys.exit(f"bench: {failure}")
    results = json.loads(_RESULTS.read_text())
    _PICTURE.write_text(picture(results))
    _PAGE.write_text(between(_PAGE.read_text(), "replicas", words(results)))
    print(words(results))


def measure() -> dict[str, Any]:
    """Try a fleet of each size.

    Raises:
        StartError: one of the processes does not start.
    """
    results: dict[str, Any] = {
        "day": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": describe_machine(),
    }
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="bench-") as directory:
            results[str(count)] = asyncio.run(trial(count, Path(directory)))
            print(f"{count} replicas: done", file=sys.stderr)
    return results


if __name__ == "__main__":
    main()
