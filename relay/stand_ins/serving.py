"""Upstreams that live in the relay's own process: the mock, and the replay of recordings.

They are reached over a loopback socket like any other upstream, so that no code path exists for them alone.
"""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from relay.admission.session_request import AdmittedRequest
from relay.config.errors import SettingsError
from relay.legs.target import Target
from relay.recording import RecordingError
from relay.stand_ins.replay import ReplayOptions, open_recording_store, serve_replay
from relay.upstreams.targets import Upstream, upstream_at

MOCK = "mock"
REPLAY = "replay:"


def check_stand_in(upstream: str) -> None:
    """Raise `SettingsError` where this upstream could not be run."""
    if upstream.startswith(REPLAY):
        try:
            open_recording_store(replay_of(upstream)[0])
        except RecordingError as failure:
            raise SettingsError(f"upstream: {failure}") from None


@asynccontextmanager
async def serve_stand_in(upstream: str) -> AsyncIterator[Upstream]:
    """Run this upstream until the context is left; yields how to reach it."""
    if upstream == MOCK:
        from relay.stand_ins.mock import serve_mock  # noqa: PLC0415 - 2 MB, for who asks for it

        async with serve_mock() as mock:
            yield upstream_at(mock.url, {}, makes_calls=True)
        return
    path, options = replay_of(upstream)
    async with serve_replay(path, options=options) as replay:
        yield _replay_at(replay.url)


def replay_of(upstream: str) -> tuple[Path, ReplayOptions]:
    """What `replay:PATH?speed=N|max&drift=close|log` asks for.

    Raises:
        SettingsError: it asks for something else.
    """
    path, _, query = upstream.removeprefix(REPLAY).partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    if not path or given.keys() - {"speed", "drift"} or given.get("drift", "log") not in {"close", "log"}:
        raise SettingsError(f"upstream: {upstream!r} is not replay:PATH, perhaps with ?speed=N|max&drift=close|log")
    try:
        return Path(path), ReplayOptions(read_speed(given.get("speed", "1")), given.get("drift", "close") == "close")
    except ValueError as failure:
        raise SettingsError(f"upstream: {failure}") from None


def read_speed(word: str) -> float:
    """A speed from the command line.

    Raises:
        ValueError: it is none.
    """
    try:
        speed = math.inf if word == "max" else float(word)
    except ValueError:
        speed = math.nan
    if not speed > 0:
        raise ValueError(f"{word!r} is no speed: give a number above 0, or max to wait for nothing")
    return speed


def _replay_at(url: str) -> Upstream:
    """The replay chooses by profile, which no other upstream is told."""

    def target(request: AdmittedRequest) -> Target:
        return upstream_at(f"{url}?{urlencode({'profile': request.profile.name})}", {})(request)

    return target
