from pathlib import Path

import pytest

from relay.config.errors import SettingsError
from relay.config.settings import Settings, load_settings, unknown_variables

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


def test_there_is_always_a_default_profile() -> None:
    """Without profiles the default one injects nothing, and another one is not there."""
    settings = load_settings()
    assert settings.profile("default") is not None
    assert settings.profile("other") is None


def test_lists_in_the_environment_are_separated_by_commas(monkeypatch) -> None:
    """Origins in a variable are separated by commas."""
    monkeypatch.setenv("RELAY_ALLOWED_ORIGINS", "https://a.example, https://b.example,")
    assert load_settings().allowed_origins == ("https://a.example", "https://b.example")


def test_the_key_comes_from_a_variable_or_a_file(tmp_path, monkeypatch) -> None:
    """OPENAI_API_KEY holds the key, or OPENAI_API_KEY_FILE names the file that does."""
    assert load_settings().api_key is None
    secret = tmp_path / "key"
    secret.write_text("sk-file\n")
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(secret))
    assert load_settings().api_key == "sk-file"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-variable")
    assert load_settings().api_key == "sk-variable"


@pytest.mark.parametrize(("content", "words"), [(None, "cannot read the key"), ("\n", "the file is empty")])
def test_a_key_file_that_holds_none(tmp_path, content, words) -> None:
    """A key file that is missing or empty is told as such."""
    path = tmp_path / "key"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=words):
        load_settings(openai_api_key_file=path).api_key  # noqa: B018


def test_the_address_of_the_api_may_be_written_as_http() -> None:
    """The API's address is dialled as a WebSocket, however it was written."""
    assert (
        load_settings(openai_base_url="https://eu.api.openai.com/v1/").openai_base_url == "wss://eu.api.openai.com/v1"
    )


WRONG = [
    ({"prt": 1}, "prt: there is no such setting; did you mean port?"),
    ({"port": 70000}, "port: must be a number of at most 65535, not 70000"),
    (
        {"upstream": "opnai"},
        "upstream: 'opnai' is none of openai, azure, xai, cascade, mock, replay:PATH, ws://… or wss://…",
    ),
    ({"upstream": "ws://"}, "upstream: 'ws://' is none"),
    ({"openai_base_url": "api.openai.com"}, "openai_base_url: 'api.openai.com' is not an address"),
    ({"profiles": {"default": {"voize": "x"}}}, "profiles.default.voize: "),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_a_wrong_setting_is_told_by_name(given, words) -> None:
    """A setting that cannot be used is named, with what is wrong and what would be right."""
    with pytest.raises(SettingsError) as failure:
        load_settings(**given)
    assert str(failure.value).startswith(words)


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


def test_every_setting_has_its_words() -> None:
    """Each setting says what it does."""
    assert all(field.description for field in Settings.model_fields.values())
