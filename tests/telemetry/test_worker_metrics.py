"""One exposition of several workers' metrics."""

import socket
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.parser import text_string_to_metric_families

from relay.telemetry.fellow_workers import FellowWorkers
from relay.telemetry.worker_metrics import expose_all_workers, merge


def registry_with(sessions: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    Counter("relay_sessions", "Sessions.", ["cause"], registry=registry).labels("full").inc(sessions)
    Histogram("relay_seconds", "Time.", buckets=(1, 2), registry=registry).observe(1.5)
    return registry


async def test_each_sample_has_its_worker(tmp_path: Path) -> None:
    """Samples keep their labels and values and get their worker's number; a family is told once."""
    first, second = FellowWorkers(), FellowWorkers()
    expose_all_workers(registry_with(3), first)
    expose = expose_all_workers(registry_with(4), second)
    async with first.met(tmp_path, 1), second.met(tmp_path, 12):
        exposed = list(text_string_to_metric_families((await expose()).decode()))
    families = [family for family in exposed if not family.name.endswith("_created")]
    assert [(family.name, family.type, family.documentation) for family in families] == [
        ("relay_sessions", "counter", "Sessions."),
        ("relay_seconds", "histogram", "Time."),
    ]
    counted = {
        tuple(sample.labels.items()): sample.value for sample in families[0].samples if "created" not in sample.name
    }
    assert counted == {(("cause", "full"), ("worker", "1")): 3, (("cause", "full"), ("worker", "12")): 4}
    assert {sample.labels["le"] for sample in families[1].samples if "bucket" in sample.name} == {"1.0", "2.0", "+Inf"}


async def test_a_worker_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    """A worker that died without taking its socket away is left out, and the others are told."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "1"))
    worker = FellowWorkers()
    expose = expose_all_workers(registry_with(4), worker)
    async with worker.met(tmp_path, 2):
        text = (await expose()).decode()
    assert 'worker="2"' in text
    assert 'worker="1"' not in text


def test_nobody_answers() -> None:
    """No workers make an empty exposition."""
    assert merge({}) == b""
