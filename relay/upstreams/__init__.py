"""Where a session's other end comes from.

An upstream turns what a peer asked for into a `Target`: an address and headers. It opens nothing itself, but for
`stand_ins`, which live in the relay's own process.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from relay.admission.identity import ANYBODY, Identity
from relay.core.closing import Cause, Refused, ended
from relay.kinds import CALL_ID, INTENT, REALTIME, TRANSCRIPTION, Kind, kind_asked_for
from relay.legs.target import Target
from relay.profiles import Profile
from relay.settings import Settings
from relay.upstreams.providers import Provider, read_provider
from relay.version import __version__

_OURS = frozenset({"profile", "relay_events"})
_CREDENTIALS = frozenset({"api_key", "api-key", "apikey", "access_token", "authorization", "token"})
_NAMES_NO_MODEL = frozenset({CALL_ID, INTENT})


@dataclass(frozen=True, slots=True)
class Ask:
    """What a peer asked for.

    Attributes:
        query: the query string's pairs, in order, as they came.
        profile: the profile that its session gets.
        identity: who it is.
        door: what there is at the path that it asked at.
        other_id: the session that the path names, where it names one.
    """

    query: tuple[tuple[str, str], ...]
    profile: Profile
    identity: Identity = ANYBODY
    door: Kind = REALTIME
    other_id: str = ""

    @property
    def kind(self) -> Kind:
        """Of the session that the upstream is asked for."""
        return kind_asked_for(self.door, dict(upstream_query(self)))

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
    (the API refuses `intent=transcription` together with a model), or the kind of session has none in its address.
    Where a profile locks anything, its peer chooses neither a call nor an intent: a session of another kind would
    have nothing of what is locked.
    """
    kept_back = _OURS | _CREDENTIALS | (_NAMES_NO_MODEL if ask.profile.lock else frozenset())
    if "model" in ask.profile.lock or ask.profile.model_fixed:
        kept_back |= {"model"}
    passed_on = [(name, value) for name, value in ask.query if name.lower() not in kept_back]
    names = {name for name, _ in passed_on}
    if names & _NAMES_NO_MODEL:
        return passed_on
    if ask.profile.kind is TRANSCRIPTION:
        return [*passed_on, (INTENT, "transcription")]
    if "model" in names or ask.profile.model is None or not ask.door.model_in_query:
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
    if ask.door is not REALTIME or profile.model is None or profile.model_named or profile.model_fixed:
        return False
    return "model" not in profile.lock and chosen_model(ask) == profile.model


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
            parts._replace(path=_path(provider, parts.path, ask), query=urlencode([*fixed, *query])).geturl(),
            {**headers, "OpenAI-Safety-Identifier": subject} if subject else headers,
            credentials=provider.credentials,
            dialect=provider.dialect,
            provider=provider.name,
            advice=provider.advice,
            calls_url=calls_url,
        )

    return target


def _path(provider: Provider, path: str, ask: Ask) -> str:
    """The path for what is asked for: the provider's own, or one beside it, as the API has them.

    Raises:
        Refused: the provider has none.
    """
    if ask.door is REALTIME:
        return path
    root = path.removesuffix(REALTIME.path)
    if provider.only_realtime or provider.dialect is not None or root == path:
        raise Refused(ended(Cause.KIND_REFUSED))
    return root + ask.door.path.format(session_id=ask.other_id)
