"""`[cascade]`: which services hear, think and speak, read and checked at start.

What is not said is OpenAI's own, with `OPENAI_API_KEY`. That key goes to OpenAI's own addresses and to no other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import ValidationError

from relay.config.cascade_tables import AddressTable, CascadeTable, field_names
from relay.config.errors import SettingsError
from relay.config.explanations import explain
from relay.config.words import one_word

OPENAI_HOST = "api.openai.com"
OPENAI_URL = f"https://{OPENAI_HOST}/v1"

DEFAULT_MODELS: Mapping[str, str] = MappingProxyType({
    "hear": "gpt-transcribe", "think": "gpt-6-luna", "speak": "gpt-4o-mini-tts",
})  # fmt: skip
"""OpenAI's, of November 2026. There the one that speaks ends on 2027-01-06, and nothing else speaks at that address."""

_OTHER_KINDS: Mapping[str, str] = MappingProxyType({
    "session": "gpt-live-transcribe", "realtime": "gpt-realtime-2.1-mini",
})  # fmt: skip
"""OpenAI's for a transcription session, and for a voice of the Realtime API."""

_QUICK: Mapping[str, Any] = MappingProxyType({"reasoning_effort": "none"})
"""What the default model needs to answer at once, and to call functions in Chat Completions at all."""

_SECRET = frozenset({"key", "headers", "extra"})


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is asked, and how.

    Attributes:
        url: without a slash behind it; `http` or `https`.
        kind: which of the stage's ways of asking.
        headers: of each request; they hold the key, so they are not shown.
        extra: further fields of each request.
        streams: of one that hears, whether to ask for the words as they are found.
        rate: of one that speaks, samples a second of what is not WAV.
        voices: of one that speaks, what a session's voices are called there; `*` stands for all others.
    """

    url: str
    model: str
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    streams: bool = False
    rate: int = 24_000
    voices: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own."""
        return is_openai(self.url)

    @property
    def place(self) -> str:
        """Host and port, which may be shown."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Service:
    """One stage's.

    Attributes:
        addresses: the one that is asked, and the one that is asked instead where it fails, if there is one.
        timeout_s: the longest wait until its first result, and from one to the next.
    """

    addresses: tuple[Address, ...]
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Cascade:
    """The settings of a cascade; `relay.config.cascade_tables` says what each means."""

    hear: Service
    think: Service
    speak: Service
    least_ms: int = 200
    context_tokens: int = 8000
    only_first_line: bool = False
    ear: Literal["silero", "energy"] = "silero"
    ahead: bool = True
    hold_ms: int = 800
    smart_turn: Path | None = None

    @property
    def secrets(self) -> list[str]:
        """What of it must never be shown."""
        addresses = (*self.hear.addresses, *self.think.addresses, *self.speak.addresses)
        return [value.removeprefix("Bearer ") for address in addresses for value in address.headers.values()]


def is_openai(url: str) -> bool:
    """Whether an address is OpenAI's own: the API's host or a region's, over TLS, at the usual port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme == "https" and parts.port in {None, 443} and f".{host}".endswith(f".{OPENAI_HOST}")


def read_cascade(
    table: Any, path: str, *, openai_key: str | None, environment: Mapping[str, str], openai_url: str = OPENAI_URL
) -> Cascade:
    """Make the settings of a cascade from their TOML table.

    Args:
        path: what the table is called, for the words of an error.
        openai_key: for OpenAI's own addresses.
        environment: where `key_env` is looked up.
        openai_url: which of OpenAI's addresses is meant where none is given; one that is not OpenAI's is not.

    Raises:
        SettingsError: names each wrong field, and what is wrong with it; no secret is quoted.
    """
    try:
        read = CascadeTable.model_validate(table)
    except ValidationError as failure:
        names = field_names(CascadeTable)
        sentences = (explain(error, names, _holds_a_secret(error["loc"])) for error in failure.errors())
        raise SettingsError("\n".join(f"{path}.{sentence}" for sentence in sentences)) from None
    url = openai_url if is_openai(openai_url) else OPENAI_URL
    reader = _Reader(path, openai_key, environment, url)
    return Cascade(
        hear=reader.service("hear", read.hear, read.hear.instead, read.hear.timeout_s),
        think=reader.service("think", read.think, read.think.instead, read.think.timeout_s),
        speak=reader.service("speak", read.speak, read.speak.instead, read.speak.timeout_s),
        least_ms=read.hear.least_ms,
        context_tokens=read.think.context_tokens,
        only_first_line=read.speak.only_first_line,
        **dict(read.turn),
    )


