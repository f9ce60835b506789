"""`python -m docs.screenshots.dashboards`: Grafana's panels, drawn from what a Prometheus saw."""

import asyncio
import json
import math
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from bench.processes import free_ports
from bench.replicas.fleet import fleet, listens
from bench.replicas.peers import STAY_S, Crowd, admitted
from bench.replicas.trial import drained, hung
from bench.report.svg import Line, lines
from bench.webrtc.calls import calling, served

ROOT = Path(__file__).parents[2]
QUIET_S = 40.0
CALLS_S = 30.0
RATE_OVER = "10s"
STEP_S = 2
MOST_SERIES = 6
WIDTH, HEIGHT, COLUMNS = 720, 340, 2


@asynccontextmanager
async def watched_day(directory: Path) -> AsyncIterator[tuple[str, float]]:
    """Two hundred people, a limit that is met, a replica that is drained, and one that hangs.

    Yields:
        Where Prometheus listens, and for how many seconds it has watched.
    """
    async with fleet(2, directory) as relays, prometheus([each.port for each in relays.replicas], directory) as address:
        begun = asyncio.get_running_loop().time()
        crowd = Crowd(relays.url, seed=3)
        coming = asyncio.create_task(crowd.keep_coming())
        await asyncio.sleep(QUIET_S)
        await admitted(f"{relays.url}?profile=limited", 100)
        await drained(relays)
        await asyncio.sleep(STAY_S)
        await hung(relays)
        await asyncio.sleep(STAY_S)
        crowd.close()
        await coming
        yield address, asyncio.get_running_loop().time() - begun


@asynccontextmanager
async def watched_calls(directory: Path) -> AsyncIterator[tuple[str, float]]:
    """Three calls to a relay that answers them, seven more for a while, and none; each hears a story.

    Yields:
        As `watched_day`.
    """
    with served() as (port, _):
        async with prometheus([port], directory) as address:
            begun = asyncio.get_running_loop().time()
            async with calling(port, 3):
                await asyncio.sleep(CALLS_S)
                async with calling(port, 7):
                    await asyncio.sleep(CALLS_S)
                await asyncio.sleep(CALLS_S)
            await asyncio.sleep(CALLS_S / 3)
            yield address, asyncio.get_running_loop().time() - begun


DAYS = ((watched_day, ("overview", "latency", "money", "upstreams")), (watched_calls, ("calls",)))
"""What happens, and the dashboards that it has something to show of."""


@asynccontextmanager
async def prometheus(ports: Sequence[int], directory: Path) -> AsyncIterator[str]:
    """Run one that asks the relays at these ports every second; yields its address."""
    program = shutil.which("prometheus")
    if program is None:
        raise SystemExit("there is no Prometheus here: `make test` installs Debian's where it may")
    port, _ = free_ports()
    targets = [
        {"targets": [f"127.0.0.1:{each}"], "labels": {"instance": f"replica {number}"}}
        for number, each in enumerate(ports, 1)
    ]
    job = {"job_name": "relay", "scrape_interval": "1s", "static_configs": targets}
    config = directory / "prometheus.json"
    config.write_text(json.dumps({"scrape_configs": [job]}))
    place = f"127.0.0.1:{port}"
    words = [f"--config.file={config}", f"--storage.tsdb.path={directory}/data", f"--web.listen-address={place}"]
    with (directory / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(program, *words, stdout=log, stderr=log)
    try:
        await listens(process, port, directory / "prometheus.log")
        yield f"http://{place}"
    finally:
        process.kill()
        await process.wait()


def board(name: str, address: str, seconds: float) -> str:
    """All panels of a dashboard that have something to show, as one picture."""
    told = json.loads((ROOT / "deploy/grafana/dashboards" / f"{name}.json").read_text())
    pictures = [picture for each in told["panels"] if (picture := panel(each, address, seconds))]
    rows = math.ceil(len(pictures) / COLUMNS)
    places = [(n % COLUMNS * WIDTH, n // COLUMNS * HEIGHT) for n in range(len(pictures))]
    placed = [
        picture.replace("<svg ", f'<svg x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        for picture, (x, y) in zip(pictures, places, strict=True)
    ]
    size = f"0 0 {COLUMNS * WIDTH} {rows * HEIGHT}"
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" role="img">', *placed, "</svg>\n"])


def panel(told: dict[str, Any], address: str, seconds: float) -> str | None:
    """One panel: its queries' series, the largest of them; None where there are none."""
    series = [line for target in told["targets"] for line in _series(target, address, seconds)]
    largest = sorted(series, key=lambda line: -max(y for _, y in line.points))[:MOST_SERIES]
    unit = told["fieldConfig"]["defaults"]["unit"]
    return lines(f"{told['title']} ({unit})", "seconds", largest, logarithmic=False) if largest else None


def _series(target: dict[str, Any], address: str, seconds: float) -> Sequence[Line]:
    now = _ask(address, "query", query="time()")["result"][1]
    begun = float(now) - seconds
    query = target["expr"].replace("$__rate_interval", RATE_OVER)
    found = _ask(address, "query_range", query=query, start=begun, end=now, step=STEP_S)["result"]
    return [
        Line(_name(target.get("legendFormat", ""), each["metric"]), points)
        for each in found
        if (points := [(float(at) - begun, float(y)) for at, y in each["values"] if math.isfinite(float(y))])
    ]


def _name(legend: str, labels: dict[str, str]) -> str:
    named = re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), legend)
    return named.strip() or " ".join(labels.values()) or "all"


def _ask(address: str, what: str, **query: Any) -> Any:
    with urlopen(f"{address}/api/v1/{what}?{urlencode(query)}") as answer:  # noqa: S310 - our own Prometheus
        return json.load(answer)["data"]


async def main() -> None:
    for watched, boards in DAYS:
        with tempfile.TemporaryDirectory(prefix="dashboards-") as directory:
            async with watched(Path(directory)) as (address, seconds):
                for name in boards:
                    picture = await asyncio.to_thread(board, name, address, seconds)
                    (ROOT / "docs" / "images" / f"dashboard-{name}.svg").write_text(picture)


if __name__ == "__main__":
    asyncio.run(main())
