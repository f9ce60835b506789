"""relay.config.cascade"""

from typing import Any

import pytest

from relay.config.cascade import DEFAULT_MODELS, OPENAI_URL, is_openai, laid_over, read_cascade
from relay.config.errors import SettingsError
from relay.config.loading import load_settings

LOCAL: dict[str, dict[str, Any]] = {
    "hear": {"url": "http://127.0.0.1:8001/v1", "model": "whisper-1"},
    "think": {"url": "http://127.0.0.1:11434/v1/", "model": "qwen3:4b"},
    "speak": {"url": "http://127.0.0.1:8880/v1", "model": "kokoro", "voices": {"marin": "af_heart"}},
}


def read(table, *, key=None, **environment: str):
    return read_cascade(table, "cascade", openai_key=key, environment=environment)


def with_(stage: str, **fields):
    return {**LOCAL, stage: {**LOCAL[stage], **fields}}


def test_with_nothing_but_a_key_all_is_openais() -> None:
    """With only `OPENAI_API_KEY` the three services are OpenAI's own, with a model that answers at once."""
    cascade = read({}, key="sk-of-openai")
    services = [cascade.hear, cascade.think, cascade.speak]
    assert [service.addresses[0].url for service in services] == [OPENAI_URL] * 3
    assert [service.addresses[0].model for service in services] == list(DEFAULT_MODELS.values())
    assert all(service.addresses[0].headers == {"Authorization": "Bearer sk-of-openai"} for service in services)
    assert cascade.think.addresses[0].extra == {"reasoning_effort": "none"}
    assert cascade.hear.addresses[0].streams


def test_other_kinds_have_other_models() -> None:
    """At OpenAI a transcription session and a voice of the Realtime API have models of their own."""
    assert read({"speak": {"kind": "realtime"}}, key="sk").speak.addresses[0].model == "gpt-realtime-2.1-mini"
    assert read({"hear": {"kind": "session"}}, key="sk").hear.addresses[0].model == "gpt-live-transcribe"


def test_services_of_ones_own_need_no_key() -> None:
    """Services at addresses of one's own are asked without a key where none is given."""
    cascade = read(LOCAL)
    assert cascade.think.addresses[0].url == "http://127.0.0.1:11434/v1"
    assert cascade.think.addresses[0].headers == {}
    assert not cascade.hear.addresses[0].streams
    assert (cascade.ear, cascade.ahead, cascade.hold_ms) == ("silero", True, 800)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/v1",
        "https://api.openai.com.example.org/v1",
        "https://notapi.openai.com/v1",
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
        "https://openai.com/v1",
        "https://example.org/api.openai.com/v1",
    ],
)
def test_the_openai_key_goes_to_no_other_address(url) -> None:
    """`OPENAI_API_KEY` goes to OpenAI's own addresses over TLS, and to no other, a second address included."""
    table = {stage: {"url": url, "model": "m", "instead": {"url": url, "model": "m"}} for stage in LOCAL}
    cascade = read(table, key="sk-of-openai")
    addresses = [*cascade.hear.addresses, *cascade.think.addresses, *cascade.speak.addresses]
    assert len(addresses) == 6
    assert not any(address.headers or address.is_openai for address in addresses)


@pytest.mark.parametrize("url", ["https://api.openai.com/v1", "https://eu.api.openai.com/v1"])
def test_openais_regions_are_openais(url) -> None:
    """OpenAI's regions are its own addresses."""
    assert is_openai(url)
    assert read(with_("think", url=url), key="sk").think.addresses[0].headers == {"Authorization": "Bearer sk"}


def test_a_gateway_in_openai_base_url_is_not_openais() -> None:
    """Where `openai_base_url` is a gateway, the cascade's defaults are at OpenAI's own address all the same."""
    cascade = read_cascade({}, "cascade", openai_key="sk", environment={}, openai_url="https://gateway.example/v1")
    assert cascade.think.addresses[0].url == OPENAI_URL


def test_a_key_is_given_or_lies_in_a_file_or_a_variable(tmp_path) -> None:
    """A service's key is given, or lies in a file or in a variable, and goes before `OPENAI_API_KEY`."""
    file = tmp_path / "key"
    file.write_text("from-file\n")
    for given in ({"key": "given"}, {"key_file": file}, {"key_env": "MY_KEY"}):
        address = read(with_("speak", **given), key="sk", MY_KEY="from-env").speak.addresses[0]
        assert address.headers["Authorization"].removeprefix("Bearer ") in {"given", "from-file", "from-env"}
        assert "Bearer" not in repr(address)


def test_headers_of_ones_own_stand_before_the_key() -> None:
    """Headers of one's own are sent, and an `Authorization` among them is not replaced."""
    address = read(with_("hear", key="k", headers={"authorization": "Token t", "X-A": "b"})).hear.addresses[0]
    assert address.headers == {"authorization": "Token t", "X-A": "b"}


