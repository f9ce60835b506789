"""Each provider's record, and what a handshake with it looks like."""

from typing import Any

import pytest

from relay.admission.identity import Identity
from relay.admission.session_request import AdmittedRequest
from relay.config.dialects import DIALECTS
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.profiles import read_profile
from relay.config.settings import Settings
from relay.config.upstream_options import SERVICES
from relay.core.dialect import AZURE_PREVIEW, BETA, XAI
from relay.upstreams.providers import PROVIDERS
from relay.upstreams.targets import make_upstream

DEFAULT = read_profile("default", {"model": "gpt-realtime-2.1"})
AZURE: dict[str, Any] = {
    "upstream": "azure",
    "azure_endpoint": "https://res.openai.azure.com/",
    "azure_api_key": "a-key",
}

HANDSHAKES = [
    (
        {"OPENAI_API_KEY": "sk-x", "openai_base_url": "https://eu.api.openai.com/v1/"},
        "wss://eu.api.openai.com/v1/realtime?model=gpt-realtime-2.1",
        {"Authorization": "Bearer sk-x"},
        None,
    ),
    (
        {"OPENAI_API_KEY": "sk-x", "OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj_1"},
        "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1",
        {"Authorization": "Bearer sk-x", "OpenAI-Organization": "org-1", "OpenAI-Project": "proj_1"},
        None,
    ),
    (AZURE, "wss://res.openai.azure.com/openai/v1/realtime?model=gpt-realtime-2.1", {"api-key": "a-key"}, None),
    (
        {**AZURE, "azure_api_version": "2025-04-01-preview"},
        "wss://res.openai.azure.com/openai/realtime?api-version=2025-04-01-preview&deployment=gpt-realtime-2.1",
        {"api-key": "a-key"},
        AZURE_PREVIEW,
    ),
    (
        {"upstream": "xai", "XAI_API_KEY": "x-key"},
        "wss://api.x.ai/v1/realtime?model=gpt-realtime-2.1",
        {"Authorization": "Bearer x-key"},
        XAI,
    ),
    (
        {"upstream": "ws://box/v1?fixed=1", "upstream_headers": {"X-API-Key": "k-1"}, "upstream_dialect": "beta"},
        "ws://box/v1?fixed=1&model=gpt-realtime-2.1",
        {"X-API-Key": "k-1"},
        BETA,
    ),
    (
        {"upstream": "wss://gateway.example/v1", "OPENAI_API_KEY": "sk-x"},
        "wss://gateway.example/v1?model=gpt-realtime-2.1",
        {"Authorization": "Bearer sk-x"},
        None,
    ),
    (
        {
            "upstream": "wss://gateway.example/v1",
            "OPENAI_API_KEY": "sk-x",
            "upstream_headers": {"authorization": "Token t"},
        },
        "wss://gateway.example/v1?model=gpt-realtime-2.1",
        {"authorization": "Token t"},
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("given", "url", "headers", "dialect"), HANDSHAKES)
def test_a_handshake_with_each_provider(given, url, headers, dialect) -> None:
    """Address, credentials and dialect are the provider's own, and the record shows no credential."""
    upstream = make_upstream(load_settings(**given))
    assert upstream is not None
    target = upstream(AdmittedRequest(profile=DEFAULT))
    assert (target.url, target.dialect) == (url, dialect)
    assert {name: value for name, value in target.headers.items() if name != "User-Agent"} == headers
    assert not any(value in repr(target) for value in headers.values())
    assert target.advice


MISSING = [
    ({}, "OPENAI_API_KEY"),
    ({"upstream": "azure"}, "AZURE_OPENAI_ENDPOINT"),
    ({"upstream": "azure", "azure_endpoint": "res"}, "https://NAME.openai.azure.com"),
    ({"upstream": "xai"}, "XAI_API_KEY"),
]


@pytest.mark.parametrize(("given", "fix"), MISSING)
def test_what_is_missing_is_named_at_the_start(given, fix) -> None:
    """The relay does not start without what its provider needs, and says what that is."""
    with pytest.raises(SettingsError) as failure:
        make_upstream(load_settings(**given))
    assert fix in str(failure.value)
    assert given.get("upstream", "API key") in str(failure.value)


def test_a_peer_chooses_neither_version_nor_deployment() -> None:
    """What stands in an Azure address is not the peer's to say: a version on the GA path would be refused."""
    upstream = make_upstream(load_settings(**AZURE))
    assert upstream is not None
    asked = (
        *(("api-version", "2024-10-01-preview"), ("API-Version", "2024-10-01-preview"), ("apiVersion", "1")),
        *(("deployment", "other"), ("Deployment", "other"), ("deploy%6dent", "other"), ("model", "mine")),
    )
    assert (
        upstream(AdmittedRequest(query=asked, profile=DEFAULT)).url
        == "wss://res.openai.azure.com/openai/v1/realtime?model=mine"
    )


@pytest.mark.parametrize(("given", "told"), [({"OPENAI_API_KEY": "sk-x"}, True), (AZURE, False)])
def test_who_is_told_of_the_subject(given, told) -> None:
    """Only a provider that asks for it is told for whom a session is, and by a hash."""
    upstream = make_upstream(load_settings(**given))
    assert upstream is not None
    headers = upstream(AdmittedRequest(profile=DEFAULT, identity=Identity(subject="ann"))).headers
    assert ("OpenAI-Safety-Identifier" in headers) is told
    assert "ann" not in headers.values()


def test_a_provider_has_a_model_of_its_own() -> None:
    """Where nobody names a model, the one that is dialled is the provider's."""
    profile = load_settings(upstream="xai", XAI_API_KEY="x-key").profile("default")
    assert profile is not None
    assert profile.model == "grok-voice-latest"


def test_every_name_has_its_record() -> None:
    """The names that `upstream` and `upstream_dialect` take are those that there are records for."""
    assert set(SERVICES) == set(PROVIDERS)
    dialects = Settings.model_fields["upstream_dialect"].annotation
    assert set(dialects.__args__) == set(DIALECTS)  # type: ignore[union-attr]


def test_a_providers_key_is_a_secret() -> None:
    """Keys of all providers, and values of headers that could be keys, are taken out of what could show them."""
    headers = {"X-Key": "Bearer long-enough", "X-Region": "eu"}
    settings = load_settings(azure_api_key="azure-key", xai_api_key="xai-key", upstream_headers=headers)
    assert settings.secrets.redact("azure-key xai-key long-enough eu") == "[redacted] [redacted] [redacted] eu"
