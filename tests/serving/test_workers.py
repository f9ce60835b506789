"""Several workers at one address, as `relay serve --workers` runs them."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from relay.cli import main
from relay.config.loading import load_settings
from relay.serving.start import listen
from tests.fakes.http_client import http_client
from tests.fakes.process import Process, log_line, relay_process
from tests.fakes.running import begin_turn, end_of
from tests.fakes.upstream import echo, scripted_upstream

Values = dict[tuple[str, ...], float]


async def scrape(address: str) -> Values:
    """Every sample, by its name and labels, the worker's first."""
    async with http_client(timeout=None) as http:
        text = (await http.get(f"{address}/metrics")).text
    return {
        (sample.name, sample.labels["worker"], *(v for k, v in sample.labels.items() if k != "worker")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def workers_of(values: Values) -> set[str]:
    return {worker for name, worker, *_ in values if name == "relay_build_info"}


def total(values: Values, name: str, *labels: str) -> float:
    return sum(value for (each, _, *rest), value in values.items() if each == name and tuple(rest) == labels)


def children_of(process: Process) -> list[int]:
    """The process numbers of the workers, the tracker that Python starts beside them left out."""
    task = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    pids = map(int, task.read_text().split())
    return [pid for pid in pids if b"resource_tracker" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def realtime(address: str) -> connect:
    return connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, open_timeout=None)


def own_kb(pid: int) -> int:
    """What a process shares with nobody, in KB."""
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines())
    return sum(int(line[1]) for line in lines if line[0] in {"Private_Clean:", "Private_Dirty:"})


async def test_workers_share_what_was_imported() -> None:
    """A worker has little memory of its own: it is a copy of its supervisor."""
    async with relay_process("--upstream", "ws://127.0.0.1:9/", "--workers", "2") as (process, _):
        assert [own_kb(pid) < 25_000 for pid in children_of(process)] == [True, True]


async def test_any_worker_tells_the_metrics_of_all() -> None:
    """A scrape shows what all workers did, each series labelled with its worker, whichever of them answers."""
    async with scripted_upstream(echo) as upstream, relay_process(
        "--upstream", upstream.url, "--workers", "2"
    ) as (_, address):  # fmt: skip
        for _ in range(12):
            async with realtime(address) as peer:
                await peer.send('{"type":"session.update"}')
                await peer.recv()
        first, second = await scrape(address), await scrape(address)
        while total(second, "relay_sessions_ended_total", "peer_closed") < 12:
            second = await scrape(address)
    assert workers_of(first) == workers_of(second) == {"1", "2"}
    assert total(first, "relay_events_total", "up", "session.update") == 12
    assert total(second, "relay_session_seconds_count") == 12


async def test_workers_are_replaced_one_by_one() -> None:
    """On SIGHUP each worker leaves when its successor listens; an open session goes on to its own end."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2", RELAY_DRAIN_TIMEOUT_S="60") as (process, address),
    ):
        before = children_of(process)
        peers = [await realtime(address) for _ in range(8)]
        for peer in peers:
            await begin_turn(peer)
        process.send_signal(signal.SIGHUP)
        await log_line(process, "drain.started")
        for peer in peers:
            await peer.send("still here")
            assert await peer.recv() == "still here"
        async with realtime(address) as newcomer:
            await newcomer.send("welcome")
            assert await newcomer.recv() == "welcome"
            for peer in peers:
                await peer.close()
            await newcomer.close()
        await log_line(process, "restart.finished")
        assert workers_of(await scrape(address)) == {"3", "4"}
        assert set(before).isdisjoint(children_of(process))


async def test_a_peer_comes_back_to_any_worker() -> None:
    """Whichever worker a peer reaches when it comes back, it goes on with its session."""
    async with scripted_upstream(echo) as upstream, relay_process(
        "--upstream", upstream.url, "--workers", "2"
    ) as (process, address):  # fmt: skip
        url = address.replace("http", "ws") + "/v1/realtime?resume=1"
        offer, expected = Subprotocol("relay.resume.v1"), ["relay.resumable"]
        was_handed_over = asyncio.ensure_future(log_line(process, "peer.handed_over"))
        while not was_handed_over.done():
            async with connect(url, proxy=None, open_timeout=None, subprotocols=[offer]) as peer:
                told = [json.loads(await peer.recv()) for _ in expected]
                assert [event["type"] for event in told] == expected
                offer = Subprotocol(f"relay.resume.v1.{told[0]['token']}.0")
                expected = ["relay.resumable", "relay.resumed"]
                peer.transport.abort()
        values = await scrape(address)
        assert total(values, "relay_peer_returns_total", "unknown_token") == 0
        assert len(upstream.connections) == 1


async def test_a_worker_that_dies_is_replaced() -> None:
    """The place of a worker that was killed is filled again, and the loss is logged."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2") as (process, address),
    ):
        os.kill(children_of(process)[0], signal.SIGKILL)
        assert json.loads(await log_line(process, "worker.lost"))["exit_code"] == -signal.SIGKILL
        while True:
            async with realtime(address) as peer:
                await peer.send("served")
                assert await peer.recv() == "served"
            if len(workers_of(await scrape(address))) == 2:
                break


