"""What a handshake is given, and what the log says where it is refused."""

import asyncio
from http import HTTPStatus

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.legs.choice import choose_dial
from relay.legs.target import DialOptions, Target
from relay.upstreams.dialling import dial_target
from tests.fakes.running import running
from tests.fakes.upstream import scripted_upstream


async def dialled(target: Target, timeout_s: float = 5.0):
    return await dial_target(choose_dial("fast"), target, DialOptions(1024, timeout_s), lambda _: None, str)


async def test_credentials_are_made_for_each_handshake() -> None:
    """Headers that were made for this handshake go with it, beside those that never change."""

    async def fresh() -> dict[str, str]:
        return {"Authorization": "Bearer t1"}

    async with scripted_upstream() as upstream:
        leg = await dialled(Target(upstream.url, {"X-Fixed": "1"}, credentials=fresh))
        leg.abort()
        headers = upstream.handshakes[0].headers
        assert (headers["Authorization"], headers["X-Fixed"]) == ("Bearer t1", "1")


async def test_credentials_take_no_longer_than_a_handshake() -> None:
    """Whoever makes the credentials has as long as the upstream has."""

    async def never() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(Refused) as refusal:
        await dialled(Target("ws://127.0.0.1:1/", credentials=never), 0.01)
    assert refusal.value.ended.cause is Cause.UPSTREAM_TIMEOUT


async def test_a_refusal_is_logged_with_what_to_do() -> None:
    """The log names the provider that refused, and what its operator should look at."""
    async with (
        scripted_upstream(gate=lambda connection, _: connection.respond(HTTPStatus.UNAUTHORIZED, "no")) as upstream,
        running(upstream.url, upstream_headers={"X-Key": "wrong"}) as relay,
    ):
        with capture_logs() as log, pytest.raises(InvalidStatus):
            await relay.peer()
    [entry] = [entry for entry in log if entry["event"] == "upstream.refused"]
    assert (entry["provider"], entry["cause"], entry["status"]) == ("127.0.0.1", "upstream_denied", 401)
    assert "upstream_headers" in entry["advice"]
