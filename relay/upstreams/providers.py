"""Services that offer the Realtime API: what the relay has to know of each of them.

A provider is a record. Another one is another function that makes its record, a line in `PROVIDERS`, and the settings
that it needs.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from relay.config.dialects import DIALECTS, GA
from relay.config.errors import SettingsError
from relay.config.settings import Settings
from relay.core.dialect import AZURE_PREVIEW, XAI, Table
from relay.upstreams.entra import EntraTokens

Credentials = Callable[[], Awaitable[Mapping[str, str]]]

BEARER = "Authorization"


@dataclass(frozen=True, slots=True)
class Provider:
    """One service, with the settings that were made for it.

    Attributes:
        name: for the log.
        url: where its WebSocket is; parameters in it cannot be changed by a peer.
        headers: what goes with each handshake, a key that stays the same among it.
        credentials: makes further headers for each handshake; for tokens that expire.
        dialect: what it speaks; None for GA.
        model_parameter: how the query names the model.
        keeps_back: further parameters of a peer's query that are not for it.
        tells_subject: whether it wants to know, by a hash, for whom a session is.
        advice: what its operator does when it refuses the relay.
        makes_calls: whether it makes WebRTC calls, at `/calls` below its address.
        only_realtime: whether it has sessions of no other kind, at paths beside this one.
        refuses_model_with_intent: whether a model beside `intent=transcription` is refused; its session says it then.
        is_local: whether it is a stand-in in this process.
    """

    name: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Credentials | None = None
    dialect: Table | None = None
    model_parameter: str = "model"
    keeps_back: frozenset[str] = frozenset()
    tells_subject: bool = False
    advice: str = ""
    makes_calls: bool = False
    only_realtime: bool = False
    refuses_model_with_intent: bool = False
    is_local: bool = False


def openai(settings: Settings) -> Provider:
    if settings.api_key is None:
        raise SettingsError(
            "There is no API key. Set OPENAI_API_KEY (or OPENAI_API_KEY_FILE) and start again,\n"
            "or start with `--upstream mock` to try the relay without a key and without cost."
        )
    who_pays = {
        "OpenAI-Organization": settings.openai_organization,
        "OpenAI-Project": settings.openai_project,
    }
    return Provider(
        "openai",
        f"{settings.openai_base_url}/realtime",
        {BEARER: f"Bearer {settings.api_key}", **{name: value for name, value in who_pays.items() if value}},
        tells_subject=True,
        advice="Check OPENAI_API_KEY, that it may use the model, and that openai_base_url names the key's region.",
        makes_calls=True,
        refuses_model_with_intent=True,
    )


def azure(settings: Settings) -> Provider:
    """The GA path, unless the settings name an `api-version`: versions are of the preview, which speaks the beta."""
    resource = urlsplit(settings.azure_endpoint or "")
    if not resource.hostname:
        raise SettingsError(
            "upstream azure: set azure_endpoint (AZURE_OPENAI_ENDPOINT) to the resource's address,\n"
            "such as https://NAME.openai.azure.com."
        )
    root = f"{'ws' if resource.scheme == 'http' else 'wss'}://{resource.netloc}/openai"
    key, version = settings.azure_api_key, settings.azure_api_version
    return Provider(
        "azure",
        f"{root}/v1/realtime" if version is None else f"{root}/realtime?api-version={version}",
        {} if key is None else {"api-key": key.get_secret_value()},
        credentials=_entra() if key is None else None,
        dialect=None if version is None else AZURE_PREVIEW,
        model_parameter="model" if version is None else "deployment",
        keeps_back=frozenset({"api-version", "deployment"}),
        advice="Check AZURE_OPENAI_API_KEY or the role of the machine's identity, and that the model is a deployment.",
        only_realtime=True,
    )


def xai(settings: Settings) -> Provider:
    if settings.xai_api_key is None:
        raise SettingsError("upstream xai: there is no API key. Set XAI_API_KEY and start again.")
    return Provider(
        "xai",
        "wss://api.x.ai/v1/realtime",
        {BEARER: f"Bearer {settings.xai_api_key.get_secret_value()}"},
        dialect=XAI,
        advice="Check XAI_API_KEY, and that it may use the model.",
        only_realtime=True,
    )


def elsewhere(settings: Settings) -> Provider:
    """Any address: a gateway, a server of one's own, a provider that has no record here."""
    given = {name: value.get_secret_value() for name, value in settings.upstream_headers.items()}
    key = settings.api_key
    bearer = {BEARER: f"Bearer {key}"} if key and BEARER.lower() not in map(str.lower, given) else {}
    host = urlsplit(settings.upstream).hostname or ""
    return Provider(
        host,
        settings.upstream,
        {**bearer, **given},
        dialect=DIALECTS[settings.upstream_dialect],
        advice="Check upstream_headers, or OPENAI_API_KEY, which goes there as a bearer token.",
        makes_calls=settings.upstream_dialect == GA,
        refuses_model_with_intent=host.endswith("api.openai.com"),
    )


PROVIDERS: Mapping[str, Callable[[Settings], Provider]] = MappingProxyType({
    "openai": openai,
    "azure": azure,
    "xai": xai,
})  # fmt: skip


def read_provider(settings: Settings) -> Provider:
    """The provider that the settings name.

    Raises:
        SettingsError: something that it needs is missing; the words name it.
    """
    return PROVIDERS.get(settings.upstream, elsewhere)(settings)


def _entra() -> Credentials:
    return EntraTokens().headers
