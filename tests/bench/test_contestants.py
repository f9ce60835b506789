"""What the contestants are started with."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.contestants import CONTESTANTS, present
from bench.contestants.ours import relay
from bench.contestants.site import Site
from bench.contestants.tunnels import caddy, haproxy, nginx
from bench.rounds import contestants_of
from bench.scenarios import STEADY, WAYS, Scenario
from relay.config.loading import load_settings


@pytest.mark.parametrize("tunnel", [nginx, haproxy, caddy])
@pytest.mark.parametrize("trusted", [None, Path("/certificates/trusted.pem")])
def test_tunnels_are_told_where_to_go(tunnel, trusted, tmp_path) -> None:
    """Their file names both ports, and with TLS the one certificate that they may accept."""
    config = Path(tunnel(Site(tmp_path, 1111, 2222, trusted)).words[-1]).read_text()
    assert "127.0.0.1:1111" in config
    assert "127.0.0.1:2222" in config
    assert ("/certificates/trusted.pem" in config) is (trusted is not None)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no Caddy here; `make test` installs Debian's")
@pytest.mark.parametrize("trusted", [None, Path("/certificates/trusted.pem")])
def test_caddy_reads_its_file(trusted, tmp_path) -> None:
    """Debian's Caddy knows each word of it."""
    _, _, *words = caddy(Site(tmp_path, 1111, 2222, trusted)).words
    done = subprocess.run(["caddy", "adapt", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("carrier", ["fast", "portable"])
def test_the_relay_gets_settings_that_it_takes(carrier, tmp_path) -> None:
    """Sessions are injected, and there may be as many as the benchmarks open."""
    words = relay(Site(tmp_path, 1111, 2222), carrier).words
    settings = load_settings(Path(words[words.index("--config") + 1]))
    assert settings.carrier == carrier
    profile = settings.profile("default")
    assert profile is not None
    assert "instructions" in profile.session
    assert settings.max_sessions >= 2000


def test_a_contestant_without_its_program_is_left_out(monkeypatch) -> None:
    """And told, so that the page's gaps have a reason."""
    monkeypatch.setenv("PATH", "/nowhere")
    able, missing = present(None)
    assert [each.key for each in missing] == ["nginx", "haproxy", "caddy", "node"]
    assert {*able, *missing} == {each for each in CONTESTANTS if not each.by_name_only}


def test_a_relay_for_peers_of_the_beta(tmp_path) -> None:
    """What translating costs is measured beside the relay that does not."""
    [beta], _ = present(["beta"])
    assert beta.start is not None
    words = beta.start(Site(tmp_path, 1111, 2222)).words
    profile = load_settings(Path(words[words.index("--config") + 1])).profile("default")
    assert profile is not None
    assert profile.dialect == "beta"


def test_other_ways_through_are_measured_beside_the_plain_one() -> None:
    """Those that a scenario names run in it, and nobody else; in all others run those that need not be named."""
    assert run_for(WAYS) == {*WAYS.only}
    assert not {each.key for each in CONTESTANTS if each.by_name_only} & run_for(STEADY)


def run_for(scenario: Scenario) -> set[str]:
    return {each.key for each in contestants_of(scenario, present(None)[0])}


def test_a_recording_relay_runs_where_it_is_named(tmp_path) -> None:
    """What recording costs is measured beside the relay that does not."""
    [recording], _ = present(["recording"])
    assert recording.start is not None
    assert "--record" in recording.start(Site(tmp_path, 1111, 2222)).words
