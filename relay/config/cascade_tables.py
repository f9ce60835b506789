"""The forms of `[cascade]`: what may stand in its tables, before keys are read and addresses made of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from relay.config.words import check_header, is_address, one_secret_word

_SCHEMES = frozenset({"http", "https"})
_KEYS = ("key", "key_file", "key_env")

Seconds = Annotated[float, Field(gt=0, le=600)]


class AddressTable(BaseModel):
    """Where a service is, and with which credentials.

    Attributes:
        url: the address before `/audio/transcriptions`, `/chat/completions` or `/audio/speech`.
        key, key_file, key_env: the key itself, a file that holds it, or the variable that does: one of them at most.
        headers: of each request, besides.
        extra: further fields of each request, as the service knows them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, protected_namespaces=())

    url: str | None = None
    model: str | None = Field(default=None, min_length=1)
    key: SecretStr | None = None
    key_file: Path | None = None
    key_env: str | None = Field(default=None, min_length=1)
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    extra: dict[str, Any] = Field(default_factory=dict)

    @field_validator("url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        if value is None:
            return None
        url = value.replace("wss://", "https://", 1).replace("ws://", "http://", 1).rstrip("/")
        if not is_address(url, _SCHEMES) or "@" in url.split("/")[2] or "?" in url or "#" in url:
            raise ValueError("must be an address such as http://127.0.0.1:8001/v1, without a user, `?` or `#`")
        return url

    @field_validator("key")
    @classmethod
    def _one_word(cls, value: SecretStr | None) -> SecretStr | None:
        return one_secret_word(value)

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, secret in value.items():
            check_header(name, secret.get_secret_value())
        return value

    @field_validator("extra")
    @classmethod
    def _json(cls, value: dict[str, Any]) -> dict[str, Any]:
        try:
            orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
        except TypeError:
            raise ValueError("has a value that JSON has no form for, such as a date") from None
        return value

    @model_validator(mode="after")
    def _one_key(self) -> "AddressTable":
        given = [name for name in _KEYS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are both given; choose one")
        return self


class HearAddress(AddressTable):
    """Attributes are as above, and `stream`: whether to ask for words as they are found; unsaid, at OpenAI's alone."""

    kind: Literal["file", "session", "vllm"] = "file"
    stream: bool | None = None


class HearTable(HearAddress):
    """`hear`: `least_ms` is the shortest turn that is listened to."""

    timeout_s: Seconds = 10.0
    least_ms: int = Field(default=200, ge=0, le=5000)
    instead: HearAddress | None = None


class ThinkAddress(AddressTable):
    """Which of the two ways to ask a model."""

    kind: Literal["chat", "responses"] = "chat"


class ThinkTable(ThinkAddress):
    """`think`: beyond `context_tokens` the oldest turns of a conversation are left out."""

    timeout_s: Seconds = 10.0
    context_tokens: int = Field(default=8000, ge=256)
    instead: ThinkAddress | None = None


class SpeakAddress(AddressTable):
    """Attributes are as above.

    Attributes:
        kind: `speech` posts to `/audio/speech`; `realtime` has a model of the Realtime API read aloud.
        rate: samples a second of the sound that the service sends, where it is not WAV, which says so itself.
        voices: what a session's voices are called there; `*` stands for all others.
    """

    kind: Literal["speech", "realtime"] = "speech"
    rate: int = Field(default=24_000, ge=8_000, le=192_000)
    voices: dict[str, str] = Field(default_factory=dict)


class SpeakTable(SpeakAddress):
    """`speak`: with `only_first_line` an answer is said up to its first line break, and shown whole."""

    timeout_s: Seconds = 10.0
    only_first_line: bool = False
    instead: SpeakAddress | None = None


class TurnTable(BaseModel):
    """`turn`: how it is found out that somebody has done speaking.

    Attributes:
        ear: what tells speech from everything else.
        ahead: whether to hear and think before it is certain that a turn is over.
        hold_ms: for how long what was made ahead is held where nothing says whether the turn is over.
        smart_turn: the path of Smart Turn's ONNX file, for `semantic_vad`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    ear: Literal["silero", "energy"] = "silero"
    ahead: bool = True
    hold_ms: int = Field(default=800, ge=0, le=10_000)
    smart_turn: Path | None = None

    @field_validator("smart_turn")
    @classmethod
    def _there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError("there is no such file; docs/cascade.md says where it comes from")
        return value


class CascadeTable(BaseModel):
    """All of `[cascade]`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hear: HearTable = HearTable()
    think: ThinkTable = ThinkTable()
    speak: SpeakTable = SpeakTable()
    turn: TurnTable = TurnTable()


def field_names(form: type[BaseModel]) -> Mapping[str, tuple[str, ...]]:
    """The names in each table of a form, by the table's name; its own under the empty one."""
    names = {"": tuple(form.model_fields)}
    for name, field in form.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names[name] = tuple(field.annotation.model_fields)
    return names
