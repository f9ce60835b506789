"""deploy/prometheus, asked of Prometheus' own tool."""

import re
import shutil
import subprocess
from collections import Counter
from typing import Any

import pytest

from relay.core.causes import Cause
from relay.telemetry.metrics import Metrics
from tests.fakes.proxies import DEPLOY

RULES, CASES = DEPLOY / "prometheus/alerts.yaml", DEPLOY / "prometheus/alerts_test.yaml"
RUNBOOK = (DEPLOY.parent / "docs/runbook.md").read_text()
NAMES = re.findall(r"- alert: (\w+)", RULES.read_text())
EXPRESSIONS = "\n".join(re.findall(r"expr: ((?:.|\n)+?)\n        (?:for|labels):", RULES.read_text()))

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus brings promtool")


def promtool(*arguments: Any) -> None:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_when_it_should_and_only_then() -> None:
    """Each has a case of its own in which it fires, and one, near the first, in which it does not."""
    promtool("check", "rules", RULES)
    promtool("test", "rules", CASES)
    cases = re.findall(r"alertname='(\w+)'.*\n.*\n +exp_samples: (\[.*\])", CASES.read_text())
    assert Counter((name, samples != "[]") for name, samples in cases) == Counter(
        {(name, fires): 1 for name in NAMES for fires in (True, False)}
    )


def test_what_is_asked_exists() -> None:
    """Each metric and each cause of an alert is one of the relay's."""
    exposed = {f"{family.name}_total" for family in Metrics().registry.collect() if family.type == "counter"}
    for family in Metrics().registry.collect():
        suffixes = ("_bucket", "_count", "_sum") if family.type == "histogram" else ("",)
        exposed |= {family.name + suffix for suffix in suffixes}
    asked = set(re.findall(r"\brelay_\w+", EXPRESSIONS))
    assert len(asked) >= 10
    assert asked <= exposed
    causes = [cause.value for cause in Cause]
    for written in re.findall(r'cause!?[=~]+"(.+?)"', EXPRESSIONS):
        for pattern in re.findall(r"(?:[^|(]|\(.*?\))+", written):
            assert any(re.fullmatch(pattern, cause) for cause in causes), pattern


@pytest.mark.parametrize("name", NAMES)
def test_each_alert_says_what_to_do(name: str) -> None:
    """In a sentence of its own, and at length in the runbook's section that it links to."""
    rule = RULES.read_text().partition(f"- alert: {name}\n")[2].partition("- alert:")[0]
    assert re.search(r"action: '[A-Z].{30,}\.'", rule)
    assert re.search(rf"runbook_url: \S+/docs/runbook\.md#{name.lower()}\n", rule)
    assert f"\n## {name}\n" in RUNBOOK


def test_the_runbook_is_about_these_alerts_alone() -> None:
    """No section outlives its alert."""
    assert re.findall(r"^## (Relay\w+)$", RUNBOOK, re.MULTILINE) == NAMES
