"""Reads manifests from stdin, and writes as JSON what each is and what Kubernetes' schemas say against it.

Runs in `.venv/.chart`, where there is a reader of YAML. Given one argument, the Kubernetes whose schemas count: `1.35`.
"""

import json
import sys
from typing import Any

import kubernetes_validate
import yaml


def wrong_with(manifest: Any, version: str) -> str | None:
    """What is; None where nothing is. A kind that is no part of Kubernetes itself is said to be unknown."""
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        return "unknown"
    except kubernetes_validate.ValidationError as failure:
        return f"{'.'.join(map(str, failure.path))}: {failure.message}"
    return None


if __name__ == "__main__":
    manifests = [manifest for manifest in yaml.safe_load_all(sys.stdin) if manifest is not None]
    json.dump([{"manifest": each, "wrong": wrong_with(each, sys.argv[1])} for each in manifests], sys.stdout)
