"""What every test needs: settings that come from the test alone, and the event loop that `relay serve` runs on."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import structlog
import uvloop
from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no example fails for having been slow


def pytest_asyncio_loop_factories() -> Mapping[str, Any]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the settings of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("RELAY_", "OPENAI_", "AZURE_", "XAI_")) or name.lower() in {
            "http_proxy",
            "https_proxy",
            "all_proxy",
            "no_proxy",
        }:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Forget where a test had the relay's lines written, and from which level on."""
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["fast", "python", "portable"])
def carrier(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, _own_environment: None) -> str:
    """Run the test once with each carrier, as the setting of that name."""
    monkeypatch.setenv("RELAY_CARRIER", request.param)
    name: str = request.param
    return name