async def test_a_worker_that_hangs_is_replaced() -> None:
    """A worker whose event loop stands still is killed, and another one takes the connections that waited for it."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2") as (process, address),
    ):
        hung, well = children_of(process)
        os.kill(hung, signal.SIGSTOP)
        killed = json.loads(await log_line(process, "worker.killed"))
        assert killed["reason"] == "it gave no sign of life for 10 s"
        assert json.loads(await log_line(process, "worker.lost"))["worker"] == killed["worker"]
        served: set[str] = set()
        while len(served) < 2:
            async with realtime(address) as peer:
                await peer.send("served")
                assert await peer.recv() == "served"
            values = await scrape(address)
            served = {worker for worker in workers_of(values) if values["relay_dial_seconds_count", worker] > 0}
        assert hung not in children_of(process)
        assert well in children_of(process)


async def test_a_worker_that_hangs_does_not_keep_the_relay_from_stopping() -> None:
    """On SIGTERM a worker that hangs is killed, however long its drain might take, and the relay ends."""
    async with relay_process("--upstream", "mock", "--workers", "2", RELAY_DRAIN_TIMEOUT_S="600") as (process, _):
        hung, well = children_of(process)
        os.kill(hung, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert "no sign of life" in json.loads(await log_line(process, "worker.killed"))["reason"]
        assert await process.wait() == 0
        for worker in (hung, well):
            with pytest.raises(ProcessLookupError):
                os.kill(worker, 0)


async def test_a_reload_that_is_abandoned_half_way(tmp_path: Path) -> None:
    """When a later successor cannot start, the log says why, which workers run with what, and what to do."""
    config = tmp_path / "relay.toml"
    config.write_text("max_sessions = 30\n")
    async with (
        scripted_upstream(echo) as upstream,
        relay_process(
            "--upstream", upstream.url, "--config", str(config), "--workers", "2", RELAY_DRAIN_TIMEOUT_S="60"
        ) as (process, address),
        contextlib.AsyncExitStack() as peers,
    ):
        while (await scrape(address))["relay_sessions_open", "1"] == 0:
            await begin_turn(await peers.enter_async_context(realtime(address)))
        process.send_signal(signal.SIGHUP)
        await log_line(process, "drain.started")
        config.write_text("max_sesions = 30\n")
        await peers.aclose()
        told = json.loads(await log_line(process, "restart.abandoned"))
        assert "max_sesions" in told["reason"]
        assert (told["with_new_settings"], told["as_before"]) == ([3], [2])
        process.send_signal(signal.SIGHUP)
        assert "max_sesions" in json.loads(await log_line(process, "restart.abandoned"))["reason"]


async def test_settings_that_have_become_wrong_leave_the_workers_as_they_are(tmp_path: Path) -> None:
    """When a successor cannot start, the log says why, the replacing ends, and the old workers serve on."""
    config = tmp_path / "relay.toml"
    config.write_text('upstream = "mock"\n')
    async with relay_process("--config", str(config), "--workers", "2") as (process, address):
        before = children_of(process)
        config.write_text('upstream = "mock"\nmax_sesions = 3\n')
        process.send_signal(signal.SIGHUP)
        told = json.loads(await log_line(process, "restart.abandoned"))
        assert "max_sesions" in told["reason"]
        assert (told["with_new_settings"], told["as_before"]) == ([], [1, 2])
        assert "send SIGHUP again" in told["advice"]
        assert children_of(process) == before
        config.write_text('upstream = "mock"\nmax_sessions = 3\n')
        process.send_signal(signal.SIGHUP)
        await log_line(process, "restart.finished")
        assert set(before).isdisjoint(children_of(process))
        async with realtime(address) as peer:
            assert json.loads(await peer.recv())["type"] == "session.created"


async def test_workers_read_each_others_tickets() -> None:
    """A ticket that one worker made opens sessions with all of them, without a secret in the settings."""
    token = "rt_the-shops-token-012345"
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2", RELAY_TOKENS=token) as (_, address),
        http_client(headers={"Authorization": f"Bearer {token}"}, timeout=None) as http,
    ):
        ticket = (await http.post(f"{address}/v1/realtime/client_secrets")).json()["value"]
        bearer = {"Authorization": f"Bearer {ticket}"}
        served: set[str] = set()
        while len(served) < 2:
            async with connect(address.replace("http", "ws") + "/v1/realtime", proxy=None, additional_headers=bearer):
                values = await scrape(address)
            served = {worker for worker in workers_of(values) if values["relay_dial_seconds_count", worker] > 0}


async def test_settings_that_have_become_open(tmp_path: Path) -> None:
    """New settings that would let in everybody on an open address are not taken over, and the workers stay."""
    config = tmp_path / "relay.toml"
    config.write_text('host = "0.0.0.0"\ntokens = ["rt_the-shops-token-012345"]\n')
    async with relay_process("--upstream", "ws://127.0.0.1:1/", "--workers", "2", "--config", str(config)) as (
        process,
        address,
    ):
        config.write_text('host = "0.0.0.0"\n')
        process.send_signal(signal.SIGHUP)
        await log_line(process, "restart.abandoned")
        async with http_client(timeout=None) as http:
            mint = address.replace("0.0.0.0", "127.0.0.1") + "/v1/realtime/client_secrets"
            assert (await http.post(mint)).status_code == 401


async def test_sigterm_drains_all_workers() -> None:
    """On SIGTERM the sessions of all workers may finish; then all processes end, with exit code 0."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2", RELAY_DRAIN_TIMEOUT_S="60") as (process, address),
    ):
        peers = [await realtime(address) for _ in range(8)]
        for peer in peers:
            await begin_turn(peer)
        process.send_signal(signal.SIGTERM)
        for _ in range(2):
            await log_line(process, "drain.started")
        for peer in peers:
            await peer.send("still here")
            assert await peer.recv() == "still here"
            await peer.close()
        assert await process.wait() == 0


