"""The metrics of several processes as one exposition, whichever of them is asked.

Each series gets the label `worker`, so that a counter which ends with its process does not pull a sum down: to
Prometheus it is another series, as with any other process that comes and goes.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from relay.telemetry.fellow_workers import FellowWorkers

QUESTION = "metrics"


def expose_all_workers(registry: CollectorRegistry, fellows: FellowWorkers) -> Callable[[], Awaitable[bytes]]:
    """Answer the other workers with this registry; returns what asks all of them and itself."""
    fellows.answers[QUESTION] = lambda _: generate_latest(registry)

    async def expose() -> bytes:
        return merge(await fellows.ask_all(QUESTION))

    return expose


def merge(expositions: Mapping[str, str]) -> bytes:
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
