"""Autobahn's WebSocket cases through the relay, beside the same stack without one: `make conformance`.

The relay forwards to an echo upstream and injects nothing, so to the fuzzing client it is an echo server. Each carrier
is compared with an echo on the server that it stands on: a case in which the relay does worse than that is a deviation.
The fuzzing client needs Python 2.7, named by `PYTHON27` or found on the path; without one there is nothing to run.
"""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from relay.config.loading import load_settings
from relay.serving.server import make_server
from relay.sessions.registry import Sessions
from relay.telemetry.log import configure_logging
from tests.fakes.running import running
from tests.fakes.upstream import echo, scripted_upstream

SUITE = "autobahntestsuite==0.8.2"
CARRIERS = ("fast", "portable")
COMPRESSION = ["12.*", "13.*"]
"""The relay does not compress: audio in base64 gains little, and a bomb would gain much."""

ALLOWED = {"OK", "INFORMATIONAL", "NON-STRICT"}
"""What the client says of a case that passed. NON-STRICT is said where an echo did not arrive before the close that an
invalid frame caused; through a relay it has another socket to cross by then."""

Cases = dict[str, dict[str, str]]
Report = dict[str, Cases]


async def main(cases: Sequence[str]) -> int:
    """Run the cases; the exit code is 1 where the relay deviates from the stack beneath it."""
    python = await python_27()
    if python is None:
        print("Skipped: the fuzzing client needs Python 2.7. Set PYTHON27 to one, or put python2.7 on the path.")
        return 0
    configure_logging(load_settings(upstream="mock", log_level="error"))
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # it logs each invalid message with a trace
    environment = await install(python)
    async with AsyncExitStack() as stack:
        urls = {}
        for carrier in CARRIERS:
            urls[f"echo-{carrier}"] = await stack.enter_async_context(echo_server(carrier))
            urls[f"relay-{carrier}"] = await stack.enter_async_context(echoing_relay(carrier))
        with TemporaryDirectory() as directory:
            command = fuzzing_client(directory, urls, cases)
            if await run(python, *command, env=environment) != 0:
                raise RuntimeError(f"the fuzzing client failed: {' '.join(command)}")
            return tell(read_report(directory))


async def python_27() -> str | None:
    """A Python 2.7 that runs, or None; a version manager's stand-in for one may be on the path and not run."""
    for name in (os.environ.get("PYTHON27"), "python2.7", "pypy"):
        found = shutil.which(name) if name else None
        if found and await run(found, "-c", "import sys; sys.exit(sys.version_info[:2] != (2, 7))") == 0:
            return found
    return None


async def install(python: str) -> dict[str, str]:
    """Install the suite into a directory of its own, once; returns the environment that it needs."""
    environment = {**os.environ, "PYTHONUSERBASE": f"{sys.prefix}/autobahn", "PYTHONWARNINGS": "ignore"}
    if await run(python, "-c", "import autobahntestsuite", env=environment) != 0:
        print(f"Installing {SUITE} ...")
        await run(python, "-m", "pip", "install", "--quiet", "--user", SUITE, env=environment)
    return environment


@asynccontextmanager
async def echo_server(carrier: str) -> AsyncIterator[str]:
    """The server that the relay is served by, with an echo in the relay's place."""

    async def echo_each(websocket: WebSocket) -> None:
        await websocket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while (message := await websocket.receive())["type"] == "websocket.receive":
                await websocket.send({**message, "type": "websocket.send"})

    app = Starlette(routes=[WebSocketRoute("/", echo_each)])
    app.state.sessions = Sessions(1)
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    settings = load_settings(upstream="mock", carrier=carrier, port=0)
    server = make_server(app, settings, lambda _, chosen: port.set_result(chosen))
    serving = asyncio.create_task(server._serve())  # `serve` would take over the signals
    try:
        yield f"ws://127.0.0.1:{await port}"
    finally:
        server.should_exit = True
        await serving


@asynccontextmanager
async def echoing_relay(carrier: str) -> AsyncIterator[str]:
    """The relay before an upstream that sends everything back."""
    async with (
        scripted_upstream(echo) as upstream,
        running(
            upstream.url,
            carrier=carrier,
            limits={"frames_per_s": 1e9},  # one case has 65,536 fragments
        ) as relay,
    ):
        yield relay.url


def fuzzing_client(directory: str, urls: Mapping[str, str], cases: Sequence[str]) -> tuple[str, ...]:
    """Write what the client shall do; returns its command line."""
    servers = [{"agent": agent, "url": url} for agent, url in urls.items()]
    wanted = {"outdir": directory, "servers": servers, "cases": cases, "exclude-cases": COMPRESSION}
    spec = Path(directory, "spec.json")
    spec.write_text(json.dumps({**wanted, "exclude-agent-cases": {}}))
    return ("-m", "autobahntestsuite.wstest", "--mode", "fuzzingclient", "--spec", str(spec))


def read_report(directory: str) -> Report:
    """What the client said, by agent and case."""
    report: Report = json.loads(Path(directory, "index.json").read_text())
    return report


def tell(report: Report) -> int:
    """Print what came of it; returns 1 if there is a deviation, else 0."""
    for agent, cases in sorted(report.items()):
        counts = Counter(case["behavior"] for case in cases.values())
        failed = ", ".join(sorted(case for case, result in cases.items() if result["behavior"] not in ALLOWED))
        print(f"{agent:16}", ", ".join(f"{count} {name}" for name, count in counts.most_common()), f"({failed})")
    worse = [line for carrier in CARRIERS for line in deviations(report[f"echo-{carrier}"], report[f"relay-{carrier}"])]
    print("\n".join(worse) if worse else "The relay passes every case that its stack passes.")
    return 1 if worse else 0


def deviations(bare: Cases, relayed: Cases) -> list[str]:
    """The cases that the stack passes and the relay on it does not."""
    return [
        f"{case}: {what} is {result[what]}, where the stack alone is {bare[case][what]}"
        for case, result in relayed.items()
        for what in ("behavior", "behaviorClose")
        if result[what] not in ALLOWED and bare[case][what] in ALLOWED
    ]


async def run(*command: str, env: dict[str, str] | None = None) -> int:
    process = await asyncio.create_subprocess_exec(*command, env=env, stdout=DEVNULL, stderr=DEVNULL)
    return await process.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:] or ["*"])))