def test_the_second_address_has_all_its_own() -> None:
    """`instead` names another address with its own model, key and voices."""
    instead = {"url": "https://b.example/v1", "model": "tts", "key": "k2", "voices": {"*": "anna"}, "rate": 22050}
    first, second = read(with_("speak", key="k1", instead=instead)).speak.addresses
    assert first.headers == {"Authorization": "Bearer k1"}
    assert (second.headers, second.rate, second.voices) == ({"Authorization": "Bearer k2"}, 22050, {"*": "anna"})


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({}, "cascade.hear: names no service: give its url and model, or set OPENAI_API_KEY"),
        (with_("think", model=None), "cascade.think.model: is missing: nobody but the service knows which ones it has"),
        (with_("think", modle="x"), "cascade.think.modle: there is no such setting; did you mean model?"),
        ({**LOCAL, "listen": {}}, "cascade.listen: there is no such setting"),
        (with_("hear", kind="files"), "cascade.hear.kind: must be file, session or vllm, not 'files'"),
        (with_("hear", timeout_s=0), "cascade.hear.timeout_s: must be a number above 0.0, not 0"),
        (with_("speak", rate="fast"), "cascade.speak.rate: must be a whole number, not 'fast'"),
        (with_("speak", rate=4000), "cascade.speak.rate: must be a number of at least 8000, not 4000"),
        (with_("think", context_tokens=1), "cascade.think.context_tokens: must be a number of at least 256, not 1"),
        (with_("think", key="a", key_env="B"), "cascade.think: key and key_env are both given; choose one"),
        (with_("think", key_env="UNSET_KEY"), "cascade.think.key_env: UNSET_KEY is empty"),
        (with_("think", key_file="/no/such"), "cascade.think.key_file: cannot read the key: No such file or directory"),
        ({**LOCAL, "turn": {"ear": "left"}}, "cascade.turn.ear: must be silero or energy, not 'left'"),
        (
            {**LOCAL, "turn": {"smart_turn": "/no/such.onnx"}},
            "cascade.turn.smart_turn: there is no such file; docs/cascade.md says where it comes from",
        ),
        ({**LOCAL, "hear": []}, "cascade.hear: must be a table, not []"),
        (
            with_("hear", url="localhost:8001"),
            "cascade.hear.url: must be an address such as http://127.0.0.1:8001/v1, without a user, `?` or `#`",
        ),
        (
            with_("hear", instead={"url": "https://user:pw@b.example", "model": "m"}),
            "cascade.hear.instead.url: must be an address such as http://127.0.0.1:8001/v1, without a user, `?` or `#`",
        ),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence(table, sentence) -> None:
    """What is wrong with a cascade's settings is told at start, in a sentence that names the setting."""
    with pytest.raises(SettingsError) as caught:
        read(table)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    "fields", [{"key": "a word sk-secret"}, {"headers": {"X-Key": "sk-secret\n"}}, {"headers": "sk-secret"}]
)
def test_a_secret_is_not_quoted(fields) -> None:
    """However wrong a key or a header is, it is not quoted."""
    with pytest.raises(SettingsError) as caught:
        read(with_("think", **fields))
    assert "sk-secret" not in str(caught.value)


def test_a_profile_has_fields_of_its_own() -> None:
    """A profile's own fields stand over the settings' one by one."""
    merged = laid_over(LOCAL, {"speak": {"voices": {"*": "bf_emma"}}, "turn": {"ahead": False}})
    cascade = read(merged)
    assert cascade.speak.addresses[0].model == "kokoro"
    assert cascade.speak.addresses[0].voices == {"*": "bf_emma"}
    assert not cascade.ahead


def test_a_key_stays_with_its_address() -> None:
    """A stage to which a profile gives another address has none of the settings' keys and headers."""
    base = with_("think", key="sk-local", headers={"X-Tenant": "t"})
    merged = laid_over(base, {"think": {"url": "https://elsewhere.example/v1", "model": "m"}})
    assert read(merged).think.addresses[0].headers == {}


def test_settings_have_a_cascade_for_each_profile(monkeypatch) -> None:
    """`[cascade]` holds for all profiles, and `[profiles.NAME.cascade]` for one; none of its keys can be shown."""
    monkeypatch.setenv("RELAY_CASCADE__THINK__KEY", "sk-cascade-secret")
    profiles = {"tests": {"voice": "cedar", "cascade": {"hear": {"least_ms": 50}}}}
    settings = load_settings(cascade=LOCAL, profiles=profiles)
    default, tests = settings.cascade_of("default"), settings.cascade_of("tests")
    assert default is not None
    assert tests is not None
    assert (default.least_ms, tests.least_ms) == (200, 50)
    assert default.think.addresses[0].headers == {"Authorization": "Bearer sk-cascade-secret"}
    assert settings.secrets.redact("say sk-cascade-secret") == "say [redacted]"
    profile = settings.profile("tests")
    assert profile is not None
    assert profile.session["audio"] == {"output": {"voice": "cedar"}}


def test_without_a_table_there_is_no_cascade() -> None:
    """Settings that say nothing of a cascade have none."""
    assert load_settings().cascade_of("default") is None


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cascade": with_("think", modle="x")}, "cascade.think.modle: there is no such setting; did you mean model?"),
        (
            {"cascade": LOCAL, "profiles": {"a": {"cascade": {"turn": {"ear": 1}}}}},
            "profiles.a.cascade.turn.ear: must be silero or energy, not 1",
        ),
        ({"profiles": {"a": {"cascade": "x"}}}, "profiles.a.cascade: must be a table"),
    ],
)
def test_settings_tell_what_is_wrong(given, sentence) -> None:
    """A wrong cascade keeps the relay from starting, with the place where it is wrong."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    assert str(caught.value) == sentence
