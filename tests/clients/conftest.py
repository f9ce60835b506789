"""What real clients need: a relay that speaks TLS, a mock that can be interrupted, and somebody who speaks."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relay.core.causes import Cause
from relay.core.closing import ended
from relay.core.events import Event
from relay.core.interceptor import Interceptor
from relay.core.session import Session
from relay.stand_ins.faults import Disturbance, read_faults
from relay.stand_ins.mock import MockServer, Pace, serve_mock
from tests.fakes.browser import tone
from tests.fakes.certificate import Certificate, make_certificate
from tests.fakes.clients import PAGE
from tests.fakes.running import Running, running

BRISK = Pace(latency_s=0.01, speedup=20, token_s=0.001, transcription_s=0.01, rate_limits_s=0.001, holds_after_s=5)
"""Far ahead of real time; a story goes on until it is interrupted."""


@dataclass(frozen=True)
class Place:
    """Where clients go: `relay`, the `mock` behind it, and `certificate`, which the relay shows."""

    relay: Running
    mock: MockServer
    certificate: Certificate

    @property
    def url(self) -> str:
        """The WebSocket's address, without a query."""
        return f"wss://127.0.0.1:{self.relay.port}/v1/realtime"

    @property
    def base_url(self) -> str:
        """What the package `openai` calls `baseURL`."""
        return f"https://127.0.0.1:{self.relay.port}/v1"


class RestartOnRequest(Interceptor):
    """Ends the session as a drain does, when the peer asks for it; the relay stays, as a replica would."""

    up = frozenset({"restart"})

    def opened(self, session: Session, now: float) -> None:
        self._session = session

    def on_up(self, event: Event, now: float) -> None:
        self._session.end(ended(Cause.DRAINING), now)


Serve = Callable[..., AbstractAsyncContextManager[Place]]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def serve(certificate: Certificate) -> Serve:
    """Serve a relay and a mock, which asks for `mock_key` if there is one, with `faults`; the rest is for the relay."""

    @asynccontextmanager
    async def serve(
        *, tls: bool = True, mock_key: str | None = None, faults: Iterable[str] = (), **given: Any
    ) -> AsyncIterator[Place]:
        settings = {"allowed_origins": PAGE, **(certificate.settings if tls else {}), **given}
        mocking = serve_mock(pace=BRISK, api_key=mock_key, disturbance=Disturbance(read_faults(faults)))
        async with mocking as mock, running(mock.url, **settings) as relay:
            yield Place(relay, mock, certificate)

    return serve


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of what the mock takes for speech, as PCM of 24 kHz."""
    path = tmp_path_factory.mktemp("speech") / "speech.pcm"
    path.write_bytes(tone(2.0, hertz=440.0).tobytes())
    return path
