"""Settings that cannot work: each stops the start with a sentence in the relay's own words."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from relay.admission.gate import Gate
from relay.cli import main
from relay.config.errors import SettingsError
from relay.config.loading import load_settings, meant_variable
from relay.config.settings import Settings
from relay.config.words import check_origin, check_proxy
from relay.recording.recordings import make_recordings

LIBRARY_WORDS = re.compile(
    r"Input should|value_error|validation error|Value error|pydantic|Field required|valid (string|dictionary|integer)"
    r"|unable to parse|<class|Traceback|should match|instance of|after validation|_type\b",
    re.IGNORECASE,
)
WRONG: list[Any] = [
    5, -1, 1.5, float("nan"), float("inf"), True, "", "two words\n", [], [5], [[]], {}, {"a": 5}, {"default": 5},
    b"\xff", {"default": {"limits": 5, "audio": 5, "voice": "x"}}, {"default": {"turn_detection": 5, "tools": [5]}},
    [{"token": 5}], [{"x": 1}],
]  # fmt: skip
"""Values of every type, each of which is wrong for most settings."""


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_a_value_of_the_wrong_type_is_told_in_our_own_words(name) -> None:
    """Whatever is set to whatever: it is taken, or told in a sentence that names it, without a library's words."""
    told = []
    for value in WRONG:
        try:
            load_settings(**{name: value})
        except SettingsError as failure:
            told.append(str(failure))
    assert told
    for words in told:
        assert words.startswith((name, "tls_cert and tls_key", "profiles.")), words
        assert not LIBRARY_WORDS.search(words), words


SECRET = "sk-this-is-nobodys business"


@pytest.mark.parametrize(
    "given",
    [
        {"openai_api_key": SECRET},
        {"azure_api_key": SECRET},
        {"xai_api_key": SECRET},
        {"tokens": [SECRET]},
        {"tokens": SECRET},
        {"upstream_headers": {"api-key": f"{SECRET}\n"}},
        {"jwt": {"secret": SECRET}},
        {"ticket_secret": SECRET},
        {"quota_store": SECRET},
    ],
)
def test_a_wrong_secret_is_not_quoted(given) -> None:
    """What is wrong with a key, a token or a secret is told without showing it."""
    with pytest.raises(SettingsError) as failure:
        load_settings(**given)
    assert str(failure.value).startswith(next(iter(given)))
    assert "nobodys" not in str(failure.value)


@pytest.mark.parametrize("key", ["sk-a b", "sk-a\nb", "sk-“quoted”", "sk-…"])
def test_a_key_that_cannot_be_sent(key, tmp_path) -> None:
    """A key with white space or a foreign character in it was copied wrongly, in a variable as in a file."""
    with pytest.raises(SettingsError, match="openai_api_key: has white space in it"):
        load_settings(openai_api_key=key)
    path = tmp_path / "key"
    path.write_text(key)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY_FILE: the key has white space in it"):
        load_settings(openai_api_key_file=path).api_key  # noqa: B018


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("museum.example", "it needs a scheme, as in https://museum.example"),
        ("//museum.example", "it needs a scheme"),
        ("localhost:3000", "it needs a scheme"),
        ("https://museum.example/", "say https://museum.example"),
        ("https://museum.example/app", "say https://museum.example"),
        ("https://museum.example?x", "say https://museum.example"),
        ("https://Museum.example", "say https://museum.example"),
        ("https://museum.example:443", "say https://museum.example"),
        ("https://me@museum.example", "say https://museum.example"),
        ("https://*.museum.example", "there are no patterns"),
        ("https://[::1", "is no address"),
    ],
)
def test_an_origin_that_no_browser_sends(origin, words) -> None:
    """An origin without a scheme, or with a path or capitals, would never be met, so it stops the start."""
    with pytest.raises(SettingsError) as failure:
        load_settings(allowed_origins=[origin])
    assert str(failure.value).startswith("allowed_origins: ")
    assert words in str(failure.value)


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://museum.example", "http://localhost:3000", "http://[::1]:8080", "capacitor://localhost"],
)
def test_an_origin_that_a_browser_sends(origin) -> None:
    """Origins as browsers and apps write them are taken."""
    assert check_origin(origin) == origin


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("proxy.internal", "a name is not looked up"),
        ("10.0.0.1/8", "did you mean 10.0.0.0/8?"),
        ("10.0.0", "neither an address nor a network"),
        ("10.0.0.1:8080", "neither an address nor a network"),
    ],
)
def test_a_proxy_that_is_none(proxy, words) -> None:
    """A trusted proxy that is neither an address nor a network would never be believed, so it stops the start."""
    with pytest.raises(SettingsError, match="trusted_proxies: ") as failure:
        load_settings(trusted_proxies=proxy)
    assert words in str(failure.value)
    for right in ("*", "10.0.0.7", "10.0.0.0/8", "fd00::/8", "::1"):
        assert check_proxy(right) == right


def test_a_token_for_a_profile_that_is_not_there(tmp_path) -> None:
    """A token that names an unknown profile could open nothing: told at the start, in the settings as in a file."""
    entry = {"token": "rt_annas-token-0123456789", "profile": "tuor"}
    with pytest.raises(SettingsError) as failure:
        load_settings(tokens=[entry], profiles={"tour": {}})
    assert str(failure.value) == "tokens.0.profile: there is no profile 'tuor'; did you mean tour?"
    file = tmp_path / "tokens"
    file.write_text("rt_annas-token-0123456789 anna tuor\n")
    with pytest.raises(SettingsError, match="tokens_file: there is no profile 'tuor'"):
        Gate(load_settings(tokens_file=file, profiles={"tour": {}}))


