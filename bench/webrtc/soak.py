"""`python -m bench.webrtc.soak`: calls that come and go for an hour, and what memory they leave. Writes nothing.

Each caller asks for a story, hears it for some seconds, and hangs up. A second in which one hears nothing is a fault.
"""

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from time import monotonic

from bench.processes import StartError
from bench.usage import read_usage
from bench.webrtc.calls import calling, served

CALLERS = 5
STAYS_S = (3.0, 30.0)
LOOK_S = 1.0
SAMPLES = 6
MIB = 1024 * 1024


async def soak(port: int, pid: int, seconds: float) -> dict[str, object]:
    """Keep callers coming until the time is over; what was found."""
    ends_at = monotonic() + seconds
    found: Counter[str] = Counter()
    rss_mib: list[int] = []

    async def come_again(number: int) -> None:
        chance = random.Random(number)
        while monotonic() < ends_at:
            try:
                await _call(port, chance.uniform(*STAYS_S), found)
            except Exception as failure:  # whatever it is, it is a finding, and the others go on
                found[type(failure).__name__] += 1
            found["calls"] += 1

    coming = asyncio.gather(*(come_again(number) for number in range(CALLERS)))
    for number in range(SAMPLES + 1):
        await asyncio.sleep(ends_at - seconds * (1 - number / SAMPLES) - monotonic())
        rss_mib.append(read_usage(pid).rss_bytes // MIB)
    await coming
    rss_mib.append(read_usage(pid).rss_bytes // MIB)
    return {"minutes": seconds / 60, "found": dict(found), "rss_mib": rss_mib}


async def _call(port: int, stays_s: float, found: Counter[str]) -> None:
    leaves_at = monotonic() + stays_s
    async with calling(port, 1) as [caller]:
        heard = 0
        while monotonic() < leaves_at:
            await asyncio.sleep(LOOK_S)
            came = (await caller.heard()).packets
            found["silent seconds"] += came == heard
            heard = came
        found["closed early"] += caller.is_closed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.webrtc.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long [60]")
    parser.add_argument("--workers", type=int, default=0, help="processes of their own for the media of calls [0]")
    options = parser.parse_args()
    try:
        with served({"RELAY_WEBRTC__WORKERS": str(options.workers)}) as (port, pid):
            print(json.dumps(asyncio.run(soak(port, pid, 60 * options.minutes))))
    except StartError as failure:
        sys.exit(f"bench: {failure}")


if __name__ == "__main__":
    main()
