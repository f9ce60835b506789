"""deploy/chart, as far as that can be tried without a cluster: with Helm, and with Kubernetes' own schemas."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import pytest

from relay.app import create_app
from relay.config.loading import load_settings, unknown_variables
from relay.config.settings import Settings
from relay.telemetry.metrics import Metrics
from relay.version import __version__
from tests.fakes.proxies import DEPLOY

CHART = DEPLOY / "chart"
DOCUMENT = (DEPLOY.parent / "docs/kubernetes.md").read_text()
CASES = sorted(path.stem for path in CHART.glob("ci/*.yaml"))
TEMPLATES = "\n".join(path.read_text() for path in sorted((CHART / "templates").iterdir()))
TOOLS = DEPLOY.parent / ".venv/.chart/bin"
HELM = shutil.which("helm", path=f"{TOOLS}:{os.environ.get('PATH', '')}")
KUBERNETES = "1.35"
OF_OTHERS = {"ScaledObject", "ServiceMonitor"}
"""Kinds of KEDA's and of Prometheus' operator, which Kubernetes has no schema of."""

with_helm = pytest.mark.skipif(
    HELM is None or not (TOOLS / "python").exists(), reason="no Helm; `make chart` brings it"
)


def helm(*arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(HELM), *map(str, arguments)], capture_output=True, text=True, check=False)


def template(case: str | Path, changes: Mapping[str, Any] = MappingProxyType({})) -> subprocess.CompletedProcess[str]:
    """What Helm makes of a file of values, or of the one of that name in `ci`, with single values changed."""
    values = case if isinstance(case, Path) else CHART / f"ci/{case}.yaml"
    changed = (part for path, value in changes.items() for part in ("--set-json", f"{path}={json.dumps(value)}"))
    place = ("--namespace", "voice", "--kube-version", KUBERNETES)
    return helm("template", "talk", CHART, *place, "--values", values, *changed)


def rendered(case: str) -> list[dict[str, Any]]:
    """The manifests; Kubernetes' schemas have found nothing wrong with any, nor a field that they do not know."""
    done = template(case)
    assert done.returncode == 0, done.stderr
    reader = [str(TOOLS / "python"), str(DEPLOY.parent / "tests/fakes/read_manifests.py"), KUBERNETES]
    read = json.loads(subprocess.run(reader, input=done.stdout, capture_output=True, text=True, check=True).stdout)
    for each in read:
        kind = each["manifest"]["kind"]
        assert each["wrong"] == ("unknown" if kind in OF_OTHERS else None), kind
    return [each["manifest"] for each in read]


def one(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The only one of that kind that is the relay's own."""
    component = "app.kubernetes.io/component"
    [found] = [each for each in manifests if (each["kind"], each["metadata"]["labels"][component]) == (kind, "relay")]
    return found


def environment_of(pod: dict[str, Any]) -> dict[str, str]:
    """What the relay would find, with something fitting for what only a cluster knows."""
    known = {"RELAY_QUOTA_STORE": "redis://store.example.org:6379/0", "RELAY_WEBRTC__ADVERTISE": "192.0.2.7"}
    return {
        each["name"]: each.get("value", known.get(each["name"], "of-32-letters-or-more-as-is-wanted"))
        for each in pod["containers"][0]["env"]
    }


def test_it_names_what_is_there() -> None:
    """Its settings are the relay's, its metric is one, its probes are answered, its version is the relay's."""
    named = set(re.findall(r"name: ((?:RELAY|OPENAI)_[A-Z_]+)", TEMPLATES))
    assert len(named) >= 15
    assert unknown_variables(dict.fromkeys(named, "")) == []
    owned = re.search(r'define "relay.owned" -}}\n(.*?)\{\{', TEMPLATES, re.DOTALL)
    assert owned is not None
    assert set(re.findall(r"^(\w+):", owned[1], re.MULTILINE)) <= set(Settings.model_fields)
    assert set(re.findall(r"\brelay_[a-z_]+", TEMPLATES)) == {"relay_sessions_open"}
    assert "relay_sessions_open" in {family.name for family in Metrics().registry.collect()}
    assert len(CASES) == 10
    paths = {getattr(route, "path", None) for route in create_app(load_settings(upstream="mock")).routes}
    assert {*re.findall(r"path: (/\w+)[,\n]", TEMPLATES)} == {"/livez", "/readyz", "/metrics"} <= paths
    about = (CHART / "Chart.yaml").read_text()
    assert re.findall(r"^(?:version|appVersion): (.+)$", about, re.MULTILINE) == [__version__] * 2


def test_its_images_can_be_built() -> None:
    """Each extra that an image may have is a file of requirements that the builder is sent."""
    sent = (DEPLOY.parent / ".dockerignore").read_text().splitlines()
    schema = json.loads((CHART / "values.schema.json").read_text())
    for extra in filter(None, schema["properties"]["image"]["properties"]["extras"]["enum"]):
        assert f"!requirements/{extra}.txt" in sent
        assert (DEPLOY.parent / f"requirements/{extra}.txt").exists()


def test_its_document_names_its_values() -> None:
    """What docs/kubernetes.md says to set is a value of the chart."""
    known = json.loads((CHART / "values.schema.json").read_text())["properties"]
    named = [(table, value) for table, value in re.findall(r"`(\w+)\.([\w]+)", DOCUMENT) if table in known]
    assert len(named) >= 10
    for table, value in named:
        assert table == "secretVariables" or value in known[table]["properties"], f"{table}.{value}"


@with_helm
def test_its_documents_example(tmp_path: Path) -> None:
    """The values that docs/kubernetes.md begins with are rendered, with the name and the grace that it tells."""
    [example] = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)
    values = tmp_path / "mine.yaml"
    values.write_text(example)
    done = template(values)
    assert done.returncode == 0, done.stderr
    assert "name: talk-relay\n" in done.stdout
    assert "terminationGracePeriodSeconds: 312\n" in done.stdout


