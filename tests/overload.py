"""Runs a command beside eight busy loops for each core, which end with it: `python -m tests.overload make test`."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

LOOPS_PER_CORE = 8
# A loop ends by itself when nobody holds the other end of its standard input any more, however that came about.
BUSY = "import os, threading\nthreading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()\nwhile True: pass"


@contextlib.contextmanager
def overload() -> Iterator[None]:
    """Keep every core busy, several times over, until the context ends."""
    reading, writing = os.pipe()
    count = LOOPS_PER_CORE * (os.cpu_count() or 1)
    loops = [subprocess.Popen([sys.executable, "-c", BUSY], stdin=reading) for _ in range(count)]
    os.close(reading)
    try:
        yield
    finally:
        os.close(writing)
        for loop in loops:
            loop.wait()


def main() -> int:
    with overload():
        return subprocess.run(sys.argv[1:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
