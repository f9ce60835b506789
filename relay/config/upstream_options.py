"""The settings that say where sessions go, and with which credentials."""

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from relay.config.errors import SettingsError
from relay.config.words import check_header, is_address, one_secret_word, one_word

_WEBSOCKET = frozenset({"ws", "wss"})

OPENAI_URL = "wss://api.openai.com/v1"
SECRET_LENGTH_LEAST = 8
"""A shorter value of a header of one's own is a word, not a secret, and may be shown."""

CASCADE = "cascade"
"""Services that hear, think and speak; see `relay.config.cascade`."""

SERVICES = ("openai", "azure", "xai")
"""What `upstream` may name; see `relay.upstreams.providers`."""


class UpstreamOptions(BaseSettings):
    """The part of `Settings` that is about upstreams."""

    model_config = SettingsConfigDict(
        env_prefix="RELAY_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    upstream: str = Field(
        "openai",
        description="Where sessions go: `openai`, `azure`, `xai`, `cascade`, `mock`, `replay:PATH`, `ws://…` or `wss://…`.",
    )
    upstream_headers: dict[str, SecretStr] = Field(
        default_factory=dict, description="Headers of each handshake with an address of your own."
    )
    upstream_dialect: Literal["ga", "beta", "xai"] = Field(
        "ga", description="What is spoken at an address of your own; see docs/dialects.md."
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("openai_api_key", "OPENAI_API_KEY"),
        description="The key that the relay holds. Set `OPENAI_API_KEY` or `OPENAI_API_KEY_FILE`.",
    )
    openai_api_key_file: Path | None = Field(
        None,
        validation_alias=AliasChoices("openai_api_key_file", "OPENAI_API_KEY_FILE"),
        description="A file that holds the key, such as a mounted secret.",
    )
    openai_base_url: str = Field(OPENAI_URL, description="The API's address, for another region or a gateway.")
    openai_organization: str | None = Field(
        None,
        validation_alias=AliasChoices("openai_organization", "OPENAI_ORG_ID"),
        description="The organisation that pays, where the key is of several.",
    )
    openai_project: str | None = Field(
        None,
        validation_alias=AliasChoices("openai_project", "OPENAI_PROJECT_ID"),
        description="The project that pays, where the key is of several.",
    )
    azure_endpoint: str | None = Field(
        None,
        validation_alias=AliasChoices("azure_endpoint", "AZURE_OPENAI_ENDPOINT"),
        description="The address of the Azure resource, `https://NAME.openai.azure.com`.",
    )
    azure_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("azure_api_key", "AZURE_OPENAI_API_KEY"),
        description="Its key; without one, the machine's identity (Entra ID) with the extra `azure`.",
    )
    azure_api_version: str | None = Field(
        None, pattern=r"^[\w-]+$", description="A preview's version, to use its path and the beta; else GA."
    )
    xai_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("xai_api_key", "XAI_API_KEY"), description="The key of `xai`."
    )

    @field_validator("openai_api_key", "azure_api_key", "xai_api_key")
    @classmethod
    def _no_words_in_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        return one_secret_word(value)

    @field_validator("openai_organization", "openai_project")
    @classmethod
    def _one_word(cls, value: str | None) -> str | None:
        return None if value is None else one_word(value)

    @field_validator("upstream_headers")
    @classmethod
    def _can_be_sent(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            check_header(name, secret.get_secret_value())
        return value

    @field_validator("upstream")
    @classmethod
    def _known_upstream(cls, value: str) -> str:
        if value in {*SERVICES, CASCADE, "mock"} or value.startswith("replay:") or is_address(value, _WEBSOCKET):
            return value
        raise ValueError(f"{value!r} is none of {', '.join(SERVICES)}, cascade, mock, replay:PATH, ws://… or wss://…")

    @field_validator("openai_base_url")
    @classmethod
    def _websocket_scheme(cls, value: str) -> str:
        url = value.replace("https://", "wss://", 1).replace("http://", "ws://", 1).rstrip("/")
        if not is_address(url, _WEBSOCKET):
            raise ValueError(f"{value!r} is not an address that starts with wss://, https://, ws:// or http://")
        return url

    @cached_property
    def api_key(self) -> str | None:
        """The key, from wherever it was set.

        Raises:
            SettingsError: the key file cannot be read or is empty.
        """
        if self.openai_api_key is not None:
            return self.openai_api_key.get_secret_value().strip() or None
        if self.openai_api_key_file is None:
            return None
        try:
            key = one_word(self.openai_api_key_file.read_text())
        except OSError as failure:
            raise SettingsError(f"OPENAI_API_KEY_FILE: cannot read the key: {failure.strerror}") from None
        except UnicodeDecodeError:
            raise SettingsError("OPENAI_API_KEY_FILE: the file holds no text") from None
        except ValueError as failure:
            raise SettingsError(f"OPENAI_API_KEY_FILE: the key {failure}") from None
        if not key:
            raise SettingsError("OPENAI_API_KEY_FILE: the file is empty")
        return key

    @property
    def upstream_secrets(self) -> list[str]:
        """What of them must never be shown."""
        keys = [key.get_secret_value() for key in (self.azure_api_key, self.xai_api_key) if key]
        sent = [value.get_secret_value().split(" ")[-1] for value in self.upstream_headers.values()]
        return [self.api_key or "", *keys, *(value for value in sent if len(value) >= SECRET_LENGTH_LEAST)]
