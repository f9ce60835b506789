"""A pytest plugin: the mock, a replay, scripted services and the relay itself as fixtures.

It is loaded by pytest wherever the package is installed. Each fixture is a function that starts a server and returns
where it listens; all that were started are stopped when the test is over. They run on a thread with an event loop of
its own, so that a test may wait as it likes: in its own loop, or in none.
"""

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import pytest

from relay.app import create_app
from relay.config.loading import load_settings
from relay.serving.server import make_server
from relay.stand_ins.faults import Disturbance, read_faults
from relay.stand_ins.mock import MockSession, Pace, serve_mock
from relay.stand_ins.replay import ReplayOptions, ReplaySession, serve_replay
from relay.stand_ins.services import Script, ScriptedServices, serve_services

T = TypeVar("T")

START_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Served(Generic[T]):
    """A server that was started for a test.

    Attributes:
        url: its WebSocket address.
        sessions: those that it had so far, oldest first; empty for the relay, whose sessions are nobody's business.
    """

    url: str
    sessions: Sequence[T] = ()

    @property
    def base_url(self) -> str:
        """What the `openai` package takes as `websocket_base_url`."""
        return self.url.removesuffix("/realtime")


class Background:
    """An event loop on a thread, for servers that a test does not wait for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay.testing", daemon=True)
        self._thread.start()

    def enter(self, context: AbstractAsyncContextManager[T]) -> T:
        """Enter a context there; it is left, the last one first, when this is closed."""
        entering = self._stack.enter_async_context(context)
        return asyncio.run_coroutine_threadsafe(entering, self._loop).result(START_TIMEOUT_S)

    def close(self) -> None:
        """Leave all contexts and end the thread."""
        try:
            asyncio.run_coroutine_threadsafe(self._stack.aclose(), self._loop).result(START_TIMEOUT_S)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@pytest.fixture
def relay_background() -> Iterator[Background]:
    """Where the servers of a test run."""
    background = Background()
    yield background
    background.close()


@pytest.fixture
def realtime_mock(relay_background: Background) -> Callable[..., Served[MockSession]]:
    """Start a mock of the Realtime API: `realtime_mock(faults=["latency=200ms"])`.

    It answers without any wait unless a `pace` is given. `api_key` is the only key that it lets in, `seed` the faults'.
    """

    def start(
        *, faults: Iterable[str] = (), seed: int = 0, pace: Pace | None = None, api_key: str | None = None
    ) -> Served[MockSession]:
        disturbance = Disturbance(read_faults(faults), seed)
        serving = serve_mock(pace=pace or Pace.instant(), api_key=api_key, disturbance=disturbance)
        mock = relay_background.enter(serving)
        return Served(mock.url, mock.sessions)

    return start


@pytest.fixture
def realtime_replay(relay_background: Background) -> Callable[..., Served[ReplaySession]]:
    """Start a replay of a recording, or of a directory of them: `realtime_replay("recordings/greeting.jsonl")`.

    It waits for the peer, but not for the recorded times unless a `speed` is given. With `strict=False` it goes on
    where a peer leaves the recording; `sessions[0].drifts` then says where that was.
    """

    def start(
        path: str | Path, *, speed: float = math.inf, strict: bool = True, faults: Iterable[str] = (), seed: int = 0
    ) -> Served[ReplaySession]:
        disturbance = Disturbance(read_faults(faults, of_replay=True), seed)
        serving = serve_replay(Path(path), options=ReplayOptions(speed, strict), disturbance=disturbance)
        replay = relay_background.enter(serving)
        return Served(replay.url, replay.sessions)

    return start


@pytest.fixture
def scripted_services(relay_background: Background) -> Callable[..., ScriptedServices]:
    """Start services that hear, think and speak as a script says: `scripted_services(Script(think_s=0.15))`.

    Their `url` is what a cascade's `hear`, `think` and `speak` take. `fault("think", status=429)` has something go
    wrong with the next request, and `asked` has all requests.
    """

    def start(script: Script | None = None) -> ScriptedServices:
        return relay_background.enter(serve_services(script))

    return start


@pytest.fixture
def relay_server(relay_background: Background) -> Callable[..., Served[Any]]:
    """Start the relay: `relay_server(upstream=mock.url, profiles={"default": {"voice": "marin"}})`.

    It takes any setting by its name. Without an upstream it goes to a mock of its own, which takes its time.
    """

    def start(upstream: str = "mock", **settings: Any) -> Served[Any]:
        return Served(relay_background.enter(_serve_relay(upstream, settings)))

    return start


@asynccontextmanager
async def _serve_relay(upstream: str, given: dict[str, Any]) -> AsyncIterator[str]:
    settings = load_settings(upstream=upstream, **{"port": 0, "drain_timeout_s": 0, **given})
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    server = make_server(create_app(settings), settings, lambda _, port: listening.set_result(port))
    serving = asyncio.create_task(server.serve())
    either: set[asyncio.Future[Any]] = {serving, listening}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        raise RuntimeError("the relay did not start; its log says why")
    try:
        yield f"ws://127.0.0.1:{listening.result()}/v1/realtime"
    finally:
        server.should_exit = True
        await serving