@with_helm
@pytest.mark.parametrize("case", CASES)
def test_its_value_files(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rendered is Kubernetes', its parts find each other, and the relay takes the settings of its pod."""
    manifests = rendered(case)
    pod = one(manifests, "Deployment")["spec"]["template"]["spec"]
    file = tmp_path / "relay.toml"
    file.write_text(one(manifests, "ConfigMap")["data"]["relay.toml"])
    for name in [name for name in os.environ if name.startswith(("RELAY_", "OPENAI_", "AZURE_", "XAI_"))]:
        monkeypatch.delenv(name)
    for name, value in environment_of(pod).items():
        monkeypatch.setenv(name, value)
    assert unknown_variables(os.environ) == []
    settings = load_settings(file)
    check_end(pod, settings)
    check_files(pod, settings)
    check_ports(pod, settings)
    check_selectors(manifests)
    check_references(manifests, settings)


def check_end(pod: dict[str, Any], settings: Settings) -> None:
    """Nobody is cut off by Kubernetes before the relay has drained."""
    before = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    needs = before + settings.drain_notice_s + settings.drain_timeout_s + 7
    assert pod["terminationGracePeriodSeconds"] >= needs


def check_files(pod: dict[str, Any], settings: Settings) -> None:
    """What the settings name lies in a volume, and only what is written to can be written to."""
    mounts = {each["mountPath"]: each for each in pod["containers"][0]["volumeMounts"]}
    assert {each["name"] for each in mounts.values()} == {each["name"] for each in pod["volumes"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    for path in (settings.openai_api_key_file, settings.tokens_file):
        if path is not None:
            items = volumes[mounts[str(path.parent)]["name"]]["secret"]["items"]
            assert path.name in {each["path"] for each in items}
    for path in (settings.tls_cert, settings.tls_key):
        assert path is None or str(path.parent) in mounts
    written = {"/tmp"} | ({str(settings.record_dir)} if settings.record_dir else set())
    assert {path for path, each in mounts.items() if not each.get("readOnly")} == written
    assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def check_ports(pod: dict[str, Any], settings: Settings) -> None:
    """The relay listens where the pod says, and each UDP port of a call is the node's as well."""
    container = pod["containers"][0]
    scheme = "HTTPS" if settings.tls_cert else "HTTP"
    probes = [container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")]
    assert {(each["port"], each["scheme"]) for each in probes} == {("http", scheme)}
    http, *udp = container["ports"]
    assert (http["name"], http["containerPort"]) == ("http", settings.port)
    first, last = settings.webrtc_of("default").ports or (0, -1)
    assert [(each["containerPort"], each["hostPort"]) for each in udp] == [(n, n) for n in range(first, last + 1)]
    assert len({each["name"] for each in container["ports"]}) == len(container["ports"])


def check_selectors(manifests: list[dict[str, Any]]) -> None:
    """Service, budget, policy and monitor select what is the relay's; a scrape's job is as the alerts have it."""
    labels = one(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    fields = {"Service": "selector", "PodDisruptionBudget": "selector", "NetworkPolicy": "podSelector"}
    for kind in {each["kind"] for each in manifests} & fields.keys():
        selector = one(manifests, kind)["spec"][fields[kind]]
        assert selector.get("matchLabels", selector).items() <= labels.items(), kind
    if "ServiceMonitor" in {each["kind"] for each in manifests}:
        monitor, found = one(manifests, "ServiceMonitor")["spec"], one(manifests, "Service")["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= found.items()
        assert f'job="{found[monitor["jobLabel"]]}"' in (DEPLOY / "prometheus/alerts.yaml").read_text()


def check_references(manifests: list[dict[str, Any]], settings: Settings) -> None:
    """A scaler names the Deployment, which then says nothing of replicas; Redis is a Service that is there."""
    deployment = one(manifests, "Deployment")
    scalers = [each for each in manifests if each["kind"] in {"HorizontalPodAutoscaler", "ScaledObject"}]
    assert ("replicas" in deployment["spec"]) is (scalers == [])
    assert {each["spec"]["scaleTargetRef"]["name"] for each in scalers} <= {deployment["metadata"]["name"]}
    services = {each["metadata"]["name"] for each in manifests if each["kind"] == "Service"}
    store = urlsplit(settings.quota_store.get_secret_value()).hostname
    assert store in {None, "store.example.org", *services}


@with_helm
@pytest.mark.parametrize(
    ("case", "changes", "grace"),
    [
        ("minimal", {}, 312),
        ("minimal", {"drain.noticeSeconds": 0.2}, 308),
        ("minimal", {"drain.preStopSeconds": 8, "drain.timeoutSeconds": 0}, 20),
        ("minimal", {"drain.graceSeconds": 312}, 312),
        ("minimal", {"drain.graceSeconds": 900}, 900),
        ("long-calls", {"drain.graceSeconds": None}, 3622),
    ],
)
def test_the_arithmetic_of_an_end(case: str, changes: dict[str, Any], grace: int) -> None:
    """A pod is given its preStop, notice, drain and 7 s, or what was said, where that is no less."""
    assert f"terminationGracePeriodSeconds: {grace}\n" in template(case, changes).stdout


@with_helm
@pytest.mark.parametrize(
    ("case", "changes", "words"),
    [
        ("minimal", {"drain.graceSeconds": 311}, "311 is less than preStop + notice + timeout + 7 = 312"),
        ("minimal", {"drain.graceSeconds": 312, "drain.preStopSeconds": 1}, "7 = 313"),
        ("long-calls", {"drain.graceSeconds": 3621}, "7 = 3622"),
        ("minimal", {"image.repository": ""}, "image.repository: say where"),
        ("minimal", {"image.repositry": "x"}, "repositry"),
        ("minimal", {"config": "drain_timeout_s = 9"}, "drain_timeout_s is set by the chart; say it as drain.timeout"),
        ("webrtc", {"config": '[webrtc]\ncalls = "off"'}, "config: the table [webrtc] is set by the chart"),
        ("webrtc", {"image.extras": ""}, "webrtc.enabled: the image needs the extra"),
        ("webrtc", {"webrtc.lastPort": 39999}, "webrtc.firstPort: 40000 is above lastPort = 39999"),
        ("webrtc", {"webrtc.lastPort": 40100}, "webrtc.lastPort: at most 100 ports"),
        ("hpa", {"maxSessions": 100}, "sessionsPerPod: 100 is not below maxSessions = 100"),
        ("keda", {"autoscaling.minReplicas": 41}, "minReplicas: 41 is above maxReplicas = 40"),
        ("everything", {"redis.enabled": True}, "redis.enabled: secretVariables.RELAY_QUOTA_STORE names another"),
        ("tls", {"secret.name": ""}, "secret.name: secretVariables and serviceMonitor.tokenKey are keys of a Secret"),
    ],
)
def test_what_cannot_work_is_not_rendered(case: str, changes: dict[str, Any], words: str) -> None:
    """Values that would cut sessions off, or that contradict each other, are refused with what to do."""
    done = template(case, changes)
    assert done.returncode != 0
    assert words in done.stderr


@with_helm
def test_long_ends_fit_into_a_scalers_limits() -> None:
    """Kubernetes takes no period of a scaler above half an hour, however long a pod takes to end."""
    done = template("hpa", {"drain.timeoutSeconds": 3600, "config": '[profiles.host]\nvoice = "ash"'})
    assert "{type: Pods, value: 1, periodSeconds: 1800}" in done.stdout


@with_helm
@pytest.mark.parametrize("case", CASES)
def test_it_passes_helms_own_check(case: str) -> None:
    """`helm lint --strict` finds nothing in it with any of its value files."""
    done = helm("lint", "--strict", "--quiet", CHART, "--values", CHART / f"ci/{case}.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
