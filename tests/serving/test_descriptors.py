"""Open sockets: as many as the system allows, and no more sessions than those are enough for."""

import contextlib
import resource
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from relay.config.loading import load_settings
from relay.serve import sessions_allowed
from relay.serving.descriptors import OTHERS, raise_limit, room_for
from tests.fakes.process import relay_process_with, unread_log
from tests.fakes.upstream import scripted_upstream

NONE = -1


def limits(soft: int, hard: int, refuse: bool = False) -> SimpleNamespace:
    """A system with these limits."""
    now = [soft, hard]

    def change(_: int, wanted: tuple[int, int]) -> None:
        if refuse:
            raise ValueError("not allowed")
        now[:] = wanted

    return SimpleNamespace(
        RLIMIT_NOFILE=7, RLIM_INFINITY=NONE, getrlimit=lambda _: tuple(now), setrlimit=change, now=now
    )


@pytest.mark.parametrize(
    ("soft", "hard", "refuse", "expected"),
    [
        (1024, 4096, False, 4096),
        (1024, NONE, False, 1 << 20),
        (4096, 4096, False, 4096),
        (NONE, NONE, False, None),
        (1024, 4096, True, 1024),
    ],
)
def test_the_limit_is_raised_as_far_as_it_goes(soft, hard, refuse, expected) -> None:
    """The soft limit becomes the hard one, which stays; where that is refused, all goes on as before."""
    system = limits(soft, hard, refuse)
    assert raise_limit(system) == expected
    assert system.now == [soft if refuse or expected is None else expected, hard]


def test_a_system_without_limits_has_room() -> None:
    """Where there is no such limit there is nothing to raise, and room for everybody."""
    assert raise_limit(None) is None
    assert room_for(None) is None


@pytest.mark.parametrize(
    ("descriptors", "workers", "allowed"),
    [(None, 1, None), (4096, 1, None), (1024, 1, 480), (1024, 4, None), (30, 2, 2)],
)
def test_sessions_are_no_more_than_sockets_are_enough_for(descriptors, workers, allowed) -> None:
    """`max_sessions` becomes what fits, at least one for each worker, and the log says so."""
    with capture_logs() as said:
        assert sessions_allowed(load_settings(None, workers=workers, max_sessions=1000), descriptors) == allowed
    assert [(line["event"], line["max_sessions"]) for line in said] == [("descriptors.few", allowed)] * bool(allowed)


async def test_a_relay_with_few_sockets_says_so_and_refuses_in_time() -> None:
    """It lowers `max_sessions` to what fits, and tells whoever is one too many that it is full."""
    hard = OTHERS + 20
    few = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (hard - 10, hard))}
    async with (
        scripted_upstream() as upstream,
        relay_process_with(few, ("--upstream", upstream.url), {}) as (process, started),
        unread_log(process),
        contextlib.AsyncExitStack() as peers,
    ):
        url = started["address"].replace("http", "ws") + "/v1/realtime"
        for _ in range(10):
            await peers.enter_async_context(connect(url, proxy=None))
        with pytest.raises(InvalidStatus) as refusal:
            await connect(url, proxy=None)
        assert refusal.value.response.status_code == 503
