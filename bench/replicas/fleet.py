"""The processes: an upstream, Redis, replicas of the relay, and HAProxy before them with the file that is shipped."""

import asyncio
import os
import re
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bench.processes import StartError, free_ports

NOTICED_S = 3.0
"""By then HAProxy has seen that a replica is back, or ready no more: it asks each second."""
_DEPLOY = Path(__file__).parents[2] / "deploy"
_SHARED_LIMIT = 40


class Replica:
    """One relay at one port, started as often as it is asked to."""

    def __init__(self, port: int, config: Path) -> None:
        self.port = port
        self._config = config
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it is ready."""
        log = self._config.with_name(f"relay-{self.port}.log").open("ab")
        words = ["-m", "relay", "serve", "--config", str(self._config), "--port", str(self.port)]
        with log:
            self._process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=log, stderr=log)
        await listens(self._process, self.port, Path(log.name))

    async def stop(self) -> None:
        """SIGTERM, as a deploy sends it, and wait until it has drained and gone."""
        self._signal(signal.SIGTERM)
        await self._gone()

    async def kill(self) -> None:
        """End it in the middle of everything."""
        self._signal(signal.SIGKILL)
        await self._gone()

    def hang(self) -> None:
        """Let it do nothing more, with all its connections open."""
        self._signal(signal.SIGSTOP)

    async def metrics(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """What it counts: a value for each name with its labels."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n")
        answer = (await reader.read()).decode()
        writer.close()
        families = text_string_to_metric_families(answer.partition("\r\n\r\n")[2])
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def _signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    async def _gone(self) -> None:
        assert self._process is not None
        await self._process.wait()


class Fleet:
    """Replicas behind one address.

    Attributes:
        url: of HAProxy.
        replicas: the relays behind it.
        shared_limit: how many sessions a minute the profile `limited` has in all of them together.
        pids: of Redis and HAProxy, by name.
    """

    shared_limit = _SHARED_LIMIT

    def __init__(self, url: str, replicas: Sequence[Replica], config: Path, settings: str) -> None:
        self.pids: dict[str, int] = {}
        self.url = url
        self.replicas = replicas
        self._config = config
        self._settings = settings

    def configure(self, instructions: str) -> None:
        """Write the settings anew; each replica reads them when it starts."""
        self._config.write_text(self._settings.replace("INSTRUCTIONS", instructions))

    async def roll(self) -> None:
        """Replace one replica after the other, the next one when HAProxy has taken the last one back."""
        for replica in self.replicas:
            await replica.stop()
            await replica.start()
            await asyncio.sleep(NOTICED_S)


@asynccontextmanager
async def fleet(count: int, directory: Path) -> AsyncIterator[Fleet]:
    """Run that many replicas, and what they need, until the context is left.

    Raises:
        StartError: one of the processes does not listen.
    """
    upstream_port, redis_port = free_ports()
    front_port, _ = free_ports()
    async with AsyncExitStack() as stack:
        upstream = [sys.executable, "-m", "bench.replicas.upstream", "--port", str(upstream_port)]
        await stack.enter_async_context(_running(upstream, upstream_port, directory / "upstream.log"))
        redis = [_program("redis-server"), "--port", str(redis_port), "--save", "", "--appendonly", "no"]
        redis_pid = await stack.enter_async_context(_running(redis, redis_port, directory / "redis.log"))
        config = directory / "relay.toml"
        replicas = [Replica(free_ports()[0], config) for _ in range(count)]
        one = Fleet(f"ws://127.0.0.1:{front_port}/v1/realtime", replicas, config, _settings(upstream_port, redis_port))
        one.configure("first")
        for replica in replicas:
            await replica.start()
            stack.push_async_callback(replica.kill)
        command = [_program("haproxy"), "-db", "-f", str(_haproxy_file(directory, front_port, replicas))]
        front_pid = await stack.enter_async_context(_running(command, front_port, directory / "haproxy.log"))
        one.pids = {"redis": redis_pid, "haproxy": front_pid}
        yield one


async def listens(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    """Wait until the process takes connections.

    Raises:
        StartError: it ended before.
    """
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if process.returncode is not None:
                raise StartError(f"{log.stem} ended before it listened; its words are in {log}") from None
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def _settings(upstream_port: int, redis_port: int) -> str:
    return f"""
upstream = "ws://127.0.0.1:{upstream_port}/v1/realtime"
quota_store = "redis://127.0.0.1:{redis_port}/0"

[profiles.default]
instructions = "INSTRUCTIONS"

[profiles.limited.quota]
sessions_per_minute = {_SHARED_LIMIT}

[quotas.process]
sessions_per_minute = 1000000
"""


def _haproxy_file(directory: Path, port: int, replicas: Sequence[Replica]) -> Path:
    text = (_DEPLOY / "replicas" / "haproxy.cfg").read_text()
    text = re.sub(r"resolvers docker\n    nameserver .*\n", "", text)
    text = text.replace(" resolvers docker init-addr libc,none", "").replace("bind :8080", f"bind 127.0.0.1:{port}")
    text = re.sub(r"    server .*\n?", "", text)
    servers = (f"    server at{replica.port} 127.0.0.1:{replica.port}\n" for replica in replicas)
    path = directory / "haproxy.cfg"
    path.write_text(text + "".join(servers))
    return path


def _program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise StartError(f"there is no {name} here: `make test` installs it where it may")
    return found


@asynccontextmanager
async def _running(command: Sequence[str], port: int, log: Path) -> AsyncIterator[int]:
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
    try:
        await listens(process, port, log)
        yield process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
