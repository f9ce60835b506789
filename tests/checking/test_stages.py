"""relay.checking.stages, and `relay check --stages`"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from relay.checking.commands import check
from relay.stand_ins.services import ScriptedServices


@pytest.fixture
def services(scripted_services) -> ScriptedServices:
    serving: ScriptedServices = scripted_services()
    return serving


def run(config: Path, *more: str):
    return CliRunner().invoke(check, ["--stages", "--config", str(config), *more])


def settings(path: Path, url: str, think: str = "") -> Path:
    file = path / "relay.toml"
    rows = [f'{stage} = {{ url = "{url}", model = "m" }}' for stage in ("hear", "speak")]
    file.write_text("\n".join(["[cascade]", *rows, f'think = {{ url = "{think or url}", model = "m" }}']))
    return file


def test_each_service_is_a_line(services, tmp_path) -> None:
    """`relay check --stages` says of each service what it did and how fast, and exits with 0."""
    done = run(settings(tmp_path, services.url))
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["pass", "speak"], ["pass", "hear"], ["pass", "think"]]
    assert "heard 'Hello there.'; the first of it after" in lines[1]


def test_a_service_that_is_not_there_fails(services, tmp_path) -> None:
    """A service that cannot be reached fails, as JSON too, and the exit code is 1."""
    done = run(settings(tmp_path, services.url, "http://127.0.0.1:9/v1"), "--json")
    assert done.exit_code == 1
    verdicts = [json.loads(line) for line in done.output.splitlines()]
    assert [verdict["found"] for verdict in verdicts] == ["pass", "pass", "fail"]


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("[cascade]\nhear = 7", "relay: cascade.hear: must be a table, not 7"),
        ("", "relay: cascade.hear: names no service: give its url and model, or set OPENAI_API_KEY"),
    ],
)
def test_settings_without_services_are_told(tmp_path, written, sentence) -> None:
    """Settings that name no services end it with a sentence and exit code 2."""
    file = tmp_path / "relay.toml"
    file.write_text(written)
    done = run(file)
    assert (done.exit_code, done.output.strip()) == (2, sentence)


def test_another_profile_is_tried(services, tmp_path) -> None:
    """`--profile` names whose services and voice are tried; one that is not there ends it."""
    file = settings(tmp_path, services.url)
    dead = 'think = { url = "http://127.0.0.1:9/v1", model = "m" }'
    file.write_text(f'{file.read_text()}\n[profiles.dead]\nvoice = "cedar"\n[profiles.dead.cascade]\n{dead}')
    assert run(file).exit_code == 0
    assert run(file, "--profile", "dead").exit_code == 1
    assert [asked.fields["voice"] for asked in services.asked_of("speak")] == ["marin", "cedar"]
    done = run(file, "--profile", "nobody")
    assert (done.exit_code, done.output.strip()) == (2, "relay: there is no profile 'nobody'.")


def test_an_endpoint_or_stages_have_to_be_named() -> None:
    """Without an endpoint and without `--stages` there is nothing to check."""
    done = CliRunner().invoke(check, [])
    assert done.exit_code == 2
    assert "name the endpoint" in done.output
