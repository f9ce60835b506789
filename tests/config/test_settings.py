import pytest

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.settings import Settings


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


def test_every_setting_has_its_words() -> None:
    """Each setting says what it does."""
    assert all(field.description for field in Settings.model_fields.values())


HISTORY = {"store": "sqlite:history.db"}


def test_history() -> None:
    """`[history]` names a file; the rest has defaults, and a profile turns it on."""
    settings = load_settings(upstream="mock", history=HISTORY, profiles={"default": {"history": True}})
    assert settings.history is not None
    assert (str(settings.history.path), settings.history.keep_days, settings.history.replay_turns) == (
        "history.db",
        30,
        20,
    )
    profile = settings.profile("default")
    assert profile is not None
    assert profile.history


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"profiles": {"x": {"history": True}}}, r"profiles\.x\.history: there is no \[history\]"),
        ({"history": HISTORY, "profiles": {"x": {"history": True, "type": "live"}}}, "only realtime sessions can"),
        ({"history": {"store": "history.db"}}, "sqlite:history.db"),
        ({"history": {"store": "sqlite:"}}, "the path of a file"),
        ({"history": {**HISTORY, "keep_days": 0}}, "keep_days"),
        ({"history": {**HISTORY, "days": 3}}, "days"),
        ({"history": {"keep_days": 3}}, "needs a store, or else the url of a service"),
        ({"history": {**HISTORY, "url": "https://a.example"}}, "needs a store, or else the url of a service"),
        ({"history": {"url": "https://a.example"}}, "url and secret go together"),
        ({"history": {"url": "a.example", "secret": "x" * 32}}, "is not an address"),
        ({"history": {"url": "https://a.example", "secret": "x" * 31}}, "less than 32"),
    ],
)
def test_a_wrong_history(given, words) -> None:
    """What is wrong with it is said at the start."""
    with pytest.raises(SettingsError, match=words):
        load_settings(upstream="mock", **given)
