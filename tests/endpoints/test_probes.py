"""What an operator sees: liveness, readiness, metrics, drain."""

import asyncio
import json

import httpx2 as httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from relay.legs.lanes import WHY_NOT
from relay.version import __version__
from tests.fakes.http_client import http_client
from tests.fakes.running import TURN_BEGINS, TURN_ENDS, begin_turn, end_of, running
from tests.fakes.upstream import echo, scripted_upstream


async def get(url: str) -> httpx.Response:
    async with http_client(timeout=None) as http:
        return await http.get(url)


async def test_probes() -> None:
    """A relay that serves is alive and ready, without asking its upstream."""
    async with running("ws://127.0.0.1:1/") as relay:
        for path in ("/livez", "/readyz"):
            assert (await get(relay.http + path)).status_code == 200


async def test_who_wants_to_know_is_told_that_nobody_gets_a_session() -> None:
    """After three dials that failed alike `/readyz?upstream=1` says why; `/readyz` itself stays as it is."""
    async with running("ws://127.0.0.1:1/") as relay:
        for dials in range(4):
            asked = await get(f"{relay.http}/readyz?upstream=1")
            assert (asked.status_code, asked.text) == (
                (200, "ready\n") if dials < 3 else (503, "upstream_unreachable\n")
            )
            with pytest.raises(InvalidStatus):
                async with relay.peer():
                    pass
        labels = {"outcome": "upstream_unreachable"}
        assert relay.metrics.registry.get_sample_value("relay_upstream_last_dials", labels) == 4
        assert (await get(f"{relay.http}/readyz")).status_code == 200


async def test_the_version_is_told_alike() -> None:
    """Liveness and the metrics tell the version that the command tells."""
    async with running("ws://127.0.0.1:1/") as relay:
        assert (await get(f"{relay.http}/livez")).text == f"ok {__version__}\n"
        labels = {"version": __version__, "lane": "none" if WHY_NOT else "compiled"}
        assert relay.metrics.registry.get_sample_value("relay_build_info", labels) == 1


async def test_metrics_tell_of_a_session() -> None:
    """A scrape shows what a session did: events and bytes by type, its end by cause, its length, its dial."""
    append = '{"type":"input_audio_buffer.append","audio":"AAAA"}'
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
        async with relay.peer() as peer:
            await peer.send(append)
            await peer.recv()
            assert relay.metrics.registry.get_sample_value("relay_sessions_open") == 1
        await relay.sessions.empty()
        scraped = await get(f"{relay.http}/metrics")
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(scraped.text)
        for sample in family.samples
    }
    assert values["relay_events_total", "up", "input_audio_buffer.append"] == 1
    assert values["relay_events_total", "down", "other"] == 1
    assert values["relay_event_bytes_total", "up", "input_audio_buffer.append"] == len(append)
    assert values["relay_sessions_ended_total", "peer_closed"] == 1
    assert values["relay_sessions_open",] == 0
    for name in ("relay_session_seconds", "relay_dial_seconds"):
        assert values[f"{name}_count",] == 1
    for direction in ("up", "down"):
        assert values["relay_added_seconds_count", direction] == 1
        assert values["relay_added_seconds_bucket", direction, "+Inf"] == 1


async def test_a_drain_lets_people_finish() -> None:
    """While draining, a turn goes on to its end, new sessions get 503, and readiness is off; liveness is not."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await begin_turn(peer)
        draining = asyncio.create_task(relay.sessions.drain(60))
        await peer.send("one")
        assert await peer.recv() == "one"
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
        assert refusal.value.response.status_code == 503
        assert refusal.value.response.headers["Retry-After"] == "1"
        assert (await get(f"{relay.http}/readyz")).status_code == 503
        assert (await get(f"{relay.http}/livez")).status_code == 200
        assert relay.metrics.registry.get_sample_value("relay_draining") == 1
        assert not draining.done()
        await peer.send(TURN_ENDS)
        messages, code, reason = await end_of(peer)
        assert messages[0] == TURN_ENDS
        assert (code, reason) == (1012, "draining")
        await draining


async def test_a_drain_spreads_the_ends_of_those_who_rest() -> None:
    """Sessions in which nobody speaks end soon, but not all at once; a peer that asked is told before."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
        peers = [await relay.peer("?relay_events=1") for _ in range(60)]
        draining = asyncio.create_task(relay.sessions.drain(60))
        told = [json.loads(await peer.recv())["type"] for peer in peers]
        assert told == ["relay.draining"] * 60
        await asyncio.wait({asyncio.create_task(end_of(peer)) for peer in peers}, return_when=asyncio.FIRST_COMPLETED)
        assert len(relay.sessions) > 0
        assert {(await end_of(peer))[1] for peer in peers} == {1012}
        await draining


async def test_a_drain_ends_at_its_deadline() -> None:
    """What is left at the deadline is told so and closed with 1012, and so is its upstream, with 1001."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await begin_turn(peer)
        await relay.sessions.drain(0)
        messages, code, reason = await end_of(peer)
        assert [json.loads(message)["error"]["code"] for message in messages] == ["draining"]
        assert (code, reason) == (1012, "draining")
        assert (await upstream.closes.get())[0] == 1001


async def test_a_drain_may_let_sessions_finish() -> None:
    """With `drain = "session"` a session between two turns goes on until it ends by itself, or until the deadline."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
        async with relay.peer() as peer:
            draining = asyncio.create_task(relay.sessions.drain(60, until="session"))
            for turn in (TURN_BEGINS, TURN_ENDS, TURN_BEGINS, TURN_ENDS):
                await peer.send(turn)
                assert await peer.recv() == turn
            assert not draining.done()
        await draining
        assert relay.ended_by("peer_closed") == 1


async def test_a_drain_of_sessions_has_a_deadline() -> None:
    """With `drain = "session"` what is left at the deadline is told so and closed with 1012."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay, relay.peer() as peer:
        await relay.sessions.drain(0.1, until="session")
        assert (await end_of(peer))[1:] == (1012, "draining")


async def test_a_notice_is_part_of_the_drains_time() -> None:
    """A notice that is longer than the drain may take is cut to that; then nobody is admitted."""
    async with scripted_upstream(echo) as upstream, running(upstream.url) as relay:
        await relay.sessions.drain(0.1, notice_s=600)
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
        assert refusal.value.response.status_code == 503


async def test_the_page_is_served_with_its_headers() -> None:
    """The page and its modules come with a strict policy, the right types, and nothing outside them."""
    async with running("ws://127.0.0.1:1/") as relay:
        page = await get(f"{relay.http}/")
        module = await get(f"{relay.http}/web/protocol/realtime-client.js")
        outside = await get(f"{relay.http}/web/%2e%2e/pyproject.toml")
    assert page.headers["content-type"].startswith("text/html")
    assert module.headers["content-type"].startswith("text/javascript")
    assert outside.status_code == 404
    assert module.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in page.headers
    for response in (page, module):
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "unsafe-inline" not in response.headers["content-security-policy"]
        assert "microphone=(self)" in response.headers["permissions-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
