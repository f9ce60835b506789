"""deploy/grafana and deploy/replicas, as far as they can be tried without Grafana and a container engine.

`tests/telemetry/test_prometheus.py` asks a real Prometheus each panel's query.
"""

import html
import json
import re
import shutil
import subprocess

import pytest

from relay.config.settings import Settings
from tests.fakes.dashboards import DASHBOARDS, panels
from tests.fakes.proxies import DEPLOY

COMPOSE = (DEPLOY / "replicas/compose.yaml").read_text()


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard(path) -> None:
    """It has a name of its own, panels that do not lie on each other, and asks whichever Prometheus is chosen."""
    board = json.loads(path.read_text())
    assert (board["uid"], board["templating"]["list"][0]["name"]) == (f"relay-{path.stem}", "datasource")
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
    assert len(set(places)) == len(places) >= 6
    for panel in panels(path):
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert {target["datasource"]["uid"] for target in panel["targets"]} == {"${datasource}"}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_the_pictures_are_of_these_dashboards(path) -> None:
    """Each dashboard has a picture in the documents; it shows panels that the dashboard has, by their names."""
    picture = (DEPLOY.parent / f"docs/images/dashboard-{path.stem}.svg").read_text()
    drawn = {html.unescape(title.rpartition(" (")[0]) for title in re.findall(r"<title>(.*?)</title>", picture)}
    assert drawn <= {panel["title"] for panel in panels(path)}
    assert len(drawn) >= 3


def test_what_the_compose_file_names_is_there() -> None:
    """The files that it mounts exist, but for the operator's own; its settings are the relay's."""
    own = {"./relay.toml"}
    for source in re.findall(r"[\"-] ?(\.{1,2}/[^:\"]+):", COMPOSE):
        assert source in own or (DEPLOY / "replicas" / source).exists(), source
    known = {f"RELAY_{name.upper()}" for name in Settings.model_fields}
    named = {name.removesuffix("_FILE") for name in re.findall(r"^    (RELAY_\w+):", COMPOSE, re.MULTILINE)}
    assert named <= known
    assert len(named) == 4


def test_the_compose_files_stop_is_longer_than_the_drain() -> None:
    """What docker kills after is longer than the notice, the drain and the few seconds around it."""
    grace = int(re.search(r"stop_grace_period: (\d+)s", COMPOSE)[1])  # type: ignore[index]
    drain = int(re.search(r"RELAY_DRAIN_TIMEOUT_S: (\d+)", COMPOSE)[1])  # type: ignore[index]
    assert grace >= drain + Settings.model_fields["drain_notice_s"].default + 7


def test_its_proxy_and_its_prometheus_take_their_files() -> None:
    """HAProxy and Prometheus find nothing wrong, and both know the replicas of the Compose file."""
    replicas = re.findall(r"^  (relay-\d): \*relay$", COMPOSE, re.MULTILINE)
    haproxy, prometheus = DEPLOY / "replicas/haproxy.cfg", DEPLOY / "prometheus/prometheus.yaml"
    for path in (haproxy, prometheus):
        assert set(re.findall(r"(relay-\d):8000", path.read_text())) == set(replicas)
    for command in (["haproxy", "-c", "-f", str(haproxy)], ["promtool", "check", "config", str(prometheus)]):
        if shutil.which(command[0]) is not None:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
