"""Relays as tutorials write them."""

import subprocess
import sys
from pathlib import Path

from bench.contestants.site import Command, Site

NODE_DIRECTORY = Path(__file__).parent / "node"


def node(site: Site) -> Command:
    """Node's `ws` on both sides; it is installed at the first use."""
    if not (NODE_DIRECTORY / "node_modules" / "ws").is_dir():
        subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"],
            cwd=NODE_DIRECTORY,
            check=True,
        )
    env = {"NODE_EXTRA_CA_CERTS": str(site.trusted)} if site.trusted else {}
    return Command(["node", str(NODE_DIRECTORY / "relay.js"), str(site.port), site.upstream_url], env)


def starlette(site: Site) -> Command:
    """uvicorn with what it takes by default, and the `websockets` client."""
    app = "bench.contestants.starlette_relay:app"
    env = {"UPSTREAM_URL": site.upstream_url} | ({"SSL_CERT_FILE": str(site.trusted)} if site.trusted else {})
    return Command([sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(site.port)], env)