async def test_a_second_signal_stops_all_workers_now() -> None:
    """A second signal ends the drain of every worker."""
    async with (
        scripted_upstream(echo) as upstream,
        relay_process("--upstream", upstream.url, "--workers", "2", RELAY_DRAIN_TIMEOUT_S="600") as (process, address),
    ):
        peers = [await realtime(address) for _ in range(8)]
        for peer in peers:
            await begin_turn(peer)
        process.send_signal(signal.SIGTERM)
        for _ in range(2):
            await log_line(process, "drain.started")
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        for peer in peers:
            await end_of(peer)


async def test_workers_do_not_outlive_their_supervisor() -> None:
    """Workers whose supervisor was killed drain and end by themselves."""
    async with relay_process("--upstream", "mock", "--workers", "2") as (process, _):
        workers = children_of(process)
        process.kill()
        for _ in workers:
            await log_line(process, "drain.finished")
    assert len(workers) == 2


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_an_address_that_is_taken_is_taken(workers) -> None:
    """Workers share an address among themselves, not with another relay."""
    async with relay_process("--upstream", "mock", "--workers", "2") as (_, address):
        port = address.rsplit(":", 1)[1]
        second = CliRunner().invoke(main, ["serve", "--upstream", "mock", "--port", port, "--workers", workers])
    assert second.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{port}" in second.output


def test_listeners_share_one_port() -> None:
    """With port 0 all workers get the one port that the first was given."""
    listeners = listen(load_settings(port=0, workers=3))
    try:
        assert len({listener.getsockname() for listener in listeners}) == 1
        assert all(listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) for listener in listeners)
    finally:
        for listener in listeners:
            listener.close()
