from pathlib import Path

import pytest

from relay.config.errors import SettingsError
from relay.config.loading import load_settings, unknown_variables
from relay.config.settings import Settings

TOML = """
port = 9000
host = "127.0.0.2"
allowed_origins = ["https://a.example"]

[profiles.default]
voice = "cedar"
instructions = "Be kind."
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path: Path = tmp_path / "relay.toml"
    path.write_text(TOML)
    return path


def test_the_nearest_source_wins(file, monkeypatch) -> None:
    """The command line comes before the environment, the environment before the file, the file before defaults."""
    monkeypatch.setenv("RELAY_PORT", "9001")
    monkeypatch.setenv("RELAY_HOST", "127.0.0.3")
    settings = load_settings(file, port=9002, upstream=None)
    assert (settings.port, settings.host, settings.allowed_origins) == (9002, "127.0.0.3", ("https://a.example",))
    assert settings.upstream == "openai"


def test_nested_variables_complete_the_file(file, monkeypatch) -> None:
    """A variable with two underscores reaches into a profile of the file."""
    monkeypatch.setenv("RELAY_PROFILES__DEFAULT__VOICE", "marin")
    profile = load_settings(file).profile("default")
    assert profile is not None
    assert profile.session == {
        "type": "realtime",
        "instructions": "Be kind.",
        "audio": {"output": {"voice": "marin"}},
    }


@pytest.mark.parametrize(("content", "words"), [(None, "there is no such file"), ("port = ", "relay.toml: ")])
def test_a_file_that_cannot_be_read(tmp_path, content, words) -> None:
    """A settings file that is missing or is no TOML is told as such."""
    path = tmp_path / "relay.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=words):
        load_settings(path)


def test_misspelt_variables_are_found() -> None:
    """Variables that look like settings and are none are listed."""
    environment = {"RELAY_PORT": "1", "RELAY_PROT": "1", "RELAY_PROFILES__X__VOICE": "ash", "PATH": "/bin"}
    assert unknown_variables(environment) == ["RELAY_PROT"]


def test_fields_of_each_table_are_variables() -> None:
    """What a table of the settings holds can be set in the environment, without a word that it is misspelt."""
    tables = [
        name
        for name, field in Settings.model_fields.items()
        if "dict[" in str(field.annotation) or "Options" in str(field.annotation)
    ]
    assert {"history", "jwt", "limits", "webrtc"} <= set(tables)
    assert unknown_variables({f"RELAY_{name.upper()}__X": "1" for name in tables}) == []
