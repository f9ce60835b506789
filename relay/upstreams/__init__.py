"""Where a session's other end comes from.

An upstream turns what a peer asked for into a `Target`: an address and headers. It opens nothing itself, but for
`stand_ins`, which live in the relay's own process.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from relay.admission.identity import ANYBODY, Identity
from relay.legs.target import Target
from relay.profiles import Profile
from relay.settings import Settings
from relay.upstreams.providers import Provider, read_provider
from relay.version import __version__

_OURS = frozenset({"profile", "relay_events"})
_CREDENTIALS = frozenset({"api_key", "api-key", "apikey", "access_token", "authorization", "token"})
_NAMES_NO_MODEL = frozenset({"call_id", "intent"})


@dataclass(frozen=True, slots=True)
class Ask:
    """What a peer asked for.

    Attributes:
        query: the query string's pairs, in order, as they came.
        profile: the profile that its session gets.
        identity: who it is.
    """

    query: tuple[tuple[str, str], ...]
    profile: Profile
    identity: Identity = ANYBODY

    @property
    def scopes(self) -> dict[str, str | None]:
        """Whose quotas its session is counted for."""
        return {"process": "all", "subject": self.identity.subject_hash, "profile": self.profile.name}


Upstream = Callable[[Ask], Target]


def make_upstream(settings: Settings) -> Upstream | None:
    """The upstream that the settings name; None for one that has no address before it runs.

    Raises:
        SettingsError: something that the provider needs is missing; the words name it.
    """
    if settings.upstream == "mock" or settings.upstream.startswith("replay:"):
        return None
    return upstream_of(read_provider(settings))


def upstream_query(ask: Ask) -> list[tuple[str, str]]:
    """What goes upstream of the peer's query: everything but our own parameters and anything that may be a secret.

    The profile's model is added unless the peer names one, or a call or an intent, which take none
    (the API refuses `intent=transcription` together with a model). Where a profile locks anything, its peer chooses
    neither a call nor an intent: a session of another kind would have nothing of what is locked.
    """
    kept_back = _OURS | _CREDENTIALS | (_NAMES_NO_MODEL if ask.profile.lock else frozenset())
    if "model" in ask.profile.lock or ask.profile.model_fixed:
        kept_back |= {"model"}
    passed_on = [(name, value) for name, value in ask.query if name.lower() not in kept_back]
    names = {name for name, _ in passed_on}
    if ask.profile.model is None:
        return passed_on if names & _NAMES_NO_MODEL else [*passed_on, ("intent", "transcription")]
    if "model" in names or names & _NAMES_NO_MODEL:
        return passed_on
    return [("model", ask.profile.model), *passed_on]


def dialled_model(ask: Ask) -> str | None:
    """The model that goes upstream in the query; None where none does."""
    return dict(upstream_query(ask)).get("model")


def chosen_model(ask: Ask) -> str | None:
    """The model that goes upstream, where it is not the one that the peer named."""
    model = dialled_model(ask)
    return None if model == dict(ask.query).get("model") else model


def nobody_named_a_model(ask: Ask) -> bool:
    """Whether only the relay's own default is left, so that what the peer says later counts."""
    profile = ask.profile
    open_to_all = profile.model is not None and not (profile.model_named or profile.model_fixed)
    return open_to_all and "model" not in profile.lock and chosen_model(ask) == profile.model


def upstream_at(address: str, headers: Mapping[str, str], *, makes_calls: bool = False) -> Upstream:
    """An upstream at one address, whose own query parameters cannot be changed by a peer."""
    return upstream_of(Provider("", address, headers, makes_calls=makes_calls))


def upstream_of(provider: Provider) -> Upstream:
    """A provider as an upstream."""
    parts = urlsplit(provider.url)
    fixed = parse_qsl(parts.query, keep_blank_values=True)
    not_asked = provider.keeps_back | {name for name, _ in fixed}
    headers = {"User-Agent": f"realtime-relay/{__version__}", **provider.headers}
    scheme = "http" if parts.scheme == "ws" else "https"
    calls_url = parts._replace(scheme=scheme, path=f"{parts.path}/calls").geturl() if provider.makes_calls else None

    def target(ask: Ask) -> Target:
        asked = [pair for pair in upstream_query(ask) if pair[0] not in not_asked]
        query = [(provider.model_parameter if name == "model" else name, value) for name, value in asked]
        subject = ask.identity.subject_hash if provider.tells_subject else None
        return Target(
            parts._replace(query=urlencode([*fixed, *query])).geturl(),
            {**headers, "OpenAI-Safety-Identifier": subject} if subject else headers,
            credentials=provider.credentials,
            dialect=provider.dialect,
            provider=provider.name,
            advice=provider.advice,
            calls_url=calls_url,
        )

    return target