def laid_over(table: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A profile's own table over the settings': field by field, but a stage with a `url` of its own has all its own.

    So no key and no header goes to an address for which it was not given.
    """
    merged = dict(table)
    for name, part in own.items():
        below = table.get(name)
        if isinstance(part, Mapping) and isinstance(below, Mapping) and "url" not in part:
            part = {**below, **part}  # noqa: PLW2901 - the same part, with what lies below it
        merged[name] = part
    return merged


class _Reader:
    """Makes addresses of tables, with their keys."""

    def __init__(self, path: str, openai_key: str | None, environment: Mapping[str, str], openai_url: str) -> None:
        self._path = path
        self._openai_key = openai_key
        self._environment = environment
        self._openai_url = openai_url

    def service(self, stage: str, table: AddressTable, instead: AddressTable | None, timeout_s: float) -> Service:
        addresses = [self._address(f"{self._path}.{stage}", stage, table)]
        if instead is not None:
            addresses.append(self._address(f"{self._path}.{stage}.instead", stage, instead))
        return Service(tuple(addresses), timeout_s)

    def _address(self, where: str, stage: str, table: AddressTable) -> Address:
        url = table.url or self._openai_url
        key = self._key(where, table)
        if table.url is None and key is None and self._openai_key is None:
            raise SettingsError(f"{where}: names no service: give its url and model, or set OPENAI_API_KEY")
        if not is_openai(url) and table.model is None:
            raise SettingsError(f"{where}.model: is missing: nobody but the service knows which ones it has")
        if key is None and is_openai(url):
            key = self._openai_key
        headers = {name: secret.get_secret_value() for name, secret in table.headers.items()}
        if key is not None and "authorization" not in map(str.lower, headers):
            headers["Authorization"] = f"Bearer {key}"
        quick = _QUICK if stage == "think" and table.model is None else {}
        given = {
            name: value for name in ("kind", "rate", "voices") if (value := getattr(table, name, None)) is not None
        }
        stream = getattr(table, "stream", None)
        return Address(
            url,
            table.model or _OTHER_KINDS.get(given.get("kind", ""), DEFAULT_MODELS[stage]),
            headers=headers,
            extra={**quick, **table.extra},
            streams=is_openai(url) if stream is None else stream,
            **given,
        )

    def _key(self, where: str, table: AddressTable) -> str | None:
        if table.key is not None:
            return table.key.get_secret_value()
        if table.key_env is not None:
            return _one_key(self._environment.get(table.key_env, ""), f"{where}.key_env", f"{table.key_env} is")
        if table.key_file is None:
            return None
        try:
            written = table.key_file.read_text()
        except (OSError, UnicodeDecodeError) as failure:
            said = getattr(failure, "strerror", None) or "it holds no text"
            raise SettingsError(f"{where}.key_file: cannot read the key: {said}") from None
        return _one_key(written, f"{where}.key_file", "the file is")


def _one_key(written: str, where: str, holder: str) -> str:
    try:
        key = one_word(written)
    except ValueError as failure:
        raise SettingsError(f"{where}: the key {failure}") from None
    if not key:
        raise SettingsError(f"{where}: {holder} empty")
    return key


def _holds_a_secret(place: tuple[int | str, ...]) -> Any:
    """Whether what stands there must not be quoted: whatever lies in or below a table of credentials."""
    return lambda _: bool(_SECRET.intersection(map(str, place)))
