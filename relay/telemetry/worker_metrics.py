"""The metrics of several processes as one exposition, whichever of them is asked.

Each worker answers on a Unix socket with its own; the one that is scraped asks all of them. Each series gets the label
`worker`, so that a counter which ends with its process does not pull a sum down: to Prometheus it is another series,
as with any other process that comes and goes.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

ANSWER_WITHIN_S = 2.0
"""How long another worker may take; one that is starting or hangs is left out of this scrape."""


@asynccontextmanager
async def expose_all_workers(
    registry: CollectorRegistry, directory: Path, serial: int
) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """Answer the other workers while the context is open; yields what asks all of them and itself."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(generate_latest(registry))
        writer.close()

    place = directory / str(serial)
    async with await asyncio.start_unix_server(answer, place):
        try:
            yield lambda: _gather(directory)
        finally:
            place.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # others are there, or the supervisor has taken it away
                os.rmdir(directory)


async def _gather(directory: Path) -> bytes:
    places = [directory / name for name in sorted(os.listdir(directory), key=int)]
    answers = await asyncio.gather(*map(_ask, places))
    return merge({place.name: answer for place, answer in zip(places, answers, strict=True) if answer})


async def _ask(place: Path) -> str:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                return (await reader.read()).decode()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return ""


def merge(expositions: dict[str, str]) -> bytes:
    """Make one exposition of those of several workers, by their names; each sample is labelled with its worker's."""
    families: dict[str, Metric] = {}
    for worker, exposition in expositions.items():
        for family in text_string_to_metric_families(exposition):
            whole = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                whole.add_sample(sample.name, {**sample.labels, "worker": worker}, sample.value)
    return generate_latest(_Merged(families.values()))


class _Merged(CollectorRegistry):
    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
