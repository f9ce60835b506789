"""What Grafana would ask: the dashboards of deploy/grafana."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fakes.proxies import DEPLOY

DASHBOARDS = sorted((DEPLOY / "grafana/dashboards").glob("*.json"))


def panels(path: Path) -> Iterator[dict[str, Any]]:
    yield from json.loads(path.read_text())["panels"]


def queries() -> dict[str, str]:
    """Each query of each panel, with the time over which Grafana would take a rate, by where it stands."""
    return {
        f"{path.stem}, {panel['title']}, {target['refId']}": target["expr"].replace("$__rate_interval", "5m")
        for path in DASHBOARDS
        for panel in panels(path)
        for target in panel["targets"]
    }