def test_a_record_directory_that_cannot_be_written(tmp_path) -> None:
    """Where recordings cannot be written the relay does not start, rather than lose them."""
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    for place in (in_the_way, in_the_way / "below"):
        with pytest.raises(SettingsError, match="record_dir: cannot write into"):
            make_recordings(load_settings(record_dir=place), lambda *_: None)
    assert make_recordings(load_settings(record_dir=tmp_path / "new"), lambda *_: None) is not None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        (
            "RELAY_PROFILES",
            '{"default": ',
            "RELAY_PROFILES: must be JSON, and is not (Expecting value at character 13)",
        ),
        ("RELAY_UPSTREAM_HEADERS", "x", "RELAY_UPSTREAM_HEADERS: must be JSON"),
        ("RELAY_PORT", "tcp://10.0.0.1:8000", "enableServiceLinks: false"),
        ("RELAY_HOST", "", "host: must be text, not ''"),
        ("RELAY_JWT__JWKS_URL", "http://[x", "jwt.jwks_url: 'http://[x' is not an address"),
        ("RELAY_WORKERS", "two", "workers: must be a whole number, not 'two'"),
        ("RELAY_ALLOW_OPEN", "perhaps", "allow_open: must be true or false, not 'perhaps'"),
        ("RELAY_PROFILES__DEFAULT__LOCK", "5", "profiles.default.lock: must be a list"),
    ],
)
def test_a_variable_that_cannot_be_used(name, value, words) -> None:
    """A variable in broken JSON or of the wrong kind stops the start with a sentence and exit code 2."""
    result = CliRunner().invoke(main, ["serve"], env={name: value})
    assert result.exit_code == 2
    assert words in result.output
    assert not LIBRARY_WORDS.search(result.output)


@pytest.mark.parametrize("kind", ["directory", "latin-1", "broken"])
def test_a_config_that_is_none(kind, tmp_path) -> None:
    """A settings file that is a directory, is not UTF-8 or is no TOML stops the start with a sentence."""
    path = tmp_path / "relay.toml"
    if kind == "directory":
        path.mkdir()
    else:
        path.write_bytes("host = 'ä'".encode("latin-1") if kind == "latin-1" else b"host = ")
    result = CliRunner().invoke(main, ["serve", "--config", str(path)])
    assert result.exit_code == 2
    said = json.loads(result.output)
    assert (said["event"], said["level"]) == ("start.failed", "error")
    assert said["reason"].startswith(f"{path}: ")
    assert result.output.count("\n") == 1


@pytest.mark.parametrize("url", ["", " ", "ws://", "ftp://relay.example", "ws://[::1", "ws://127.0.0.1:99999/"])
def test_an_address_to_check_that_is_none(url) -> None:
    """`relay check` says what an address is, and exits with 2."""
    result = CliRunner().invoke(main, ["check", url])
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert "is no address" in result.output


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("RELAY_UPSTREEM", "RELAY_UPSTREAM"),
        ("RELAY_PROT", "RELAY_PORT"),
        ("RELAY_ALLOWED_ORIGIN", "RELAY_ALLOWED_ORIGINS"),
        ("RELAY_OPENAI_API_KEY", "OPENAI_API_KEY"),
        ("RELAY_AZURE_ENDPOINT", "AZURE_OPENAI_ENDPOINT"),
        ("RELAY_SERVICE_HOST", None),
    ],
)
def test_a_misspelt_variable(written, meant) -> None:
    """A variable that is no setting is told at the start, with the one that was probably meant."""
    assert meant_variable(written) == meant


@pytest.mark.parametrize(
    ("arguments", "environment", "is_json"),
    [
        ([], {}, True),
        (["--log-format", "console"], {}, False),
        ([], {"RELAY_LOG_FORMAT": "console"}, False),
        (["--log-format", "json"], {"RELAY_LOG_FORMAT": "console"}, True),
        ([], {"RELAY_LOG_FORMAT": "nonsense"}, True),
    ],
)
def test_a_start_that_fails_is_told_as_the_log_is(arguments, environment, is_json) -> None:
    """Where the log is JSON so is the reason, in one line; a person reads it as a sentence."""
    environment["RELAY_UPSTREAM"] = "nowhere"
    result = CliRunner(env=environment).invoke(main, ["serve", *arguments])
    assert result.exit_code == 2
    (first, *more) = result.output.splitlines()
    if is_json:
        assert more == []
        assert "upstream" in json.loads(first)["reason"]
    else:
        assert first.startswith("relay: upstream")


@pytest.mark.parametrize(
    ("upstream", "dialect"),
    [({"upstream": "xai"}, "xai"), ({"upstream": "wss://gateway.example", "upstream_dialect": "beta"}, "beta")],
)
def test_sessions_that_cannot_outlive_their_upstream(upstream, dialect) -> None:
    """A profile whose sessions are to survive where the upstream's dialect does not let them stops the start."""
    with pytest.raises(SettingsError, match=rf"profiles\.a\.survive: sessions of an upstream that speaks {dialect}"):
        load_settings(profiles={"a": {"survive": True}}, **upstream)
