from urllib.parse import parse_qsl

import pytest

from relay.admission.session_request import AdmittedRequest
from relay.config.errors import SettingsError
from relay.config.kinds import LIVE, LIVE_FORK, LIVE_SIDEBAND, REALTIME, TRANSLATION
from relay.config.loading import load_settings
from relay.config.profiles import read_profile
from relay.core.causes import Cause
from relay.core.closing import Refused
from relay.upstreams.targets import make_upstream, upstream_at

DEFAULT = read_profile("default", {"model": "gpt-realtime-2.1"})
TRANSCRIPTION = read_profile("words", {"type": "transcription"})


def test_the_openai_upstream() -> None:
    """The API is dialled at its base address with the key as a bearer token, which is not shown."""
    upstream = make_upstream(load_settings(OPENAI_API_KEY="sk-x", openai_base_url="https://eu.api.openai.com/v1"))
    assert upstream is not None
    target = upstream(AdmittedRequest(profile=DEFAULT))
    assert target.url == "wss://eu.api.openai.com/v1/realtime?model=gpt-realtime-2.1"
    assert target.headers["Authorization"] == "Bearer sk-x"
    assert "sk-x" not in repr(target)


@pytest.mark.parametrize(
    ("given", "profile", "asked", "query"),
    [
        ({}, DEFAULT, "intent=transcription&model=gpt-4o-transcribe", "intent=transcription"),
        ({}, DEFAULT, "model=whisper-1&intent=transcription", "intent=transcription"),
        ({}, TRANSCRIPTION, "model=whisper-1", "intent=transcription"),
        ({}, DEFAULT, "intent=realtime&model=gpt-realtime", "intent=realtime&model=gpt-realtime"),
        ({}, DEFAULT, "intent=transcription&language=de", "intent=transcription&language=de"),
        (
            {"upstream": "wss://eu.api.openai.com/v1/realtime"},
            DEFAULT,
            "model=m&intent=transcription",
            "intent=transcription",
        ),
        (
            {"upstream": "wss://speaches.example/v1/realtime"},
            DEFAULT,
            "intent=transcription&model=m",
            "intent=transcription&model=m",
        ),
    ],
)
def test_a_model_beside_the_intent_to_transcribe(given, profile, asked, query) -> None:
    """OpenAI refuses both together, and some clients send both: the model stays here; other services may want it."""
    upstream = make_upstream(load_settings(OPENAI_API_KEY="sk-x", **given))
    assert upstream is not None
    target = upstream(AdmittedRequest(query=tuple(parse_qsl(asked)), profile=profile))
    assert target.url.partition("?")[2] == query


def test_an_upstream_of_ones_own_keeps_its_query() -> None:
    """Parameters of the address in the settings stay, and a peer cannot change them."""
    target = upstream_at("wss://example.org/live?model=fixed", {})(
        AdmittedRequest(query=(("model", "mine"), ("a", "b c")), profile=DEFAULT)
    )
    assert target.url == "wss://example.org/live?model=fixed&a=b+c"


@pytest.mark.parametrize("name", ["Tenant", "TENANT", "t%65nant", "ten-ant", "tenant[]", "\uff54enant", "tenant "])
def test_a_parameter_of_the_address_has_no_other_spelling(name) -> None:
    """What the address in the settings names a peer cannot change by writing it otherwise."""
    target = upstream_at("wss://example.org/live?tenant=ours", {})(
        AdmittedRequest(query=((name, "mine"), ("a", "1")), profile=TRANSCRIPTION)
    )
    assert target.url == "wss://example.org/live?tenant=ours&a=1&intent=transcription"


def test_without_a_key_the_words_say_what_to_do() -> None:
    """No key and no explicit upstream is an error that names both ways out."""
    with pytest.raises(SettingsError) as failure:
        make_upstream(load_settings())
    assert "OPENAI_API_KEY" in str(failure.value)
    assert "--upstream mock" in str(failure.value)


@pytest.mark.parametrize(
    ("kind", "dialled"),
    [
        (REALTIME, "wss://eu.api.openai.com/v1/realtime?model=gpt-realtime-2.1"),
        (TRANSLATION, "wss://eu.api.openai.com/v1/realtime/translations?model=gpt-realtime-translate"),
        (LIVE, "wss://eu.api.openai.com/v1/live/sessions"),
        (LIVE_SIDEBAND, "wss://eu.api.openai.com/v1/live/sessions/live_1/attach"),
        (LIVE_FORK, "wss://eu.api.openai.com/v1/live/sessions/live_1/fork"),
    ],
)
def test_each_kind_has_its_address(kind, dialled) -> None:
    """Sessions of other kinds are dialled beside the API's path for realtime ones, with the same key."""
    upstream = make_upstream(load_settings(OPENAI_API_KEY="sk-x", openai_base_url="https://eu.api.openai.com/v1"))
    assert upstream is not None
    target = upstream(AdmittedRequest(profile=DEFAULT.at(kind, by_name=False), endpoint_kind=kind, other_id="live_1"))
    assert target.url == dialled
    assert target.headers["Authorization"] == "Bearer sk-x"


@pytest.mark.parametrize(
    "given",
    [
        {"upstream": "azure", "azure_endpoint": "https://name.openai.azure.com", "azure_api_key": "k"},
        {"upstream": "xai", "xai_api_key": "k"},
        {"upstream": "wss://example.org/voice"},
        {"upstream": "wss://example.org/v1/realtime", "upstream_dialect": "beta"},
    ],
)
def test_an_upstream_without_other_kinds(given) -> None:
    """A provider that has no such sessions, or whose address does not tell where they would be, refuses them."""
    upstream = make_upstream(load_settings(**given))
    assert upstream is not None
    with pytest.raises(Refused) as refusal:
        upstream(AdmittedRequest(profile=DEFAULT.at(LIVE, by_name=False), endpoint_kind=LIVE))
    assert refusal.value.ended.cause is Cause.KIND_REFUSED
