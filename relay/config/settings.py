"""One validated, frozen object that holds all settings; `relay.config.loading` makes it."""

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    TomlConfigSettingsSource,
)

from relay.config.cascade import Cascade, laid_over, read_cascade
from relay.config.errors import SettingsError
from relay.config.explanations import nearest
from relay.config.history_options import HistoryOptions
from relay.config.jwt_options import JwtOptions
from relay.config.limits import read_limits, read_prices, read_quotas
from relay.config.profiles import DEFAULT_MODEL, DEFAULT_MODELS, DEFAULT_NAME, Profile, read_profile
from relay.config.quotas import Quota, QuotaKey
from relay.config.token_options import TokenOption
from relay.config.upstream_options import UpstreamOptions
from relay.config.webrtc_options import WebRtcOptions, read_webrtc
from relay.config.words import check_origin, check_proxy, is_address, one_secret_word
from relay.core.flow import ALL_HIGH_WATER_BYTES, HIGH_WATER_BYTES
from relay.core.limits import DEFAULT_LIMITS
from relay.core.prices import Prices
from relay.core.redaction import Secrets
from relay.core.tool_credentials import tool_credentials

_STORES = frozenset({"redis", "rediss", "valkey", "valkeys"})
"""The schemes of stores that several relays share."""


class Settings(UpstreamOptions):
    """What an operator can turn. `docs/settings.md` has the same list."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_cert: Path | None = Field(None, description="Certificate chain in PEM format, to speak TLS; else a proxy does.")
    tls_key: Path | None = Field(None, description="Its private key.")
    tls_self_signed: bool = Field(False, description="Speak TLS with a certificate made at the start, for development.")
    workers: int = Field(1, ge=1, le=256, description="Processes that share the address; as many as there are cores.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins of pages that may connect besides the relay's own, separated by commas; `*` for any."
    )
    allow_open: bool = Field(
        False, description="Listen beyond this machine although anybody who reaches the relay can use it."
    )
    tokens: Annotated[tuple[TokenOption, ...], NoDecode] = Field(
        (), description="Who may come in, as `[[tokens]]` in TOML or separated by commas; see docs/admission.md."
    )
    tokens_file: Path | None = Field(None, description="A file with tokens, one a line, such as a mounted secret.")
    jwt: JwtOptions | None = Field(None, description="Which JWTs open sessions, as `[jwt]`; see docs/admission.md.")
    ticket_secret: SecretStr | None = Field(
        None, min_length=32, description="Signs tickets; the same for all replicas. Without it, drawn at each start."
    )
    metrics_token: SecretStr | None = Field(
        None, min_length=16, description="What a scrape of `/metrics` brings as a bearer token; else anybody may."
    )
    turn_secret: SecretStr | None = Field(
        None, min_length=16, description="What it shares with the TURN servers of `webrtc.ice_servers`."
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"),
        description="Addresses and networks of proxies whose `X-Forwarded-For` and `-Proto` count; `*` for any.",
    )
    root_path: str = Field(
        "", pattern=r"^(/[^/?#]+)*$", description="A path, such as `/voice`, that a proxy leaves on its requests."
    )
    max_sessions: int = Field(1000, ge=1, description="Sessions at one time, of all workers; further peers get 503.")
    max_message_bytes: int = Field(
        24 * 1024 * 1024, ge=1024, description="Largest message either way; the API takes 15 MiB of audio in one."
    )
    buffer_bytes: int = Field(
        HIGH_WATER_BYTES,
        ge=65536,
        description="What may wait for an end of a session that reads slowly; then the other end is read no further.",
    )
    process_buffer_bytes: int = Field(
        ALL_HIGH_WATER_BYTES, ge=65536, description="What may wait in all sessions of a process together."
    )
    dial_timeout_s: float = Field(10.0, gt=0, description="Longest wait for the upstream's handshake.")
    drain_timeout_s: float = Field(30.0, ge=0, description="How long living sessions may go on after SIGTERM.")
    drain_notice_s: float = Field(
        5.0,
        ge=0,
        description="How much of that `/readyz` is 503 and new sessions still come in: load balancers have to notice.",
    )
    drain: Literal["turn", "session"] = Field(
        "turn",
        description="What SIGTERM lets a session finish: its `turn`, or the whole `session` as far as time allows.",
    )
    carrier: Literal["fast", "python", "portable"] = Field(
        "fast",
        description="What carries messages: compiled code; picows without the compiled lane; or any ASGI server.",
    )
    record_dir: Path | None = Field(
        None, description="Where recordings go; a profile says `record = true`, see docs/recordings.md."
    )
    record_all: bool = Field(
        False, description="Record the sessions of each profile that does not say `record = false`."
    )
    record_max_bytes: int = Field(
        1024**3,
        ge=1024,
        description="Largest recording; an hour of talk takes about 400 MB. The session goes on without it.",
    )
    record_max_s: float = Field(
        4000.0, gt=0, description="Longest recording, in seconds; the API ends a session after 3600."
    )
    record_keep_days: float | None = Field(
        None, gt=0, description="Delete recordings that were begun so many days ago; left out, they are kept for ever."
    )
    history: HistoryOptions | None = Field(
        None,
        description="Where conversations are kept, as `[history]` for profiles with `history = true`: docs/history.md.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`auto` is console on a terminal and JSON elsewhere."
    )
    limits: dict[str, Any] = Field(
        default_factory=dict, description="What each session may take, unless its profile says otherwise; see Limits."
    )
    quotas: dict[str, Any] = Field(
        default_factory=dict, description="What all sessions, a subject's or a profile's may take together; see Limits."
    )
    quota_store: SecretStr = Field(
        SecretStr("memory"),
        description="Where quotas are counted: `memory`, or `redis://…` or `valkey://…` for several relays.",
    )
    prices: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="What models cost, besides those that the relay knows; see Limits."
    )
    cascade: dict[str, Any] = Field(
        default_factory=dict, repr=False, description="Which services hear, think and speak; see docs/cascade.md."
    )
    webrtc: dict[str, Any] = Field(
        default_factory=dict, description="Who answers WebRTC calls, and how the relay is reached; see docs/webrtc.md."
    )
    profiles: dict[str, dict[str, Any]] = Field(
        default_factory=dict, repr=False, description="What is injected into sessions, by name; see Profiles."
    )

    _read_profiles: dict[str, Profile] = PrivateAttr(default_factory=dict)
    _read_cascades: dict[str, Cascade] = PrivateAttr(default_factory=dict)
    _read_webrtc: dict[str, WebRtcOptions] = PrivateAttr(default_factory=dict)
    _read_prices: Prices = PrivateAttr()
    _read_quotas: dict[QuotaKey | str, Quota] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("metrics_token")
    @classmethod
    def _no_words_in_a_token(cls, value: SecretStr | None) -> SecretStr | None:
        return one_secret_word(value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(check_origin, value))

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(check_proxy, value))

    @field_validator("tokens", mode="before")
    @classmethod
    def _split_tokens(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [token.strip() for token in value.split(",") if token.strip()]
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list of tokens, or tables with token, subject and profile")  # noqa: TRY004
        return [{"token": token} if isinstance(token, str) else token for token in value]

    @model_validator(mode="after")
    def _valid_profiles(self) -> "Settings":
        limits = read_limits(self.limits, "limits", DEFAULT_LIMITS)
        webrtc = read_webrtc(self.webrtc, "webrtc")
        for name, table in {DEFAULT_NAME: {}, **self.profiles}.items():
            own = {field: value for field, value in table.items() if field not in {"cascade", "webrtc"}}
            self._read_profiles[name] = read_profile(
                name, own, limits, DEFAULT_MODELS.get(self.upstream, DEFAULT_MODEL)
            )
            self._read_cascade(name, table.get("cascade", {}))
            self._read_webrtc[name] = read_webrtc(table.get("webrtc", {}), f"profiles.{name}.webrtc", webrtc)
        self._check_stores()
        self._check_survival()
        for number, entry in enumerate(self.tokens):
            if entry.profile is not None:
                self.check_profile(entry.profile, f"tokens.{number}.profile")
        return self

    def _read_cascade(self, name: str, own: Any) -> None:
        if not (self.cascade or own or self.upstream == "cascade"):
            return
        if not isinstance(own, Mapping):
            raise ValueError(f"profiles.{name}.cascade: must be a table")  # noqa: TRY004 - one kind for one place
        path = f"profiles.{name}.cascade" if own else "cascade"
        table, url = laid_over(self.cascade, own), self.openai_base_url.replace("ws", "http", 1)
        self._read_cascades[name] = read_cascade(
            table, path, openai_key=self.api_key, environment=os.environ, openai_url=url
        )

    def check_profile(self, name: str, where: str) -> None:
        """Raise `SettingsError`, with the words for that place in the settings, where there is no such profile."""
        if name not in self._read_profiles:
            raise SettingsError(f"{where}: there is no profile {name!r}{nearest(name, self._read_profiles)}")

    @model_validator(mode="after")
    def _valid_quotas(self) -> "Settings":
        self._read_quotas.update(read_quotas(self.quotas))
        for name, profile in self._read_profiles.items():
            if profile.quota is not None:
                self._read_quotas["profile", name] = profile.quota
        store = self.quota_store.get_secret_value()
        if store != "memory" and not is_address(store, _STORES):
            raise ValueError(f"quota_store: must be memory, or an address with {', '.join(sorted(_STORES))}")
        return self

    @property
    def quota_table(self) -> Mapping[QuotaKey | str, Quota]:
        """What scopes may take, by scope, or by scope and name."""
        return self._read_quotas

    @model_validator(mode="after")
    def _valid_prices(self) -> "Settings":
        self._read_prices = read_prices(self.prices)
        return self

    def _check_stores(self) -> None:
        profiles = self._read_profiles.values()
        wanting = [f"profiles.{each.name}.record" for each in profiles if each.record and each.record.record]
        wanting += ["record_all"] * self.record_all
        if wanting and self.record_dir is None:
            raise ValueError(f"{wanting[0]}: there is no record_dir for recordings to go to")
        keeping = next((f"profiles.{each.name}.history" for each in profiles if each.history), None)
        if keeping is not None and self.history is None:
            raise ValueError(f"{keeping}: there is no [history] with a store for conversations to be kept in")

    def _check_survival(self) -> None:
        wanting = [each.name for each in self._read_profiles.values() if each.survive]
        dialect = "xai" if self.upstream == "xai" else self.upstream_dialect
        if wanting and dialect != "ga":
            raise ValueError(
                f"profiles.{wanting[0]}.survive: sessions of an upstream that speaks {dialect} cannot; ga can"
            )

    @model_validator(mode="after")
    def _whole_certificate(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together: one of them is missing")
        if self.tls_cert is not None and self.tls_self_signed:
            raise ValueError("tls_self_signed makes a certificate, tls_cert names one: choose")
        return self

    def profile(self, name: str) -> Profile | None:
        """The profile of that name, or None."""
        return self._read_profiles.get(name)

    def cascade_of(self, profile: str) -> Cascade | None:
        """What hears, thinks and speaks in sessions of that profile; None where no settings say."""
        return self._read_cascades.get(profile)

    def webrtc_of(self, profile: str) -> WebRtcOptions:
        """Who answers the calls of that profile, and how."""
        return self._read_webrtc[profile]

    @property
    def webrtc_engine(self) -> str | None:
        """The library that answers calls; None where the relay answers none."""
        engines = [options.engine for options in self._read_webrtc.values() if options.calls == "relay"]
        return engines[0] if engines else None

    @property
    def price_table(self) -> Prices:
        """What models cost."""
        return self._read_prices

    @property
    def guarded(self) -> bool:
        """Whether a peer has to bring a credential."""
        return self.admits != ["anybody"]

    @property
    def admits(self) -> list[str]:
        """Who may come in, by what they bring."""
        ways = {
            "tokens": self.tokens or self.tokens_file,
            "jwts": self.jwt,
            "tickets": self.tokens or self.tokens_file or self.jwt or self.ticket_secret,
        }
        return [name for name, given in ways.items() if given] or ["anybody"]

    @cached_property
    def secrets(self) -> Secrets:
        """What must never be shown."""
        own = [
            self.ticket_secret,
            self.metrics_token,
            self.turn_secret,
            self.jwt and self.jwt.secret,
            self.history and self.history.secret,
            *(entry.token for entry in self.tokens),
        ]
        of_tools = (secret for profile in self._read_profiles.values() for secret in tool_credentials(profile.session))
        of_services = (secret for cascade in self._read_cascades.values() for secret in cascade.secrets)
        given = (secret.get_secret_value() for secret in own if secret)
        return Secrets([*self.upstream_secrets, *of_tools, *of_services, *given])
