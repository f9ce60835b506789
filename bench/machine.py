"""Where the figures come from: the processor, the kernel and the programs; nothing that names this machine."""

import importlib.metadata
import json
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

from bench.contestants.tutorials import NODE_DIRECTORY

_ASK_VERSION = {"nginx": ["nginx", "-v"], "HAProxy": ["haproxy", "-v"], "Node": ["node", "--version"]}
_PACKAGES = ("starlette", "uvicorn", "uvloop", "websockets", "picows")


def describe_machine() -> dict[str, str]:
    """What is measured on, by name."""
    return {
        "processor": f"{_value('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{int(_value('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        **{name: _version(command) for name, command in _ASK_VERSION.items() if shutil.which(command[0])},
        **_ws(),
        **{name: importlib.metadata.version(name) for name in _PACKAGES},
    }


def _value(path: str, name: str) -> str:
    """What stands after the name and a colon, where it first does."""
    lines = (line.partition(":") for line in Path(path).read_text().splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "unknown")


def _version(command: list[str]) -> str:
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+[.\d]*", said.stdout + said.stderr)
    return found[0] if found else "unknown"


def _ws() -> dict[str, str]:
    manifest = NODE_DIRECTORY / "node_modules" / "ws" / "package.json"
    return {"ws": json.loads(manifest.read_text())["version"]} if manifest.is_file() else {}
