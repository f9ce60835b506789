"""A real Prometheus that scrapes one relay."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.fakes.http_client import http_client
from tests.fakes.proxies import free_port

PROGRAM = shutil.which("prometheus")


class Prometheus:
    """Answers queries over what it has scraped so far."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """The samples that answer a query.

        Raises:
            AssertionError: it is none, with what Prometheus says of it.
        """
        answer = (await self._http.get("/api/v1/query", params={"query": query})).json()
        assert answer["status"] == "success", answer
        samples: list[dict[str, Any]] = answer["data"]["result"]
        return samples

    async def has_seen(self, query: str) -> None:
        """Wait until the query has an answer."""
        while not await self.ask(query):
            pass

    async def is_ready(self) -> None:
        """Wait until it answers queries: first it does not listen, and then it says that it is not ready."""
        status = None
        while status != httpx.codes.OK:
            with contextlib.suppress(httpx.ConnectError):
                status = (await self._http.get("/-/ready")).status_code


@asynccontextmanager
async def prometheus(relay_port: int, token: str, directory: Path) -> AsyncIterator[Prometheus]:
    """Scrape the relay once a second until the context ends."""
    assert PROGRAM is not None
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "relay",
                "authorization": {"credentials": token},
                "static_configs": [{"targets": [f"127.0.0.1:{relay_port}"]}],
            }
        ],
    }
    (directory / "prometheus.yml").write_text(json.dumps(config))  # YAML has JSON in it
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        PROGRAM, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error", stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with http_client(base_url=f"http://127.0.0.1:{port}") as http:
            started = Prometheus(http)
            await started.is_ready()
            yield started
    finally:
        process.kill()
        await process.wait()
