"""The page: `performance.md` beside this file, filled in."""

from pathlib import Path
from string import Template

from bench.capacity import STEP
from bench.report.measures import Measures
from bench.report.pictures import write_pictures
from bench.report.tables import (
    capacity_table,
    churn_table,
    growth_table,
    machine_table,
    memory_table,
    steady_table,
    ways_table,
)
from bench.report.targets import targets_table
from bench.scenarios import CHURN, IDLE, IN_BURSTS, STEADY, STEADY_20_MS, TLS, WAYS, WITH_ID_FIRST, WITH_ID_SECOND

_TEMPLATE = Path(__file__).with_name("performance.md")


def write_page(measures: Measures, docs: Path) -> None:
    """Write `performance.md` and its pictures into the docs."""
    loads = {
        "steady": STEADY,
        "id_second": WITH_ID_SECOND,
        "id_first": WITH_ID_FIRST,
        "steady_20": STEADY_20_MS,
        "bursts": IN_BURSTS,
        "tls": TLS,
    }
    words = {f"{name}_table": steady_table(measures, load) for name, load in loads.items()}
    for name, load in {**loads, "idle": IDLE, "churn": CHURN, "ways": WAYS}.items():
        words |= {f"{name}_title": load.title, f"{name}_about": load.about}
    words |= {
        "targets_table": targets_table(measures),
        "memory_table": memory_table(measures),
        "growth_table": growth_table(measures),
        "capacity_table": capacity_table(measures),
        "capacity_step": str(STEP),
        "churn_table": churn_table(measures),
        "ways_table": ways_table(measures),
        "machine_table": machine_table(measures),
    }
    page = Template(_TEMPLATE.read_text()).substitute(words)
    (docs / "performance.md").write_text(page.rstrip() + "\n")
    write_pictures(measures, docs / "images")
